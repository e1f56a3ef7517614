"""Ableton Live with AbletonOSC: every index from 0, Live's own ranges, one tick in 100 ms.

All answers go to one fixed port. Live's own devices have ranges in real values; those of plugins go
from 0 to 1. An exception in Live drops whatever else came in the same tick, and every queued value
is played out, so nothing out of range and nothing outdated may be sent. Nothing tells that tracks
or devices have moved, so the names of both and of the parameters are asked for all the time, before
their values; until the answer, a write or two may meet what has taken the place.
"""

from collections.abc import Mapping, Sequence

from typing_extensions import override

from bridge.hosts.base import (
    Attachment,
    HostParameter,
    HostPlugin,
    HostTrack,
    Key,
    Profile,
    Ref,
)
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
_VALUE = "/live/device/get/parameter/value"
_VALUES = "/live/device/get/parameters/value"
_NAMES = "/live/device/get/parameters/name"
_DEVICES = "/live/track/get/devices/name"
_SWITCH = 0
"""A device's first parameter is its switch, 'Device On'."""


class Live(OscDialect):
    """Live's tracks, their devices and parameters; no returns, no master, nothing inside racks."""

    def __init__(self, address: Address, reply_port: int) -> None:
        super().__init__(PROFILE, address, reply_port)
        self._attached: tuple[Attachment, ...] = ()
        self._listed: dict[Key, tuple[Argument, ...]] = {}
        """By track: the names of its devices, as they were resolved."""

    @override
    def tracks(self) -> Sequence[HostTrack]:
        names = self._get("/live/song/get/track_names")
        return [HostTrack(number, str(name)) for number, name in enumerate(names)]

    @override
    def plugins(self, track: HostTrack) -> Sequence[HostPlugin]:
        names = self._listed[track.key] = self._get(_DEVICES, track.key)
        return [HostPlugin(number, str(name)) for number, name in enumerate(names)]

    @override
    def parameters(self, track: HostTrack, plugin: HostPlugin) -> Sequence[HostParameter]:
        names, lows, highs, values = (
            self._get(f"/live/device/get/parameters/{what}", track.key, plugin.key)
            for what in ("name", "min", "max", "value")
        )
        return [
            HostParameter(
                number,
                str(name),
                float(low),
                float(high),
                float(value),
                normalised=(low, high) == (0, 1),
            )
            for number, (name, low, high, value) in enumerate(
                zip(names, lows, highs, values, strict=False)
            )
            if number != _SWITCH
        ]

    @override
    def attach(self, attachments: Sequence[Attachment]) -> None:
        self._listen("stop")
        self._attached = tuple(attachments)
        self._listen("start")

    @override
    def set(self, values: Mapping[Ref, float]) -> None:
        self._send(
            *(
                Message(
                    "/live/device/set/parameter/value", (*self._place(number), key, float(value))
                )
                for (number, key), value in values.items()
            )
        )

    @override
    def bypass(self, number: int, on: bool) -> None:
        self.set({(number, _SWITCH): float(not on)})

    @override
    def ask(self) -> None:
        tracks = dict.fromkeys(attachment.track.key for attachment in self._attached)
        places = [self._place(number) for number in range(len(self._attached))]
        self._send(
            Message("/live/song/get/track_names"),
            *(Message(_DEVICES, (track,)) for track in tracks),
            *(Message(what, place) for place in places for what in (_NAMES, _VALUES)),
        )

    @override
    def close(self) -> None:
        self._listen("stop")
        super().close()

    @override
    def _hear(self, message: Message, news: Gathering) -> None:
        match message:
            case Message("/live/startup"):
                news.moved = True
            case Message("/live/song/get/track_names", names):
                tracks = {attachment.track for attachment in self._attached}
                news.moved |= not all(_holds(names, int(t.key), t.name) for t in tracks)
            case Message("/live/track/get/devices/name", (int(track), *devices)):
                if any(attachment.track.key == track for attachment in self._attached):
                    news.moved |= tuple(devices) != self._listed[track]
            case Message("/live/device/get/parameters/name", (_, _, *names)):
                for attachment, _ in self._of(message):
                    known = attachment.parameters
                    news.moved |= not all(_holds(names, int(p.key), p.name) for p in known)
            case Message("/live/device/get/parameters/value", (_, _, *values)):
                for attachment, number in self._of(message):
                    for key in (_SWITCH, *attachment.keys):
                        if int(key) < len(values):
                            _tell((number, key), values[int(key)], news)
            case Message("/live/device/get/parameter/value", (_, _, int(key), value)):
                for attachment, number in self._of(message):
                    if key in (_SWITCH, *attachment.keys):
                        _tell((number, key), value, news)

    def _of(self, message: Message) -> list[tuple[Attachment, int]]:
        """What a message that begins with track and device speaks of."""
        return [
            (attachment, number)
            for number, attachment in enumerate(self._attached)
            if message.arguments[:2] == self._place(number)
        ]

    def _listen(self, what: str) -> None:
        address = f"/live/device/{what}_listen/parameter/value"
        self._send(
            *(
                Message(address, (*self._place(number), key))
                for number, attachment in enumerate(self._attached)
                for key in (_SWITCH, *attachment.keys)
            )
        )

    def _get(self, address: str, *place: Key) -> tuple[Argument, ...]:
        answers: list[tuple[Argument, ...]] = []

        def take(message: Message) -> None:
            if message.address == address and message.arguments[: len(place)] == place:
                answers.append(message.arguments[len(place) :])

        self._request(lambda: [Message(address, place)], take, lambda: bool(answers))
        return answers[-1]

    def _place(self, number: int) -> tuple[Key, Key]:
        attachment = self._attached[number]
        return attachment.track.key, attachment.plugin.key


def _tell(ref: Ref, value: Argument, news: Gathering) -> None:
    if isinstance(value, str):
        return
    if ref[1] == _SWITCH:
        news.values.append(((ref[0], BYPASS), float(value < 0.5)))
    else:
        news.values.append((ref, float(value)))


def _holds(names: Sequence[Argument], number: int, name: str) -> bool:
    return number < len(names) and names[number] == name
