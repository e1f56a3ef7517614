"""Ableton Live with AbletonOSC: every index from 0, Live's own ranges, one tick in 100 ms.

All answers go to one fixed port. Live's own devices have ranges in real values; those of plugins go
from 0 to 1. An exception in Live drops whatever else came in the same tick, and every queued value
is played out, so nothing out of range and nothing outdated may be sent. Nothing tells that tracks
have moved, so their names are asked for all the time; until the answer, a write or two may meet
what has taken the place.
"""

from collections.abc import Mapping, Sequence

from typing_extensions import override

from bridge.hosts.base import HostParameter, HostPlugin, HostTrack, Key, Profile
from bridge.hosts.osc_dialect import Gathering, OscDialect
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
_DEVICES = "/live/track/get/devices/name"
_SWITCH = 0
"""A device's first parameter is its switch, 'Device On'."""


class Live(OscDialect):
    """Live's tracks, their devices and parameters; no returns, no master, nothing inside racks."""

    def __init__(self, address: Address, reply_port: int) -> None:
        super().__init__(PROFILE, address, reply_port)
        self._track = HostTrack(0, "")
        self._device = HostPlugin(0, "")
        self._keys: list[Key] = []

    @override
    def tracks(self) -> Sequence[HostTrack]:
        names = self._get("/live/song/get/track_names")
        return [HostTrack(number, str(name)) for number, name in enumerate(names)]

    @override
    def plugins(self, track: HostTrack) -> Sequence[HostPlugin]:
        names = self._get(_DEVICES, track.key)
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
    def attach(self, track: HostTrack, plugin: HostPlugin, keys: Sequence[Key]) -> None:
        self._listen("stop")
        self._track, self._device, self._keys = track, plugin, [_SWITCH, *keys]
        self._listen("start")

    @override
    def set(self, values: Mapping[Key, float]) -> None:
        self._send(
            *(
                Message("/live/device/set/parameter/value", (*self._place, key, float(value)))
                for key, value in values.items()
            )
        )

    @override
    def bypass(self, on: bool) -> None:
        self.set({_SWITCH: float(not on)})

    @override
    def ask(self) -> None:
        self._send(
            Message(_VALUES, self._place),
            Message("/live/song/get/track_names"),
            Message(_DEVICES, (self._track.key,)),
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
                news.moved |= not _holds(names, self._track)
            case Message("/live/track/get/devices/name", (self._track.key, *names)):
                news.moved |= not _holds(names, self._device)
            case Message(
                "/live/device/get/parameter/value", (_, _, int(key), float() | int() as v)
            ):
                if message.arguments[:2] == self._place:
                    self._tell(key, float(v), news)
            case Message("/live/device/get/parameters/value", (_, _, *values)):
                if message.arguments[:2] == self._place:
                    for key, value in enumerate(values):
                        self._tell(key, float(value), news)

    def _tell(self, key: Argument, value: Argument, news: Gathering) -> None:
        if not isinstance(key, int) or isinstance(value, str) or key not in self._keys:
            return
        if key == _SWITCH:
            news.bypassed.append(value < 0.5)
        else:
            news.values.append((key, float(value)))

    def _listen(self, what: str) -> None:
        address = f"/live/device/{what}_listen/parameter/value"
        self._send(*(Message(address, (*self._place, key)) for key in self._keys))

    def _get(self, address: str, *place: Key) -> tuple[Argument, ...]:
        answers: list[tuple[Argument, ...]] = []

        def take(message: Message) -> None:
            if message.address == address and message.arguments[: len(place)] == place:
                answers.append(message.arguments[len(place) :])

        self._request(lambda: [Message(address, place)], take, lambda: bool(answers))
        return answers[-1]

    @property
    def _place(self) -> tuple[Key, Key]:
        return self._track.key, self._device.key


def _holds(names: Sequence[Argument], item: HostTrack | HostPlugin) -> bool:
    number = int(item.key)
    return number < len(names) and names[number] == item.name
