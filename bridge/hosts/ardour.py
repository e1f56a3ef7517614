"""Ardour 6 to 8: real values, every index from 1, answers to whoever asks once told so.

Ardour tells changes of the selected strip only, so the plugins' descriptors are asked for instead:
they hold every current value. A value outside its range is dropped without an answer.

Plugins go by their number in the strip, and nothing tells that numbers have shifted. So the strip's
list of plugins is asked for after the descriptors, whose values count once it has come back as it
was resolved, and before every write, which waits for it up to `CONFIRM_S`. A write that is not
confirmed so soon is held back and tried again at the next poll.
"""

from collections.abc import Iterable, Mapping, Sequence
from time import monotonic

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
_STRIP_TYPES = 63
_REPLY_ADDRESS = 16384
"""Feedback bit: answers come from /reply and not from #reply, which no OSC address may be."""
_INPUT, _HIDDEN = 0x80, 0x100
CONFIRM_S = 0.01
"""How long a write waits for the news that its plugin is still in place."""
_DESCRIPTOR = "/strip/plugin/descriptor"
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
        self._unconfirmed: dict[Ref, float] = {}
        """What came since the last list of plugins."""
        self._held: dict[Ref, Message] = {}
        """Writes that wait for a list of plugins; the latest of each."""
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
        self._unconfirmed.clear()
        self._held.clear()
        self._stale = False
        self._news = Gathering()

    @override
    def set(self, values: Mapping[Ref, float]) -> None:
        self._write(
            {
                ref: Message("/strip/plugin/parameter", (*self._place(ref[0]), ref[1], float(v)))
                for ref, v in values.items()
            }
        )

    @override
    def bypass(self, number: int, on: bool) -> None:
        address = f"/strip/plugin/{'deactivate' if on else 'activate'}"
        self._write({(number, BYPASS): Message(address, self._place(number))})

    @override
    def ask(self) -> None:
        self._send(
            *(Message(_NAME, (track.key,)) for track in self._tracks),
            *(
                Message(_DESCRIPTOR, place)
                for place in map(self._place, range(len(self._attached)))
            ),
            *self._lists(self._tracks),
        )

    @override
    def poll(self) -> News[Ref]:
        news = super().poll()
        self._write({})
        return news

    def _write(self, messages: Mapping[Ref, Message]) -> None:
        """Send these and what is held back, as soon as their plugins are known to be in place."""
        self._held |= messages
        tracks = {self._attached[number].track for number, _ in self._held}
        if tracks and not self._stale and self._in_place(tracks):
            self._send_together(list(self._held.values()))
            self._held.clear()

    def _in_place(self, tracks: Iterable[HostTrack]) -> bool:
        """Whether these tracks' plugins stand where they were resolved, and Ardour says so now."""
        waiting = {track.key for track in tracks}
        self._send(*self._lists(tracks))
        deadline = monotonic() + CONFIRM_S
        while waiting and (left := deadline - monotonic()) > 0:
            received = self._socket.receive(left)
            for message in received[0] if received else []:
                self._news.answered = True
                self._hear(message, self._news)
                if message.address == _PLUGINS and message.arguments:
                    waiting.discard(message.arguments[0])
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
        elif (told := _parameter(message)) and told.value is not None:
            for number, attachment in enumerate(self._attached):
                if message.arguments[:2] == self._place(number):
                    self._keep(number, attachment, told, news)
        self._stale |= news.moved

    def _compare(self, track: HostTrack, told: Sequence[HostPlugin], news: Gathering) -> None:
        """A list of plugins as it was resolved confirms what was told before it."""
        if _names(told) != self._listed[track.key]:
            news.moved = True
            return
        plugins = {plugin.key: plugin for plugin in told}
        for number, attachment in enumerate(self._attached):
            if attachment.track == track:
                news.bypassed.append((number, bool(plugins[attachment.plugin.key].bypassed)))
                confirmed = [ref for ref in self._unconfirmed if ref[0] == number]
                news.values += [(ref, self._unconfirmed.pop(ref)) for ref in confirmed]

    def _keep(
        self, number: int, attachment: Attachment, told: HostParameter, news: Gathering
    ) -> None:
        """A parameter of another name or range than was resolved is another plugin's."""
        for known in attachment.parameters:
            if known.key == told.key:
                if (known.name, known.min, known.max) == (told.name, told.min, told.max):
                    self._unconfirmed[number, told.key] = told.value or 0.0
                else:
                    news.moved = True

    def _lists(self, tracks: Iterable[HostTrack]) -> list[Message]:
        return [Message(_PLUGINS, (track.key,)) for track in tracks]

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
