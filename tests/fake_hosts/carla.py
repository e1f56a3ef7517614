"""Carla: exact type tags over UDP; one client, registered and told over TCP.

As the real one: a second client is refused on its own connection, an unregistration is taken from
whoever names the path, a client that was killed keeps its place until something does not reach it,
and a move up or down is told to nobody.
"""

import contextlib
import re
import socket
import struct
import threading
from typing import Any

from tests.fake_hosts.base import (
    FakeHost,
    FakeParameter,
    FakePlugin,
    RefusedError,
    item,
    message,
    messages_of,
    require,
    require_inside,
    tags_of,
)

_URL = re.compile(r"osc\.tcp://127\.0\.0\.1:(\d+)(/.*)")
_SET = re.compile(r"/Carla/(\d+)/(set_parameter_value|set_active)")


class FakeCarla(FakeHost):
    scheme = "carla"
    path = "{plugins}"
    takes_bundles = False

    def _open(self, port: int = 0) -> None:
        self._client: socket.socket | None = None
        self._client_path = ""
        super()._open(port)
        self._server = socket.create_server(("127.0.0.1", self.port))
        self._server.settimeout(0.005)
        self._tcp_thread = threading.Thread(target=self._serve, daemon=True)
        self._tcp_thread.start()

    def quit(self) -> None:
        super().quit()
        self._tcp_thread.join()
        self._server.close()
        if self._client:
            self._client.close()

    def tell(self, parameter: FakeParameter) -> None:
        for number, plugin in enumerate(self._rack):
            if parameter in plugin.parameters:
                index = plugin.parameters.index(parameter)
                self._push("cb", "iiiiifs", 5, number, index, 0, 0, parameter.value, "")

    def tell_switched(self, plugin: FakePlugin) -> None:
        number = self._rack.index(plugin)
        self._push("cb", "iiiiifs", 5, number, -2, 0, 0, float(plugin.enabled), "")

    def move_track(self) -> None:
        """What a musician does: remove the first plugin of the rack."""
        with self._lock:
            self.tracks[0].plugins.clear()
            self._push("cb", "iiiiifs", 2, 0, 0, 0, 0, 0.0, "")

    def move_up(self) -> None:
        """What a musician does: move the first of the chain's plugins up by one place."""
        with self._lock:
            guitar = self.tracks[1].plugins
            place = guitar.index(self.plugin)
            guitar.insert(place - 1, guitar.pop(place))

    def tell_bytes(self, stream: bytes) -> bool:
        """Send the client this; False while there is none, as between two registrations."""
        with self._lock:
            if self._client:
                self._client.sendall(stream)
            return self._client is not None

    def take(self, address: str, tags: str, arguments: tuple[Any, ...], sender: Any) -> None:
        match = _SET.fullmatch(address)
        if not match:
            raise RefusedError("unknown")
        plugin: FakePlugin = item(self._rack, int(match[1]))
        if match[2] == "set_active":
            require(tags, "i")
            plugin.enabled = bool(arguments[0])
        else:
            require(tags, "if")
            parameter: FakeParameter = item(plugin.parameters, arguments[0])
            require_inside(arguments[1], parameter.min, parameter.max)
            parameter.value = arguments[1]

    @property
    def _rack(self) -> list[FakePlugin]:
        return [plugin for track in self.tracks for plugin in track.plugins]

    def _serve(self) -> None:
        connections: list[socket.socket] = []
        while not self._stop.is_set():
            with contextlib.suppress(TimeoutError):
                connection, _ = self._server.accept()
                connection.settimeout(0.005)
                connections.append(connection)
            for connection in connections:
                with contextlib.suppress(TimeoutError, OSError):
                    while len(head := connection.recv(4)) == 4 and not self.deaf:
                        connection.settimeout(1)
                        self._tcp(connection.recv(struct.unpack(">i", head)[0]), connection)
                        connection.settimeout(0.005)
        for connection in connections:
            connection.close()

    def _tcp(self, packet: bytes, caller: socket.socket) -> None:
        with self._lock:
            for part in messages_of(packet):
                self.received.append((part.address, tuple(part.params)))
                match part.address, tags_of(part.dgram):
                    case "/register", "s":
                        self._register(part.params[0], caller)
                    case "/unregister", "s":
                        self._unregister(part.params[0])
                    case "/ctrl/clear_engine_xruns", "i":
                        self._push("resp", "is", part.params[0], "")
                    case _:
                        self.mistakes.append(f"{part.address} {part.params}")

    def _unregister(self, url: str) -> None:
        # Whose port it is, it does not look at.
        if self._client and _URL.fullmatch(url)[2] == self._client_path:
            self._client.close()
            self._client = None

    def _register(self, url: str, caller: socket.socket) -> None:
        match = _URL.fullmatch(url)
        if not match or len(match[2]) >= 32:
            self.mistakes.append(f"cannot register {url}")
            return
        if self._client:
            told = "OSC already registered to another client"
            _framed(caller, message(f"{match[2]}/exit-error", "s", told))
            return
        self._client_path = match[2]
        self._client = socket.create_connection(("127.0.0.1", int(match[1])))
        for number, plugin in enumerate(self._rack):
            about = (number, 4, 0, 0, 0, 0, 0, plugin.name, "", "", plugin.name, "", "", "")
            self._push("info", "iiiihiisssssss", *about)
            self._push("ports", "iiiiiiii", number, 2, 2, 0, 0, 0, 0, 0)
            self._push("count", "iiiiii", number, len(plugin.parameters), 0, 0, 0, 0)
            for index, parameter in enumerate([*plugin.parameters, _METER]):
                place, kind = (number, index), 2 if parameter is _METER else 1
                self._push("paramInfo", "iissss", *place, parameter.name, "", "", "")
                data = (*place, kind, 0, -1, 0, 0.0, 1.0, parameter.value)
                self._push("paramData", "iiiiiifff", *data)
                low, high = parameter.min, parameter.max
                ranges = (*place, low, low, high, 0.01, 0.001, 0.1)
                self._push("paramRanges", "iiffffff", *ranges)
            internal = (number, float(plugin.enabled), 1.0, 1.0, -1.0, 1.0, 0.0, 0.0)
            self._push("iparams", "ifffffff", *internal)

    def _push(self, what: str, tags: str, *arguments: object) -> None:
        if self._client:
            try:
                _framed(self._client, message(f"{self._client_path}/{what}", tags, *arguments))
            except OSError:
                self._client.close()
                self._client = None


def _framed(connection: socket.socket, packet: bytes) -> None:
    connection.sendall(struct.pack(">i", len(packet)) + packet)


_METER = FakeParameter("Meter", 0.0, 1.0, 0.0)
"""An output, which cannot be set."""
