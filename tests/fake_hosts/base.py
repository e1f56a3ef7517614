"""What the fake hosts share: a small project of tracks and plugins, and a strict OSC socket.

A fake runs in one thread of its own that takes datagrams, applies them and answers, as the real
host's sources do. What the real host would drop or misread is recorded in `mistakes`, and leaving
the `with` block with mistakes fails the test. It reads and writes OSC without the bridge's code.
"""

import contextlib
import itertools
import os
import socket
import threading
import time
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import quote

from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from bridge.chain import Chain, Slot

MAX_BYTES = 1024
_WAIT_S = 0.005
_IDLE_S = 0.5
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
_ports = itertools.cycle(range(22_000 + 1_000 * (_WORKER % 10), 23_000 + 1_000 * (_WORKER % 10)))
_ports_lock = threading.Lock()


@dataclass(eq=False)
class FakeParameter:
    """One parameter with its range, as the host shows it."""

    name: str
    min: float
    max: float
    value: float


@dataclass(eq=False)
class FakePlugin:
    """One plugin; `enabled` is its bypass switch the other way round."""

    name: str
    parameters: list[FakeParameter]
    enabled: bool = True


@dataclass(eq=False)
class FakeTrack:
    """One track with its plugins."""

    name: str
    plugins: list[FakePlugin] = field(default_factory=list)


def project(chain: Chain, normalised: bool = False) -> list[FakeTrack]:
    """Drums with a gate, and a guitar with a tuner and the chain's plugins at their defaults.

    `normalised`: the host counts everything from 0 to 1.
    """
    return [
        FakeTrack("drums", [FakePlugin("Gate", [FakeParameter("Thresh", 0.0, 1.0, 0.5)])]),
        FakeTrack(
            "guitar",
            [
                FakePlugin("Tuner", [FakeParameter("Tune", 0.0, 1.0, 0.5)]),
                *(fake_plugin(slot, normalised) for slot in chain.slots),
            ],
        ),
    ]


def fake_plugin(slot: Slot, normalised: bool = False) -> FakePlugin:
    """The plugin of a slot at its defaults."""
    parameters = [
        FakeParameter(p.name, 0.0, 1.0, p.to_normalised(p.default))
        if normalised
        else FakeParameter(p.name, p.min, p.max, p.default)
        for p in slot.plugin.parameters
    ]
    return FakePlugin(slot.plugin.name, parameters)


def others(tracks: list[FakeTrack]) -> set[float]:
    """The values of what is none of the chain's."""
    everything = [p for track in tracks for plugin in track.plugins for p in plugin.parameters]
    return {p.value for p in everything if p.name in ("Thresh", "Tune", "Depth")}


class RefusedError(Exception):
    """The real host would not take this message."""


class FakeHost:
    """A host in a thread; subclasses say how its protocol reads and answers."""

    scheme: str
    path = "guitar/{plugins}"
    normalised = False
    takes_bundles = True
    discovers = reads = follows = bypasses = movable = ranged = True
    tells_moves = True
    listener: Any = None
    """Where changes are told; a fixed port where the host has one."""
    step = 0.0
    """Its resolution, as a share of the range."""

    def __init__(self, chain: Chain, tick_s: float = 0.0) -> None:
        """`tick_s`: how often it looks at what has come in, as slow hosts do."""
        self.chain = chain
        self._load()
        self.tick_s = tick_s
        self.deaf = False
        self.mistakes: list[str] = []
        self.received: list[tuple[str, tuple[Any, ...]]] = []
        self.reply_port = free_port()
        if "{reply}" in self.path:
            self.listener = ("127.0.0.1", self.reply_port)
        self._queue: list[tuple[bytes, Any]] = []
        self._lock = threading.RLock()
        self._open()

    def _open(self, port: int = 0) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", port))
        self._socket.settimeout(_WAIT_S)
        self.port = self._socket.getsockname()[1]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def quit(self) -> None:
        """End as a killed program does: without a word."""
        self._stop.set()
        self._thread.join()
        self._socket.close()

    def start_again(self) -> None:
        """Come back on the same port, with the project as it was saved."""
        self._load()
        self.forget()
        self._open(self.port)

    def _load(self) -> None:
        self.tracks = project(self.chain, self.normalised)
        ids = [slot.id for slot in self.chain.slots]
        self.plugins = dict(zip(ids, self.tracks[1].plugins[1:], strict=True))
        """The chain's, by slot, wherever they are."""

    def forget(self) -> None:
        """Lose what only a running program knows, such as who listens."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.quit()
        if kind is None:
            assert self.mistakes == [], self.mistakes

    @property
    def url(self) -> str:
        """Where the bridge finds the plugins."""
        names = ",".join(quote(slot.plugin.name) for slot in self.chain.slots)
        numbers = ",".join(str(number) for number in range(2, 2 + len(self.chain.slots)))
        path = self.path.format(plugins=names, numbers=numbers, reply=self.reply_port)
        return f"{self.scheme}://127.0.0.1:{self.port}/{path}"

    @property
    def plugin(self) -> FakePlugin:
        """The first of the chain's plugins."""
        return self.plugins[self.chain.slots[0].id]

    def values(self) -> dict[str, float]:
        """Real values by address, without bypasses."""
        with self._lock:
            found = {
                slot.address(shown.name): shown.value
                for slot in self.chain.slots
                for shown in self.plugins[slot.id].parameters
            }
        values = ((p, found[p.slot.address(p.spec.name)]) for p in self.chain.parameters)
        return {p.address: p.spec.to_real(v) if self.normalised else v for p, v in values}

    def bypassed(self) -> set[str]:
        """The slots that are left out."""
        return {slot_id for slot_id, plugin in self.plugins.items() if not plugin.enabled}

    def turn(self, address: str, real: float) -> None:
        """What a musician does: move a knob in the host."""
        slot_id, spec = address.split("/")[0], self.chain.parameter(address).spec
        with self._lock:
            shown = self.plugins[slot_id].parameters
            parameter = next(p for p in shown if p.name == spec.name)
            parameter.value = spec.to_normalised(real) if self.normalised else real
            self.tell(parameter)

    def switch(self, slot_id: str, enabled: bool) -> None:
        """What a musician does: switch a plugin off or on in the host."""
        with self._lock:
            self.plugins[slot_id].enabled = enabled
            self.tell_switched(self.plugins[slot_id])

    def tell_switched(self, plugin: FakePlugin) -> None:
        """Let listeners know, where this host does that."""

    def wait_until_idle(self) -> None:
        """Return once nothing has come in for a while, and all that had is answered."""
        count = -1
        while count != len(self.received):
            count = len(self.received)
            time.sleep(_IDLE_S)

    def insert_above(self, position: int = 0) -> None:
        """What a musician does: insert a plugin on the guitar's track, at the top or below."""
        with self._lock:
            guitar = next(track for track in self.tracks if track.name == "guitar")
            knobs = [FakeParameter("Depth", 0.0, 1.0, 0.5) for _ in range(12)]
            guitar.plugins.insert(position, FakePlugin("Phaser", knobs))
            self.tell_inserted()

    def tell_inserted(self) -> None:
        """Let listeners know, where this host does that."""

    def shown(self, parameter: FakeParameter) -> str:
        """The name under which this host shows a parameter."""
        return parameter.name

    def tell(self, parameter: FakeParameter) -> None:
        """Let listeners know, where this host does that."""

    def move_track(self) -> None:
        """What a musician does: drag the guitar to the top."""
        with self._lock:
            self.tracks.reverse()
            self.tell_moved()

    def tell_moved(self) -> None:
        """Let listeners know, where this host does that."""

    @abstractmethod
    def take(self, address: str, tags: str, arguments: tuple[Any, ...], sender: Any) -> None:
        """Apply a message; raise RefusedError for what the real host would not take."""

    def reply(self, to: Any, address: str, tags: str = "", *arguments: object) -> None:
        self._socket.sendto(message(address, tags, *arguments), to)

    def reply_bundle(self, to: Any, *messages: tuple[Any, ...]) -> None:
        builder = OscBundleBuilder(IMMEDIATELY)
        for address, tags, *arguments in messages:
            builder.add_content(OscMessage(message(address, tags, *arguments)))
        self._socket.sendto(builder.build().dgram, to)

    def _run(self) -> None:
        due = 0.0
        while not self._stop.is_set():
            with contextlib.suppress(TimeoutError):
                self._queue.append(self._socket.recvfrom(65_535))
            self.idle()
            if time.monotonic() < due:
                continue
            due = time.monotonic() + self.tick_s
            queue, self._queue = self._queue, []
            if not self.deaf:
                self._queue = self._drain(queue)

    def idle(self) -> None:
        """What it does whenever it has the time."""

    def _drain(self, queue: list[tuple[bytes, Any]]) -> list[tuple[bytes, Any]]:
        """Take all that has come in; what is left for the next tick."""
        for packet, sender in queue:
            self._packet(packet, sender)
        return []

    def _packet(self, packet: bytes, sender: Any) -> None:
        if len(packet) > MAX_BYTES:
            self.mistakes.append(f"a packet of {len(packet)} bytes")
        if packet.startswith(b"#bundle") and not self.takes_bundles:
            self.mistakes.append("a bundle")
        with self._lock:
            for part in messages_of(packet):
                tags, arguments = tags_of(part.dgram), tuple(part.params)
                self.received.append((part.address, arguments))
                try:
                    self.take(part.address, tags, arguments, sender)
                except RefusedError as reason:
                    self.mistakes.append(f"{part.address} ,{tags} {arguments}: {reason}")


def free_port() -> int:
    """A UDP port that nobody has, for somebody else to open."""
    return free_ports(1)


def free_ports(count: int) -> int:
    """The first of so many UDP ports that follow each other and that nobody has.

    None of those that the system gives to whoever asks for any, and no number again until all have
    had their turn: what is opened later is still free then.
    """
    while True:
        with _ports_lock:
            ports = [next(_ports) for _ in range(count)]
        if ports[-1] - ports[0] == count - 1 and all(map(_is_free, ports)):
            return ports[0]


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
        probe.bind(("127.0.0.1", port))
        return True
    return False


def message(address: str, tags: str = "", *arguments: object) -> bytes:
    """A message's bytes, with exactly these type tags."""
    builder = OscMessageBuilder(address)
    for tag, argument in zip(tags, arguments, strict=True):
        builder.add_arg(argument, tag)
    return builder.build().dgram


def require(tags: str, wanted: str) -> None:
    """Refuse a message with other type tags."""
    if tags != wanted:
        raise RefusedError(f"takes ,{wanted}")


def item(items: list[Any], index: int, base: int = 0) -> Any:
    """The item of that index. Refuses one that is not there."""
    if not base <= index < base + len(items):
        raise RefusedError(f"index {index} is not in {base}..{base + len(items) - 1}")
    return items[index - base]


def require_inside(value: float, low: float, high: float) -> None:
    """Refuse a value outside its range."""
    if not low <= value <= high:
        raise RefusedError(f"{value} lies outside {low}..{high}")


def messages_of(packet: bytes) -> Iterator[OscMessage]:
    """The messages of a packet, in order."""
    if not packet.startswith(b"#bundle"):
        yield OscMessage(packet)
        return
    for part in OscBundle(packet):
        yield from messages_of(part.dgram)


def tags_of(packet: bytes) -> str:
    """The type tags of a message, without the comma."""
    start = packet.index(b"\0")
    start += 4 - start % 4
    return packet[start + 1 : packet.index(b"\0", start)].decode()
