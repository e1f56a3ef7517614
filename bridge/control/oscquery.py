"""The control surface described over HTTP, after the OSCQuery proposal (Vidvox, 2018).

A thread of its own answers on 127.0.0.1, one request at a time; it reads nodes and values and
changes nothing. `GET /` is the whole tree, `GET /a/b` a part of it, `?VALUE` and its like one
attribute, `?HOST_INFO` where OSC goes to.
"""

import json
import logging
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer
from threading import Thread
from typing import Any
from urllib.parse import unquote, urlsplit

from typing_extensions import override

from bridge.closing import Closing
from bridge.control.nodes import Access, Node, Value
from bridge.control.surface import Surface
from bridge.errors import HostError
from bridge.osc.udp import LOOPBACK

_ATTRIBUTES = ("FULL_PATH", "CONTENTS", "TYPE", "ACCESS", "VALUE", "RANGE", "DESCRIPTION", "UNIT")
_log = logging.getLogger(__name__)
_PATIENCE_S = 2.0
"""For a client that connects and says nothing."""


class _Server(TCPServer):
    """Unlike `http.server.HTTPServer` it asks no name server for the name of its address."""

    allow_reuse_address = True

    @override
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up meanwhile, which is told in the log alone."""
        _log.info("a request of %s was not answered", client_address, exc_info=True)


class OscQuery(Closing):
    """Serves until it is closed."""

    def __init__(self, port: int, surface: Surface) -> None:
        """Raises HostError where the port is taken."""

        class Handler(_Handler):
            described = surface

        try:
            self._server = _Server((LOOPBACK, port), Handler)
        except OSError as error:
            raise HostError(
                f"TCP port {port} on {LOOPBACK} cannot be opened ({error.strerror}); choose"
                " another with --query-port"
            ) from None
        self._thread = Thread(target=self._server.serve_forever, name="oscquery", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """The TCP port."""
        return int(self._server.server_address[1])

    @override
    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def tree(nodes: Mapping[str, Node], values: Mapping[str, Value]) -> dict[str, Any]:
    """The nodes as OSCQuery's tree of objects."""
    root: dict[str, Any] = {"FULL_PATH": "/", "ACCESS": 0, "CONTENTS": {}}
    for address, node in nodes.items():
        branch, path = root, ""
        for step in address[1:].split("/"):
            path += f"/{step}"
            children = branch.setdefault("CONTENTS", {})
            branch = children.setdefault(step, {"FULL_PATH": path, "ACCESS": 0})
        branch |= _attributes(node, values.get(address))
    return root


def _attributes(node: Node, value: Value | None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "DESCRIPTION": node.description,
        "ACCESS": int(node.access),
        "TYPE": node.types,
    }
    if node.types.endswith("*"):
        told["TYPE"] = node.types[-2] * len(value or ())
    if node.unit:
        told["UNIT"] = [node.unit]
    if node.limits:
        told["RANGE"] = [{"MIN": node.limits[0], "MAX": node.limits[1]}] * len(node.types)
    elif node.choices:
        told["RANGE"] = [{"VALS": list(node.choices)}]
    if value is not None and node.access is not Access.WRITE:
        told["VALUE"] = list(value)
    return told


class _Handler(BaseHTTPRequestHandler):
    described: Surface
    timeout = _PATIENCE_S

    def do_GET(self) -> None:
        try:
            parts = urlsplit(self.path)
        except ValueError:
            self.send_error(HTTPStatus.BAD_REQUEST, "the address is not valid")
            return
        if parts.query == "HOST_INFO":
            self._answer(
                {
                    "NAME": "dafx-bridge",
                    "OSC_IP": LOOPBACK,
                    "OSC_PORT": self.described.port,
                    "OSC_TRANSPORT": "UDP",
                    "EXTENSIONS": dict.fromkeys(("ACCESS", "VALUE", "RANGE", "UNIT"), True),
                }
            )
            return
        branch: Any = tree(self.described.nodes, dict(self.described.values))
        for step in filter(None, unquote(parts.path).split("/")):
            branch = branch.get("CONTENTS", {}).get(step)
            if branch is None:
                self.send_error(HTTPStatus.NOT_FOUND, "there is no such address")
                return
        if not parts.query:
            self._answer(branch)
        elif parts.query in branch and parts.query in _ATTRIBUTES:
            self._answer({parts.query: branch[parts.query]})
        else:
            self.send_response(HTTPStatus.NO_CONTENT)
            self.end_headers()

    @override
    def log_message(self, format: str, *arguments: object) -> None:
        """Nobody needs to read that a controller has asked."""

    def _answer(self, told: object) -> None:
        body = json.dumps(told).encode()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
