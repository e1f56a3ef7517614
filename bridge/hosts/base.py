"""What the engine asks of an effect host."""

from abc import abstractmethod
from collections.abc import Mapping

from bridge.closing import Closing


class Host(Closing):
    """A running plugin whose parameters are set by symbol, in the manifest's real values.

    Sockets belong to the caller's thread; only `read` waits for the host.
    """

    @abstractmethod
    def read(self) -> dict[str, float]:
        """Ask the host for its values. Raises HostError where it does not answer."""

    @abstractmethod
    def set(self, values: Mapping[str, float]) -> None:
        """Send values; they take effect together and nothing is awaited."""

    @abstractmethod
    def bypass(self, on: bool) -> None:
        """Leave the plugin out of the sound, or let it be heard again; nothing is awaited."""

    @abstractmethod
    def close(self) -> None:
        """Free the connection; the host keeps its values. May be called twice."""
