"""Ardour 6 to 8: real values, every index from 1, answers to whoever asks once told so.

Ardour tells changes of the selected strip only, so the plugins' descriptors are asked for instead:
they hold every current value. A value outside its range is dropped without an answer.

Plugins go by their number in the strip, and nothing tells that numbers have shifted. So the strip's
list of plugins is asked for after the descriptors, whose values count once it has come back as it
was resolved, and before every write, which waits for it up to `CONFIRM_S`. A write that is not
confirmed so soon is held back and tried again at the next poll. Where a plugin is inserted between
that answer and the write all the same, it has told its values just before, and gets them back.
"""

from collections.abc import Iterable, Mapping, Sequence
from time import monotonic, sleep
from typing import TypeVar

from typing_extensions import override

from bridge.hosts.base import (
    Attachment,
    HostParameter,
    HostPlugin,
    HostTrack,
    Key,
    News,
    Profile,
    Ref,
)
from bridge.hosts.giving_back import Standing, to_give_back
from bridge.hosts.osc_dialect import Gathering, OscDialect
from bridge.manifest import BYPASS
from bridge.osc import Address, Message

PROFILE = Profile(
    scheme="ardour",
    name="Ardour",
    example="ardour://127.0.0.1:3819/TRACK/PLUGIN",
    remedy="switch OSC on in Preferences, Control Surfaces, and mind the port it shows",
    discovers=True,
    reads=True,
    follows=True,
    bypasses=True,
    tick_s=1 / 30,
)
_Told = TypeVar("_Told")
_STRIP_TYPES = 63
_REPLY_ADDRESS = 16384
"""Feedback bit: answers come from /reply and not from #reply, which no OSC address may be."""
_INPUT, _HIDDEN = 0x80, 0x100
CONFIRM_S = 0.01
"""How long a write waits for the news that its plugin is still in place."""
_PERIOD_S = 0.15
"""A write takes effect with the next period of sound, which lasts no longer than this."""
_DESCRIPTOR = "/strip/plugin/descriptor"
_RESET = "/strip/plugin/reset"
_NAME = "/strip/name"
"""Asked while a track is watched; `/strip/list` also warns in Ardour's log each time."""
_PLUGINS = "/strip/plugin/list"


class Ardour(OscDialect):
    """Ardour's strips, the plugins in them, and their input parameters."""

    def __init__(self, address: Address) -> None:
        super().__init__(PROFILE, address)
        self._attached: tuple[Attachment, ...] = ()
        self._tracks: tuple[HostTrack, ...] = ()
        self._listed: dict[Key, list[tuple[Key, str]]] = {}
        """By track: number and name of its plugins, as they were resolved."""
        self._told: dict[Ref, float] = {}
        """What came since the last list of plugins that was as resolved."""
        self._before: dict[Ref, HostParameter] = {}
        """What was told just before the last write, by whatever stood there."""
        self._preceding: set[int] = set()
        """Attachments of which that is still to come, and is older than the write."""
        self._wrong: dict[Key, list[HostPlugin]] = {}
        """By track: the first list of plugins that was not as resolved."""
        self._held: dict[Ref, float] = {}
        """Writes that wait for a list of plugins; the latest of each, bypasses as 0 or 1."""
        self._written: dict[Ref, float] = {}
        """The latest write of each."""
        self._stale = False
        """Something is no longer where it was resolved; nothing is written until it is again."""

    @override
    def tracks(self) -> Sequence[HostTrack]:
        tracks: dict[Key, HostTrack] = {}
        ended = []

        def take(message: Message) -> None:
            if message.address == "/reply" and message.arguments[:1] == ("end_route_list",):
                ended.append(True)
            elif track := _track(message):
                tracks[track.key] = track

        # Bank size 0: all strips. Send and plugin pages 0, gain mode 2. Port 0: answer the sender.
        surface = Message("/set_surface", (0, _STRIP_TYPES, _REPLY_ADDRESS, 2, 0, 0, 0))
        self._request(lambda: [surface, Message("/strip/list")], take, lambda: bool(ended))
        return list(tracks.values())

    @override
    def plugins(self, track: HostTrack) -> Sequence[HostPlugin]:
        answers: list[list[HostPlugin]] = []

        def take(message: Message) -> None:
            if message.address == _PLUGINS and message.arguments[:1] == (track.key,):
                answers.append(_plugins(message))

        self._request(lambda: [Message(_PLUGINS, (track.key,))], take, lambda: bool(answers))
        self._listed[track.key] = _names(answers[-1])
        return answers[-1]

    @override
    def parameters(self, track: HostTrack, plugin: HostPlugin) -> Sequence[HostParameter]:
        place = (track.key, plugin.key)
        found: dict[Key, HostParameter] = {}
        ended = []

        def take(message: Message) -> None:
            if message.arguments[:2] != place:
                return
            if message.address == f"{_DESCRIPTOR}_end":
                ended.append(True)
            elif parameter := _parameter(message):
                found[parameter.key] = parameter

        self._request(lambda: [Message(_DESCRIPTOR, place)], take, lambda: bool(ended))
        return list(found.values())

    @override
    def attach(self, attachments: Sequence[Attachment]) -> None:
        self._attached = tuple(attachments)
        self._tracks = tuple(dict.fromkeys(a.track for a in attachments))
        for kept in (self._told, self._before, self._wrong, self._held, self._written):
            kept.clear()
        self._preceding.clear()
        self._stale = False
        self._news = Gathering()

    @override
    def set(self, values: Mapping[Ref, float]) -> None:
        self._write(values)

    @override
    def bypass(self, number: int, on: bool) -> None:
        self._write({(number, BYPASS): float(on)})

    @override
    def ask(self) -> None:
        self._send(
            *(Message(_NAME, (track.key,)) for track in self._tracks),
            *self._descriptors(range(len(self._attached))),
            *_lists(self._tracks),
        )

    @override
    def poll(self) -> News[Ref]:
        news = super().poll()
        self._write({})
        return news

    @override
    def mend(self) -> None:
        # Before it takes effect, a write is not told, and what is given back would come too early.
        sleep(_PERIOD_S)
        # What was asked for before comes in before the answer to this.
        self._in_place(self._tracks)
        resolved = dict(self._listed)
        for number in {number for number, _ in self._written}:
            self._send_together(self._mending(number, resolved))
        self._written.clear()

    def _mending(
        self, number: int, resolved: Mapping[Key, Sequence[tuple[Key, str]]]
    ) -> list[Message]:
        """What sets right a plugin that was written to in the place of an attachment.

        `resolved`: by track, number and name of the plugins as they were when that was attached.
        """
        track, key = self._attached[number].track, self._attached[number].plugin.key
        first = {p.key: p for p in self._wrong.get(track.key, ())}.get(key)
        listed = self.plugins(track) if first else []
        now = {p.key: p for p in listed}.get(key)
        if not first or not now or first.name != now.name:
            return []
        holds = Standing.of(now.name, self.parameters(track, now), now.bypassed)
        told = [parameter for (of, _), parameter in self._before.items() if of == number]
        before = Standing.of(first.name, filter(holds.has, told), first.bypassed)
        writes = {key: value for (of, key), value in self._written.items() if of == number}
        back = to_give_back(writes, before, holds)
        # Until Ardour has inserted it whole, it is told as bypassed: it is only switched on.
        messages = [
            self._message((number, key), value)
            for key, value in back.items()
            if (key, value) != (BYPASS, 1.0)
        ]
        new = _count(_names(listed), now.name) > _count(resolved[track.key], now.name)
        if told and not before.parameters and new:
            # It came between question and write, so it held what every new one holds.
            messages = [Message(_RESET, self._place(number))]
            if BYPASS in writes:
                messages.append(self._message((number, BYPASS), 0.0))
        return messages

    def _write(self, values: Mapping[Ref, float]) -> None:
        """Send these and what is held back, as soon as their plugins are known to be in place."""
        self._held |= values
        numbers = dict.fromkeys(number for number, _ in self._held)
        tracks = dict.fromkeys(self._attached[number].track for number in numbers)
        if tracks and not self._stale and self._in_place(tracks):
            # A packet for each, so that hardly anything comes between question and write.
            for number in numbers:
                own = [self._message(r, value) for r, value in self._held.items() if r[0] == number]
                lists = _lists([self._attached[number].track])
                self._send_together([*lists, *self._descriptors([number]), *own, *lists])
            self._preceding.update(numbers)
            self._written |= self._held
            self._held.clear()

    def _message(self, ref: Ref, value: float) -> Message:
        number, key = ref
        if key == BYPASS:
            what = "deactivate" if value >= 0.5 else "activate"
            return Message(f"/strip/plugin/{what}", self._place(number))
        return Message("/strip/plugin/parameter", (*self._place(number), key, float(value)))

    def _in_place(self, tracks: Iterable[HostTrack]) -> bool:
        """Whether these tracks' plugins stand where they were resolved, and Ardour says so now."""
        waiting = {track.key for track in tracks}
        # Answers that are there already are older than the question.
        self._gathered()
        self._send(*_lists(tracks))
        deadline = monotonic() + CONFIRM_S
        while waiting and (left := deadline - monotonic()) > 0:
            received = self._socket.receive(left)
            for message in received[0] if received else []:
                self._news.answered = True
                self._hear(message, self._news)
                if message.address == _PLUGINS:
                    waiting -= {*message.arguments[:1]}
        return not waiting and not self._stale

    @override
    def _hear(self, message: Message, news: Gathering) -> None:
        if message == Message("/strip/list"):
            news.moved = True
        elif message.address == _NAME:
            news.moved |= message.arguments[-1:] not in {(track.name,) for track in self._tracks}
        elif message.address == _PLUGINS:
            for track in self._tracks:
                if message.arguments[:1] == (track.key,):
                    self._compare(track, _plugins(message), news)
        elif message.address.startswith(_DESCRIPTOR):
            for number in range(len(self._attached)):
                if message.arguments[:2] == self._place(number):
                    self._keep(number, message, news)
        self._stale |= news.moved

    def _compare(self, track: HostTrack, listed: list[HostPlugin], news: Gathering) -> None:
        """A list of plugins as it was resolved confirms what was told before it."""
        if _names(listed) != self._listed[track.key]:
            self._wrong.setdefault(track.key, listed)
            news.moved = True
            return
        plugins = {plugin.key: plugin for plugin in listed}
        for number, attachment in enumerate(self._attached):
            if attachment.track != track or self._stale:
                continue
            news.values.append(
                ((number, BYPASS), float(bool(plugins[attachment.plugin.key].bypassed)))
            )
            news.values += list(_pop(self._told, number).items())
            if number not in self._preceding:
                # The last write has met the plugin that it was meant for.
                _pop(self._before, number)
                _pop(self._written, number)

    def _keep(self, number: int, message: Message, news: Gathering) -> None:
        """A parameter of another name or range than was resolved is another plugin's."""
        if message.address == f"{_DESCRIPTOR}_end":
            self._preceding.discard(number)
            return
        told = _parameter(message)
        known = {p.key: p for p in self._attached[number].parameters}
        if told is None or told.value is None or told.key not in known:
            return
        resolved = known[told.key]
        news.moved |= (told.name, told.min, told.max) != (resolved.name, resolved.min, resolved.max)
        if number in self._preceding:
            self._before.setdefault((number, told.key), told)
        # Also what comes in front of a write: a hand that it has overwritten is seen nowhere else.
        self._told[number, told.key] = told.value

    def _descriptors(self, numbers: Iterable[int]) -> list[Message]:
        return [Message(_DESCRIPTOR, self._place(number)) for number in numbers]

    def _place(self, number: int) -> tuple[Key, Key]:
        attachment = self._attached[number]
        return attachment.track.key, attachment.plugin.key


def _track(message: Message) -> HostTrack | None:
    """Of `/reply TYPE name inputs outputs mute solo ssid ...`."""
    match message:
        case Message("/reply", (str(), str() as name, int(), int(), int(), int(), int(key), *_)):
            return HostTrack(key, name)
    return None


def _plugins(message: Message) -> list[HostPlugin]:
    """Of `/strip/plugin/list ssid (piid name enabled)*`."""
    rest = message.arguments[1:]
    return [
        HostPlugin(int(key), str(name), bypassed=not enabled)
        for key, name, enabled in zip(rest[::3], rest[1::3], rest[2::3], strict=False)
    ]


def _lists(tracks: Iterable[HostTrack]) -> list[Message]:
    return [Message(_PLUGINS, (track.key,)) for track in tracks]


def _pop(told: dict[Ref, _Told], number: int) -> dict[Ref, _Told]:
    """Take out what is an attachment's."""
    return {ref: told.pop(ref) for ref in [ref for ref in told if ref[0] == number]}


def _count(listed: Iterable[tuple[Key, str]], name: str) -> int:
    """How many plugins have that name."""
    return sum(its == name for _, its in listed)


def _names(plugins: Iterable[HostPlugin]) -> list[tuple[Key, str]]:
    return [(plugin.key, plugin.name) for plugin in plugins]


def _parameter(message: Message) -> HostParameter | None:
    """Of the descriptor: ssid piid key label flags type min max format n (value label)*n current.

    None for outputs and what Ardour hides.
    """
    match message:
        case Message(
            "/strip/plugin/descriptor",
            (_, _, int(key), str(name), int(flags), _, low, high, _, int(points), *rest),
        ) if flags & _INPUT and not flags & _HIDDEN and len(rest) > 2 * points >= 0:
            return HostParameter(key, name, float(low), float(high), float(rest[2 * points]))
    return None
