"""An in-memory end of the pipeline, for what needs no socket."""

from collections.abc import Mapping

from typing_extensions import override

from bridge.hosts import Host


class MemoryHost(Host):
    """Keeps what it is sent."""

    def __init__(self, values: Mapping[str, float]) -> None:
        self.values = dict(values)
        self.received: list[dict[str, float]] = []

    @override
    def read(self) -> dict[str, float]:
        return dict(self.values)

    @override
    def set(self, values: Mapping[str, float]) -> None:
        self.values |= values
        self.received.append(dict(values))

    @override
    def close(self) -> None:
        pass
