"""Ardour 6 to 8: real values, every index from 1, answers to whoever asks once told so.

Ardour tells changes of the selected strip only, so the plugin's descriptor is asked for instead:
it holds every current value. A value outside its range is dropped without an answer.
"""

from collections.abc import Mapping, Sequence

from typing_extensions import override

from bridge.hosts.base import HostParameter, HostPlugin, HostTrack, Key, Profile
from bridge.hosts.osc_dialect import Gathering, OscDialect
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
_STRIP_TYPES = 63
_REPLY_ADDRESS = 16384
"""Feedback bit: answers come from /reply and not from #reply, which no OSC address may be."""
_INPUT, _HIDDEN = 0x80, 0x100
_CHECK_EVERY = 10
"""Of so many questions for values, one also asks whether track and plugin are still in place."""
_DESCRIPTOR = "/strip/plugin/descriptor"
_NAME = "/strip/name"
"""Asked while a track is watched; `/strip/list` also warns in Ardour's log each time."""
_PLUGINS = "/strip/plugin/list"


class Ardour(OscDialect):
    """Ardour's strips, the plugins in them, and their input parameters."""

    def __init__(self, address: Address) -> None:
        super().__init__(PROFILE, address)
        self._track = HostTrack(0, "")
        self._plugin = HostPlugin(0, "")
        self._questions = 0

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
    def attach(self, track: HostTrack, plugin: HostPlugin, keys: Sequence[Key]) -> None:
        self._track, self._plugin = track, plugin

    @override
    def set(self, values: Mapping[Key, float]) -> None:
        self._send_together(
            [
                Message("/strip/plugin/parameter", (*self._place, key, float(value)))
                for key, value in values.items()
            ]
        )

    @override
    def bypass(self, on: bool) -> None:
        self._send(Message(f"/strip/plugin/{'deactivate' if on else 'activate'}", self._place))

    @override
    def ask(self) -> None:
        self._send(Message(_DESCRIPTOR, self._place))
        if self._questions % _CHECK_EVERY == 0:
            self._send(Message(_NAME, (self._track.key,)), Message(_PLUGINS, (self._track.key,)))
        self._questions += 1

    @override
    def _hear(self, message: Message, news: Gathering) -> None:
        if message == Message("/strip/list"):
            news.moved = True
        elif message.address == _NAME:
            news.moved |= message.arguments != (self._track.name,)
        elif message.address == _PLUGINS and message.arguments[:1] == (self._track.key,):
            here = [p for p in _plugins(message) if p.key == self._plugin.key]
            news.moved |= [p.name for p in here] != [self._plugin.name]
            news.bypassed += [p.bypassed for p in here if p.bypassed is not None]
        elif message.arguments[:2] == self._place and (parameter := _parameter(message)):
            news.values.append((parameter.key, parameter.value or 0.0))

    @property
    def _place(self) -> tuple[Key, Key]:
        return self._track.key, self._plugin.key


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
