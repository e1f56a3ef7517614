"""Ableton Live with AbletonOSC: every index from 0, Live's own ranges, one tick in 100 ms.

All answers go to one fixed port. Live's own devices have ranges in real values; those of plugins go
from 0 to 1. All that has come in is handled in one tick, in order, up to what raises an exception;
the rest of its bundle is lost, and what came in after it waits for the next tick. Every queued
value is played out, so nothing out of range and nothing outdated may be sent.

Nothing tells that tracks or devices have moved, and a listener of a device that has moved goes on
telling under the old number. So the names of tracks, devices and parameters are asked for with all
values, and in front of every write: what the answer holds of another device is what it held before
that write, and is given back. Questions and write travel in one bundle, as nothing moves while Live
handles that; datagrams of their own may be handled in two ticks. A number at which another slot was
ever listened to is not listened to again, and what is told there is believed of that slot alone.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from time import monotonic

from typing_extensions import override

from bridge.hosts.base import (
    Attachment,
    HostParameter,
    HostPlugin,
    HostTrack,
    Key,
    Profile,
    Progress,
    Ref,
    silently,
)
from bridge.hosts.giving_back import Standing, to_give_back
from bridge.hosts.osc_dialect import Gathering, OscDialect
from bridge.manifest import BYPASS
from bridge.osc import Address, Argument, Message

PROFILE = Profile(
    scheme="live",
    name="Ableton Live (AbletonOSC)",
    example="live://127.0.0.1:11000/TRACK/DEVICE?reply=11001",
    remedy="choose AbletonOSC as a control surface in Live's settings, Link, Tempo & MIDI",
    discovers=True,
    reads=True,
    follows=True,
    bypasses=True,
    pushes=True,
    tick_s=0.1,
    ask_s=0.2,
    lost_s=4.0,
    reply_port=11001,
)
_VERSION = "/live/application/get/version"
"""Asked for its place among the answers alone."""
_TRACKS = "/live/song/get/track_names"
_DEVICES = "/live/track/get/devices/name"
_NAMES = "/live/device/get/parameters/name"
_VALUES = "/live/device/get/parameters/value"
_VALUE = "/live/device/get/parameter/value"
_SET = "/live/device/set/parameter/value"
_ABOUT = tuple(f"/live/device/get/parameters/{what}" for what in ("name", "min", "max", "value"))
_COUNTED = re.compile(r"\d+-(Audio|MIDI)")
"""The name of a track to which nobody has given one: it counts."""
_SWITCH = 0
"""A device's first parameter is its switch, 'Device On'."""
_WRITES_AT_ONCE = 8
"""With the questions in front, so many fit into a bundle."""
_LATELY_S = 5.0
"""So old a write may be that has met another device; the next answers would have told."""


class Live(OscDialect):
    """Live's tracks, their devices and parameters; no returns, no master, nothing inside racks."""

    def __init__(self, address: Address, reply_port: int) -> None:
        super().__init__(PROFILE, address, reply_port)
        self._attached: tuple[Attachment, ...] = ()
        self._listed: dict[Key, tuple[Argument, ...]] = {}
        """By track: the names of its devices, as they were resolved."""
        self._listeners: dict[tuple[Key, ...], int] = {}
        """By track, device and parameter: of which attachment Live was told to tell changes."""
        self._names: dict[int, tuple[Argument, ...]] = {}
        """Of the parameters of what stands in an attachment's place, as told last."""
        self._wrong: set[int] = set()
        """Attachments whose place something else has taken."""
        self._before: dict[int, Standing] = {}
        """What was first told of that: its values before any write met it."""
        self._written: dict[Ref, tuple[float, float]] = {}
        """The latest write to each of Live's parameters, and when it was sent."""

    @override
    def tracks(self) -> Sequence[HostTrack]:
        (names,) = self._request_each([Message(_TRACKS)])
        return [
            HostTrack(number, str(name), not _COUNTED.fullmatch(str(name)))
            for number, name in enumerate(names)
        ]

    @override
    def plugins(self, track: HostTrack) -> Sequence[HostPlugin]:
        return self.plugins_of([track])[0]

    @override
    def plugins_of(self, tracks: Sequence[HostTrack]) -> Sequence[Sequence[HostPlugin]]:
        listed = self._request_each([Message(_DEVICES, (track.key,)) for track in tracks])
        self._listed |= {t.key: names for t, names in zip(tracks, listed, strict=True)}
        return [[HostPlugin(n, str(name)) for n, name in enumerate(names)] for names in listed]

    @override
    def parameters(self, track: HostTrack, plugin: HostPlugin) -> Sequence[HostParameter]:
        return self.parameters_of([(track, plugin)])[0]

    @override
    def parameters_of(
        self, places: Sequence[tuple[HostTrack, HostPlugin]], told: Progress = silently
    ) -> Sequence[Sequence[HostParameter]]:
        questions = [Message(what, (t.key, p.key)) for t, p in places for what in _ABOUT]
        count = len(_ABOUT)
        answers = iter(self._request_each(questions, lambda n, _: told(n // count, len(places))))
        return [list(_parameters(*group)) for group in zip(*[answers] * count, strict=True)]

    @override
    def attach(self, attachments: Sequence[Attachment]) -> None:
        self._attached = tuple(attachments)
        for kept in (self._names, self._wrong, self._before, self._written):
            kept.clear()
        for key, number in self._current():
            if key not in self._listeners:
                self._listeners[key] = number
                self._send(Message("/live/device/start_listen/parameter/value", key))

    @override
    def mend(self) -> None:
        for number in sorted(self._wrong):
            if not (writes := self._written_lately(number)):
                continue
            now = self._standing_after_writes(number)
            before = self._before.get(number)
            if now and before and now.is_like(before):
                place, back = self._place(number), to_give_back(writes, before, now)
                self._send(*(Message(_SET, (*place, k, float(v))) for k, v in back.items()))

    @override
    def set(self, values: Mapping[Ref, float]) -> None:
        now_s = monotonic()
        self._written |= {ref: (float(value), now_s) for ref, value in values.items()}
        for number in sorted({number for number, _ in values}):
            place = self._place(number)
            writes = [
                Message(_SET, (*place, key, float(value)))
                for (of, key), value in values.items()
                if of == number
            ]
            for start in range(0, len(writes), _WRITES_AT_ONCE):
                some = writes[start : start + _WRITES_AT_ONCE]
                self._send_together([*self._questions(number), *some])

    @override
    def bypass(self, number: int, on: bool) -> None:
        self.set({(number, _SWITCH): float(not on)})

    @override
    def ask(self) -> None:
        for number in range(len(self._attached)):
            self._send_together(self._questions(number))

    @override
    def close(self) -> None:
        # Where the device has moved away, Live would only raise.
        own = (key for key, number in self._current() if self._listeners.get(key) == number)
        self._send(*(Message("/live/device/stop_listen/parameter/value", key) for key in own))
        super().close()

    @override
    def _hear(self, message: Message, news: Gathering) -> None:
        match message:
            case Message("/live/startup"):
                self._listeners.clear()
                news.moved = True
            case Message("/live/song/get/track_names", names):
                for number, attachment in enumerate(self._attached):
                    track = attachment.track
                    self._check(number, _holds(names, int(track.key), track.name), news)
            case Message("/live/track/get/devices/name", (int(track), *devices)):
                for number, attachment in enumerate(self._attached):
                    if attachment.track.key == track:
                        self._check(number, tuple(devices) == self._listed[track], news)
            case Message("/live/device/get/parameters/name", (_, _, *names)):
                for number in self._of(message):
                    self._names[number] = tuple(names)
                    known = self._attached[number].parameters
                    self._check(number, all(_holds(names, int(p.key), p.name) for p in known), news)
            case Message("/live/device/get/parameters/value", (_, _, *values)):
                for number in self._of(message):
                    self._tell_all(number, values, news)
            case Message(
                "/live/device/get/parameter/value", (int(track), int(device), int(key), value)
            ):
                for number in self._of(message):
                    if self._listeners.get((track, device, key)) == number:
                        self._tell(number, key, value, news)

    def _check(self, number: int, in_place: bool, news: Gathering) -> None:
        if not in_place:
            self._wrong.add(number)
            news.moved = True

    def _tell_all(self, number: int, values: Sequence[Argument], news: Gathering) -> None:
        """All values of what stands in an attachment's place, after its names."""
        if number in self._wrong:
            if len(self._names.get(number, ())) == len(values):
                self._before.setdefault(number, _standing(self._names[number], values))
            return
        for key in (_SWITCH, *self._attached[number].keys):
            if int(key) < len(values):
                self._tell(number, int(key), values[int(key)], news)

    def _tell(self, number: int, key: int, value: Argument, news: Gathering) -> None:
        if isinstance(value, str) or number in self._wrong:
            return
        if key == _SWITCH:
            news.values.append(((number, BYPASS), float(value < 0.5)))
        elif key in self._attached[number].keys:
            news.values.append(((number, key), float(value)))

    def _questions(self, number: int) -> list[Message]:
        """What stands in an attachment's place, and what it holds."""
        place = self._place(number)
        return [
            Message(_TRACKS),
            Message(_DEVICES, place[:1]),
            Message(_NAMES, place),
            Message(_VALUES, place),
        ]

    def _written_lately(self, number: int) -> dict[Key, float]:
        """What was written to an attachment's parameters and may have met another device."""
        since_s = monotonic() - _LATELY_S
        written = self._written.items()
        return {
            key: value for (of, key), (value, at_s) in written if of == number and at_s > since_s
        }

    def _standing_after_writes(self, number: int) -> Standing | None:
        """Blocking: what stands in an attachment's place and holds all that was written there.

        Answers that were on their way come first, and are heard as ever: of before the writes, or
        between two of them. None where nothing stands there.
        """
        questions = [Message(_VERSION), *self._questions(number)]
        told: dict[str, Sequence[Argument]] = {}

        def take(message: Message) -> None:
            self._hear(message, self._news)
            for question in questions:
                what, count = question.address, len(question.arguments)
                is_answer = message.arguments[:count] == question.arguments
                if message.address == what and is_answer and (what == _VERSION or _VERSION in told):
                    told[what] = message.arguments[count:]

        def is_empty() -> bool:
            counts = zip((_TRACKS, _DEVICES), self._place(number), strict=True)
            return any(what in told and len(told[what]) <= int(key) for what, key in counts)

        self._request(
            lambda: questions, take, lambda: is_empty() or told.keys() >= {_NAMES, _VALUES}
        )
        return None if is_empty() else _standing(told[_NAMES], told[_VALUES])

    def _current(self) -> Iterable[tuple[tuple[Key, ...], int]]:
        """Every parameter's track, device and number, and whose it is."""
        for number, attachment in enumerate(self._attached):
            for key in (_SWITCH, *attachment.keys):
                yield (*self._place(number), key), number

    def _of(self, message: Message) -> list[int]:
        """The attachments of whose place a message speaks, that begins with track and device."""
        numbers = range(len(self._attached))
        return [n for n in numbers if message.arguments[:2] == self._place(n)]

    def _place(self, number: int) -> tuple[Key, Key]:
        attachment = self._attached[number]
        return attachment.track.key, attachment.plugin.key


def _parameters(
    names: Sequence[Argument],
    lows: Sequence[Argument],
    highs: Sequence[Argument],
    values: Sequence[Argument],
) -> Iterable[HostParameter]:
    for number, (name, low, high, value) in enumerate(
        zip(names, lows, highs, values, strict=False)
    ):
        if number != _SWITCH:
            numbers = float(low), float(high), float(value)
            yield HostParameter(number, str(name), *numbers, normalised=(low, high) == (0, 1))


def _standing(names: Sequence[Argument], values: Sequence[Argument]) -> Standing:
    """A device, its switch among its parameters."""
    pairs = enumerate(zip(names, values, strict=False))
    return Standing.of("", [HostParameter(n, str(name), value=float(v)) for n, (name, v) in pairs])


def _holds(names: Sequence[Argument], number: int, name: str) -> bool:
    return number < len(names) and names[number] == name
