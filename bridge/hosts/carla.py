"""Carla 2.5: real values, every index from 0, set over UDP and told over TCP.

Carla knows one client. Registered over TCP, it opens a connection in turn and pushes all plugins,
their parameters and ranges, and later what changes in its window; the bridge's own writes are not
echoed. Plugins are numbered by their place in the rack, so numbers shift when one is removed.
"""

from collections.abc import Mapping, Sequence
from time import monotonic

from typing_extensions import override

from bridge.errors import HostError
from bridge.hosts import osc_dialect
from bridge.hosts.base import (
    NEVER_S,
    Attachment,
    HostParameter,
    HostPlugin,
    HostTrack,
    Profile,
    Ref,
)
from bridge.hosts.osc_dialect import Gathering, OscDialect
from bridge.osc import Address, Argument, Message
from bridge.osc.tcp import OscTcp

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
    ask_s=NEVER_S,
    lost_s=NEVER_S,
)
_INPUT = 1
_ACTIVE = -2
_REMOVED, _RENAMED, _CHANGED = 2, 3, 5
_DESCRIBING = ("info", "iparams", "paramInfo", "paramData", "paramRanges")


class Carla(OscDialect):
    """Carla's rack. Owns a TCP socket on loopback beside the UDP one."""

    def __init__(self, address: Address) -> None:
        super().__init__(PROFILE, address)
        self._tcp = OscTcp()
        self._registered = False
        self._told: dict[tuple[str, Argument, Argument], tuple[Argument, ...]] = {}
        self._attached: tuple[Attachment, ...] = ()

    @override
    def tracks(self) -> Sequence[HostTrack]:
        self._register()
        return [HostTrack(0, "rack")]

    @override
    def plugins(self, track: HostTrack) -> Sequence[HostPlugin]:
        found = [
            HostPlugin(int(key), str(about[7]), self._is_bypassed(key))
            for (what, key, _), about in self._told.items()
            if what == "info" and len(about) > 7
        ]
        return sorted(found, key=lambda plugin: int(plugin.key))

    @override
    def parameters(self, track: HostTrack, plugin: HostPlugin) -> Sequence[HostParameter]:
        found = []
        for (what, key, number), about in self._told.items():
            data = self._told.get(("paramData", key, number), ())
            ranges = self._told.get(("paramRanges", key, number), ())
            if what == "paramInfo" and key == plugin.key and len(data) == 9 and len(ranges) == 8:
                low, high, value = float(ranges[3]), float(ranges[4]), float(data[8])
                if data[2] == _INPUT:
                    found.append(HostParameter(int(number), str(about[2]), low, high, value))
        return found

    @override
    def attach(self, attachments: Sequence[Attachment]) -> None:
        self._attached = tuple(attachments)

    @override
    def set(self, values: Mapping[Ref, float]) -> None:
        self._send(
            *(
                Message(
                    f"/Carla/{self._attached[number].plugin.key}/set_parameter_value",
                    (key, float(value)),
                )
                for (number, key), value in values.items()
            )
        )

    @override
    def bypass(self, number: int, on: bool) -> None:
        plugin = self._attached[number].plugin
        self._send(Message(f"/Carla/{plugin.key}/set_active", (int(not on),)))

    @override
    def close(self) -> None:
        self._unregister()
        self._tcp.close()
        super().close()

    @override
    def _arrived(self) -> list[Message] | None:
        return self._tcp.receive(0)

    @property
    @override
    def _is_gone(self) -> bool:
        return self._registered and self._tcp.closed_by_host

    @override
    def _hear(self, message: Message, news: Gathering) -> None:
        match message:
            case Message("/ctrl/exit"):
                news.gone = True
            case Message("/ctrl/cb", (int(action), *_)) if action in (_REMOVED, _RENAMED):
                news.moved = True
            case Message("/ctrl/cb", (int(action), plugin, int(key), _, _, value, _)):
                if action == _CHANGED and not isinstance(value, str):
                    self._changed(plugin, key, float(value), news)
            case Message("/ctrl/info" | "/ctrl/paramInfo" | "/ctrl/paramRanges", about) if about:
                news.moved |= self._is_another(message)

    def _changed(self, plugin: Argument, key: int, value: float, news: Gathering) -> None:
        for number, attachment in enumerate(self._attached):
            if attachment.plugin.key != plugin:
                continue
            if key >= 0:
                news.values.append(((number, key), value))
            elif key == _ACTIVE:
                news.bypassed.append((number, value < 0.5))

    def _is_another(self, message: Message) -> bool:
        """Whether Carla describes a plugin anew, and not as it did when it was resolved."""
        what, key = _what(message), message.arguments[0]
        if key not in {attachment.plugin.key for attachment in self._attached}:
            return False
        return self._told.get(what) != message.arguments

    def _is_bypassed(self, plugin: Argument) -> bool | None:
        internal = self._told.get(("iparams", plugin, ""))
        return float(internal[1]) < 0.5 if internal else None

    def _register(self) -> None:
        """Blocking: be told everything anew."""
        self._unregister()
        self._told = {}
        try:
            self._tcp.send(Message("/register", (self._url,)), self._address)
        except HostError:
            raise self._unanswered() from None
        self._registered = True
        deadline = monotonic() + 4 * osc_dialect.ANSWER_S
        while (left := deadline - monotonic()) > 0:
            messages = self._tcp.receive(left)
            for message in messages or []:
                self._store(message)
            if messages:
                deadline = monotonic() + osc_dialect.QUIET_S
        if not self._told:
            raise self._unanswered()

    def _store(self, message: Message) -> None:
        """Keep what a message tells, by what it is, of which plugin, and of which parameter."""
        what = message.address.removeprefix("/ctrl/")
        if what == "exit-error":
            raise HostError("Carla obeys another program over OSC already, and only one; end that")
        if what in _DESCRIBING and message.arguments:
            self._told[_what(message)] = message.arguments

    def _unregister(self) -> None:
        if self._registered and not self._tcp.closed_by_host:
            try:
                self._tcp.send(Message("/unregister", (self._url,)), self._address)
                # Until it has hung up, it would refuse us as a second client.
                while not self._tcp.closed_by_host and self._tcp.receive(osc_dialect.ANSWER_S):
                    pass
            except HostError:
                pass
        self._registered = False
        self._tcp.hang_up()

    @property
    def _url(self) -> str:
        return f"osc.tcp://127.0.0.1:{self._tcp.port}/ctrl"


def _what(message: Message) -> tuple[str, Argument, Argument]:
    """What a message describes, of which plugin, and of which of its parameters."""
    what = message.address.removeprefix("/ctrl/")
    plugin, *rest = message.arguments
    return what, plugin, rest[0] if what.startswith("param") and rest else ""
