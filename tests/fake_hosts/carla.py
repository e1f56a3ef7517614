"""Carla: exact type tags over UDP; one client, registered and told over TCP."""

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

_SET = re.compile(r"/Carla/(\d+)/(set_parameter_value|set_active)")


class FakeCarla(FakeHost):
    scheme = "carla"
    path = "{plugins}"
    takes_bundles = False

    def _open(self, port: int = 0) -> None:
        self._client: socket.socket | None = None
        self._client_url = ""
        super()._open(port)
        self._server = socket.create_server(("127.0.0.1", self.port))
        self._server.settimeout(0.02)
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
                self._push("/ctrl/cb", "iiiiifs", 5, number, index, 0, 0, parameter.value, "")

    def move_track(self) -> None:
        """What a musician does: remove the first plugin of the rack."""
        with self._lock:
            self.tracks[0].plugins.clear()
            self._push("/ctrl/cb", "iiiiifs", 2, 0, 0, 0, 0, 0.0, "")

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
                connection.settimeout(0.02)
                connections.append(connection)
            for connection in connections:
                with contextlib.suppress(TimeoutError, OSError):
                    head = connection.recv(4)
                    if len(head) == 4 and not self.deaf:
                        connection.settimeout(1)
                        self._tcp(connection.recv(struct.unpack(">i", head)[0]))
                        connection.settimeout(0.02)
        for connection in connections:
            connection.close()

    def _tcp(self, packet: bytes) -> None:
        with self._lock:
            for part in messages_of(packet):
                if tags_of(part.dgram) != "s":
                    self.mistakes.append(f"{part.address} takes ,s")
                elif part.address == "/register":
                    self._register(part.params[0])
                elif part.address == "/unregister" and part.params[0] == self._client_url:
                    self._push("/ctrl/exit", "")
                    if self._client:
                        self._client.close()
                    self._client = None
                else:
                    self.mistakes.append(f"{part.address} {part.params}")

    def _register(self, url: str) -> None:
        match = re.fullmatch(r"osc\.tcp://127\.0\.0\.1:(\d+)/ctrl", url)
        if self._client or not match:
            self.mistakes.append(f"cannot register {url}")
            return
        self._client_url = url
        self._client = socket.create_connection(("127.0.0.1", int(match[1])))
        for number, plugin in enumerate(self._rack):
            about = (number, 4, 0, 0, 0, 0, 0, plugin.name, "", "", plugin.name, "", "", "")
            self._push("/ctrl/info", "iiiihiisssssss", *about)
            self._push("/ctrl/ports", "iiiiiiii", number, 2, 2, 0, 0, 0, 0, 0)
            self._push("/ctrl/count", "iiiiii", number, len(plugin.parameters), 0, 0, 0, 0)
            for index, parameter in enumerate([*plugin.parameters, _METER]):
                place, kind = (number, index), 2 if parameter is _METER else 1
                self._push("/ctrl/paramInfo", "iissss", *place, parameter.name, "", "", "")
                data = (*place, kind, 0, -1, 0, 0.0, 1.0, parameter.value)
                self._push("/ctrl/paramData", "iiiiiifff", *data)
                low, high = parameter.min, parameter.max
                ranges = (*place, low, low, high, 0.01, 0.001, 0.1)
                self._push("/ctrl/paramRanges", "iiffffff", *ranges)
            internal = (number, float(plugin.enabled), 1.0, 1.0, -1.0, 1.0, 0.0, 0.0)
            self._push("/ctrl/iparams", "ifffffff", *internal)

    def _push(self, address: str, tags: str, *arguments: object) -> None:
        if self._client:
            packet = message(address, tags, *arguments)
            with contextlib.suppress(OSError):
                self._client.sendall(struct.pack(">i", len(packet)) + packet)


_METER = FakeParameter("Meter", 0.0, 1.0, 0.0)
"""An output, which cannot be set."""
