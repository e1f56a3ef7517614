"""What the bridge asks of an effect host.

Two interfaces. A `Dialect` speaks one host's protocol: tracks, plugins and parameters under the
host's own keys, values in the host's own numbers; it knows neither the manifest nor the engine. A
`Host` is a chain of plugins in a running host, in the chain's addresses and real values, and is all
that drives it knows; `bridge.hosts.chain_host` makes it from a dialect.

No threads: a socket belongs to whoever calls, one thread at a time. What is marked blocking waits
for the host, a few seconds at most; nothing else waits.
"""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Generic, TypeVar

from bridge.closing import Closing
from bridge.manifest import PluginSpec

Key = int | str
"""What a host calls a track, a plugin or a parameter in its messages."""
Ref = tuple[int, Key]
"""A parameter of an attached plugin: the attachment's number from 0, and the parameter's key, or
`BYPASS` for its switch, which is 1 where the plugin is left out."""
Name = TypeVar("Name")
Progress = Callable[[int, int], None]
"""Is told how many of how many are done."""
NEVER_S = inf
"""How often a host is asked, and after how long it is missed, that answers nothing."""


@dataclass(frozen=True)
class Profile:
    """What a kind of host can do, and at which pace it is driven."""

    scheme: str
    """Of its URLs."""
    name: str
    example: str
    """A URL."""
    remedy: str
    """What to do where it does not answer."""
    discovers: bool
    """Whether tracks, plugins and parameters can be listed."""
    reads: bool
    """Whether values can be read back, and so restored."""
    follows: bool
    """Whether a knob that is moved in the host is noticed."""
    bypasses: bool
    follows_bypass: bool = True
    """Whether a plugin that is switched in the host is noticed; where not, a bypass is written when
    it changes and not said again, or the musician's switch would be turned back."""
    tracks: bool = True
    """Whether plugins stand in tracks: a URL's path is TRACK/PLUGIN, and else PLUGIN."""
    pushes: bool = False
    """Whether it tells changes by itself; one that does not is asked before every write too, or a
    knob that was turned since the last answer would be overwritten unseen."""
    tick_s: float = 1 / 25
    """The shortest time between two writes of one parameter."""
    ask_s: float = 0.2
    """How often the host is asked for its values while it is followed."""
    lost_s: float = 2.0
    """Unanswered for so long, it is taken for gone; infinite where nothing answers."""
    step: float = 0.0
    """The host's own resolution, as a share of a parameter's range."""
    reply_port: int = 0
    """Where the host sends to unless it is set up otherwise; 0 for whoever asks. The URL may end in
    `?reply=PORT`."""

    @property
    def untold(self) -> list[str]:
        """What this host keeps from the bridge, and what that means to the player; sentences."""
        said = []
        if not self.reads:
            said.append("does not tell its values, so those from before cannot be given back")
        if not self.follows:
            said.append("does not tell when you turn a knob there, so the bridge turns it back")
        if self.bypasses and not self.follows_bypass:
            said.append("does not tell when you switch a plugin off or on there")
        return [f"{self.name} {sentence}" for sentence in said]


@dataclass(frozen=True)
class HostParameter:
    """A parameter as the host reports it; None is what it does not tell."""

    key: Key
    name: str
    min: float | None = None
    max: float | None = None
    value: float | None = None
    normalised: bool = False
    """The range is the host's way of counting, such as 0..1 or 0..16383, and not the plugin's."""
    integer: bool = False
    """The host takes whole numbers only."""


@dataclass(frozen=True)
class HostPlugin:
    """A plugin in a track."""

    key: Key
    name: str
    bypassed: bool | None = None


@dataclass(frozen=True)
class HostTrack:
    """A track, bus or whatever else holds plugins in this host."""

    key: Key
    name: str
    named: bool = True
    """False where the host gives the name, and counts: it is another one's when tracks move."""


@dataclass(frozen=True)
class Attachment:
    """A plugin that a dialect speaks of, and which of its parameters, as they were resolved."""

    track: HostTrack
    plugin: HostPlugin
    parameters: tuple[HostParameter, ...]

    @property
    def keys(self) -> tuple[Key, ...]:
        """The parameters' keys."""
        return tuple(parameter.key for parameter in self.parameters)


@dataclass(frozen=True)
class News(Generic[Name]):
    """What came from the host since it was last polled."""

    values: tuple[tuple[Name, float], ...] = ()
    """In order; a parameter may be told several times."""
    turned: tuple[tuple[Name, float], ...] = ()
    """Likewise, changes that are certainly not the bridge's, of a host that does not echo."""
    answered: bool = False
    """Anything at all came."""
    moved: bool = False
    """Tracks or plugins are no longer where they were: resolve again before anything is set."""
    gone: bool = False
    """The host has said that it quits, or closed the connection."""


def silently(done: int, of: int) -> None:
    """Progress that nobody asks for."""


class Dialect(Closing):
    """A connection to one host, in the host's own keys and numbers.

    First found: `tracks`, `plugins`, `parameters`, all blocking and with HostError where nothing
    answers; a host that cannot list has none of them and is taken at the URL's word. Then attached
    to plugins, which all other methods speak of, each by its number in the attachments.
    """

    profile: Profile

    def tracks(self) -> Sequence[HostTrack]:
        """Blocking: all tracks, in the host's order, asked anew."""
        return ()

    def plugins(self, track: HostTrack) -> Sequence[HostPlugin]:  # noqa: ARG002
        """Blocking: the plugins of a track, in order."""
        return ()

    def parameters(
        self,
        track: HostTrack,  # noqa: ARG002
        plugin: HostPlugin,  # noqa: ARG002
    ) -> Sequence[HostParameter]:
        """Blocking: the inputs of a plugin, with current values where the host tells them."""
        return ()

    def plugins_of(self, tracks: Sequence[HostTrack]) -> Sequence[Sequence[HostPlugin]]:
        """Blocking: the plugins of each of these tracks; at once where the host is slow."""
        return [self.plugins(track) for track in tracks]

    def parameters_of(
        self, places: Sequence[tuple[HostTrack, HostPlugin]], told: Progress = silently
    ) -> Sequence[Sequence[HostParameter]]:
        """Blocking: the inputs of each of these plugins; at once where the host is slow.

        `told` is called with how many of how many are done.
        """
        found = []
        for number, (track, plugin) in enumerate(places, 1):
            found.append(self.parameters(track, plugin))
            told(number, len(places))
        return found

    def assumed(
        self,
        track: HostTrack,  # noqa: ARG002
        plugin: HostPlugin,  # noqa: ARG002
        spec: PluginSpec,
    ) -> Sequence[HostParameter]:
        """Where a host cannot list: how it addresses the parameters that the manifest names."""
        return [HostParameter(p.symbol, p.name) for p in spec.parameters]

    @abstractmethod
    def attach(self, attachments: Sequence[Attachment]) -> None:
        """Speak from now on of these plugins and parameters, and let the host tell changes.

        Raises HostError where the host cannot be driven so.
        """

    def mend(self) -> None:
        """Blocking: things have moved; give back what was written to whatever took a place.

        The attachments are still those of before.
        """

    @abstractmethod
    def set(self, values: Mapping[Ref, float]) -> None:
        """Send the host's own values, which lie in its ranges."""

    @abstractmethod
    def bypass(self, number: int, on: bool) -> None:
        """Leave the plugin of that attachment out of the sound, or let it be heard again."""

    def touch(self, refs: Iterable[Ref], on: bool) -> None:
        """A gesture on these parameters begins or ends, where the host knows gestures."""

    def ask(self) -> None:
        """Request the values of the attached plugins; `poll` hands out the answers."""

    @abstractmethod
    def poll(self) -> News[Ref]:
        """What has arrived by now. Nothing of a plugin that is not where it was resolved."""


class Host(Closing):
    """A chain in a running host: addresses and real values, bypasses as 0 or 1 among them."""

    profile: Profile

    @property
    def places(self) -> Mapping[str, str]:
        """Where each slot is, by its id, for people: `Track/Plugin`."""
        return {}

    def find(self) -> None:
        """Blocking: resolve tracks, plugins and parameters again, after they moved or a quit.

        Raises HostError where the host does not answer, or does not hold what was found before.
        """

    @abstractmethod
    def read(self) -> dict[str, float]:
        """Blocking: the host's values by address, as far as it tells them.

        Raises HostError likewise.
        """

    @abstractmethod
    def set(self, values: Mapping[str, float]) -> None:
        """Send values by address; they take effect together where the host can do that."""

    def touch(self, addresses: Iterable[str], on: bool) -> None:
        """A gesture on these parameters begins or ends, where the host knows gestures."""

    def ask(self) -> None:
        """Request the values; `poll` hands out the answers."""

    def poll(self) -> News[str]:
        """What has arrived by now, by address."""
        return News()

    @abstractmethod
    def close(self) -> None:
        """Free the connection; the host keeps its values. May be called twice."""
