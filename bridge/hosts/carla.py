"""Carla 2.5: real values, every index from 0, set over UDP and told over TCP.

Carla knows one client. Registered over TCP, it opens a connection in turn and pushes all plugins,
their parameters and ranges, and later what changes in its window; the bridge's own writes are not
echoed. Plugins are numbered by their place in the rack. A removal is told, a move up or down is
not, and the only question that Carla answers is to be registered anew. So the bridge registers anew
every second, and whenever a knob is said to have been turned: that counts, and more is written,
only once the plugin at that number has told the name and the parameters that were resolved.
"""

from collections.abc import Mapping, Sequence
from math import inf
from time import monotonic

from typing_extensions import override

from bridge.hosts import osc_dialect
from bridge.hosts.base import (
    Attachment,
    HostParameter,
    HostPlugin,
    HostTrack,
    News,
    Profile,
    Ref,
)
from bridge.hosts.carla_rack import ACTIVE, Rack, changed
from bridge.hosts.carla_registration import REFUSED, Registration
from bridge.hosts.giving_back import Standing, same_before, to_give_back
from bridge.hosts.osc_dialect import Gathering, OscDialect
from bridge.manifest import BYPASS
from bridge.osc import Address, Message

PROFILE = Profile(
    scheme="carla",
    name="Carla",
    example="carla://127.0.0.1:22752/PLUGIN",
    remedy="switch OSC on in its settings, for UDP and TCP, and mind the port",
    discovers=True,
    reads=True,
    follows=True,
    bypasses=True,
    tracks=False,
    pushes=True,
    tick_s=1 / 25,
    ask_s=1.0,
    lost_s=4.0,
)
_REMOVED, _RENAMED, _CHANGED = 2, 3, 5
_SURE_S = 0.25
"""So long after it was told which plugin stands where, nobody has moved one and turned a knob."""


class Carla(OscDialect):
    """Carla's rack. Owns a registration, with its TCP socket, beside the UDP one."""

    def __init__(self, address: Address) -> None:
        super().__init__(PROFILE, address)
        self._registration = Registration(address)
        self._asked = False
        """Whether Carla was asked to hang up and tell everything anew."""
        self._asked_s = -inf
        self._heard_s = inf
        """When something was told anew since then."""
        self._rack = Rack()
        self._before: dict[int, Standing] = {}
        """The rack when its plugins were last known to be in place."""
        self._attached: tuple[Attachment, ...] = ()
        self._resolved: tuple[Standing, ...] = ()
        self._in_place_s = -inf
        """When the plugins were last known to be in place."""
        self._surprises: list[tuple[Ref, float]] = []
        """Knobs that are said to be turned, until it is known whose."""
        self._held: dict[Ref, float] = {}
        """Writes that wait for that; the latest of each."""
        self._written: dict[Ref, float] = {}
        """What was written since the plugins were last known to be in place."""
        self._stale = False
        """Something is no longer where it was resolved; nothing is written until it is again."""

    @override
    def tracks(self) -> Sequence[HostTrack]:
        self._register()
        return [HostTrack(0, "rack")]

    @override
    def plugins(self, track: HostTrack) -> Sequence[HostPlugin]:
        standing = self._rack.standing.items()
        return [HostPlugin(number, s.name, s.bypassed) for number, s in sorted(standing)]

    @override
    def parameters(self, track: HostTrack, plugin: HostPlugin) -> Sequence[HostParameter]:
        found = self._rack.at(int(plugin.key))
        return list(found.parameters.values()) if found else []

    @override
    def attach(self, attachments: Sequence[Attachment]) -> None:
        self._attached = tuple(attachments)
        standing = self._rack.standing
        self._resolved = tuple(standing[int(a.plugin.key)] for a in attachments)
        self._before = standing
        self._surprises.clear()
        self._held.clear()
        self._written.clear()
        self._stale = False

    @override
    def mend(self) -> None:
        self._register()
        writes: dict[int, dict[int | str, float]] = {}
        for (number, key), value in self._written.items():
            writes.setdefault(number, {})[key] = value
        for number, written in writes.items():
            place = int(self._attached[number].plugin.key)
            now = self._rack.at(place)
            if now is None or now.is_like(self._resolved[number]):
                continue
            if before := same_before(now, list(self._before.values()), written):
                for key, value in to_give_back(written, before, now).items():
                    self._send(self._message(place, key, value))
        self._written.clear()

    @override
    def set(self, values: Mapping[Ref, float]) -> None:
        self._held |= values
        self._write()

    @override
    def bypass(self, number: int, on: bool) -> None:
        self.set({(number, BYPASS): float(on)})

    @override
    def ask(self) -> None:
        # One that is asked again and again would never come to an end.
        if not self._asked or monotonic() - self._asked_s > osc_dialect.ANSWER_S:
            self._registration.renew()
            self._asked, self._asked_s, self._heard_s = True, monotonic(), inf
            self._rack.begin()

    @override
    def poll(self) -> News[Ref]:
        self._gathered()
        # Told to the end, and a driven plugin was not among it.
        if self._asked and monotonic() - self._heard_s > osc_dialect.QUIET_S:
            self._stale = self._news.moved = True
        self._write()
        return super().poll()

    @override
    def close(self) -> None:
        self._registration.close()
        super().close()

    @override
    def _arrived(self) -> list[Message] | None:
        return self._registration.receive()

    @property
    @override
    def _is_gone(self) -> bool:
        return not self._asked and self._registration.hung_up

    @override
    def _hear(self, message: Message, news: Gathering) -> None:
        what = self._registration.what(message)
        if message.address.endswith("/cb"):
            # Also from before the last registration: a hand's turn is not told twice.
            self._called_back(message, news)
        elif what == REFUSED:
            news.gone = True
        elif self._rack.take(what, message.arguments) and self._asked:
            self._heard_s = monotonic()
            self._compare(news)
        self._stale |= news.moved

    def _called_back(self, message: Message, news: Gathering) -> None:
        match message.arguments:
            case (int(action), *_) if action in (_REMOVED, _RENAMED):
                news.moved = True
            case (int(action), int(plugin), int(key), _, _, int() | float() as value, _):
                if action == _CHANGED:
                    self._rack.change(plugin, key, float(value))
                    self._before = changed(self._before, plugin, key, float(value))
                    self._surprise(plugin, key, float(value), news)

    def _surprise(self, plugin: int, key: int, value: float, news: Gathering) -> None:
        """A knob was turned, of whatever stands at that number: ask what that is."""
        for number, attachment in enumerate(self._attached):
            if attachment.plugin.key != plugin or (key < 0 and key != ACTIVE):
                continue
            ref: Ref = (number, BYPASS if key == ACTIVE else key)
            turned = (ref, float(value < 0.5) if key == ACTIVE else value)
            if monotonic() - self._in_place_s < _SURE_S:
                news.turned.append(turned)
                continue
            self._surprises.append(turned)
            self.ask()

    def _compare(self, news: Gathering) -> None:
        """Once all driven plugins have told themselves anew: whether they are those resolved."""
        places = [int(attachment.plugin.key) for attachment in self._attached]
        in_place = [*map(self._rack.is_in_place, places, self._resolved)]
        news.moved |= False in in_place
        if not all(in_place):
            return
        self._asked = False
        self._in_place_s = monotonic()
        standing = self._rack.standing
        news.values += [
            ((number, key), value)
            for number, place in enumerate(places)
            for key, value in standing[place].values.items()
        ]
        news.turned += self._surprises
        for ref, _ in self._surprises:
            # What was meant for it before would overwrite it.
            self._held.pop(ref, None)
        self._surprises.clear()
        self._written.clear()
        self._before = standing

    def _write(self) -> None:
        """Send what is held back, where the plugins are taken to be in place."""
        if self._stale or self._surprises:
            return
        for (number, key), value in self._held.items():
            self._send(self._message(int(self._attached[number].plugin.key), key, value))
        self._written |= self._held
        self._held.clear()

    def _message(self, place: int, key: int | str, value: float) -> Message:
        if key == BYPASS:
            return Message(f"/Carla/{place}/set_active", (int(value < 0.5),))
        return Message(f"/Carla/{place}/set_parameter_value", (key, float(value)))

    def _register(self) -> None:
        """Blocking: be told everything anew. Raises HostError where Carla obeys another program."""
        rack = self._rack = Rack()
        self._asked = False

        def hear(message: Message) -> None:
            rack.take(self._registration.what(message), message.arguments)

        if not self._registration.take(hear):
            raise self._unanswered()
