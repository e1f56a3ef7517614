"""OSC over TCP, every packet after its size in four bytes (OSC 1.0), for hosts that answer so.

A listening socket on 127.0.0.1 takes the host's connection, one at a time, and another is opened to
the host to send. No thread of its own: `receive` blocks its caller for at most the timeout it is
given; `send` waits for the host to take the connection, a second at most.
"""

import logging
import select
import socket
import struct
import time

from bridge.closing import Closing
from bridge.errors import HostError, PacketError
from bridge.osc.packets import Message, decode, encode
from bridge.osc.udp import LOOPBACK, Address

_MAX_PACKET = 65_536
_CONNECT_S = 1.0
_TOLD_DROPS = 10
_log = logging.getLogger(__name__)


class OscTcp(Closing):
    """Calls a host, and hands out the well-formed messages of the connection it opens in turn."""

    def __init__(self) -> None:
        self._listener = socket.create_server((LOOPBACK, 0), backlog=1)
        self._listener.setblocking(False)
        self._outgoing: socket.socket | None = None
        self._incoming: socket.socket | None = None
        self._waiting = b""
        self.closed_by_host = False
        """Whether the host has closed the connection it had opened."""
        self.dropped = 0

    @property
    def port(self) -> int:
        """Where the host may connect to."""
        return int(self._listener.getsockname()[1])

    def send(self, message: Message, to: Address) -> None:
        """Send over a connection of our own, opened where there is none.

        Raises HostError where nothing takes it.
        """
        packet = encode(message)
        try:
            if self._outgoing is None:
                self._outgoing = socket.create_connection(to, _CONNECT_S)
            self._outgoing.sendall(struct.pack(">i", len(packet)) + packet)
        except OSError as error:
            self.hang_up()
            raise HostError(f"nothing takes a connection at {to[0]}:{to[1]} ({error})") from None

    def receive(self, timeout_s: float) -> list[Message] | None:
        """The messages of the next well-formed packet, or None when time is up or the host left."""
        deadline = time.monotonic() + timeout_s
        last_look = False
        while True:
            if packet := self._next_packet():
                try:
                    return decode(packet)
                except PacketError as error:
                    self._complain("dropped a packet: %s", error)
                    continue
            # A flood of rubbish or of callers must not keep ours longer than agreed.
            if last_look:
                return None
            last_look = time.monotonic() >= deadline
            sockets = [s for s in (self._listener, self._incoming) if s is not None]
            ready, _, _ = select.select(sockets, [], [], max(deadline - time.monotonic(), 0))
            if not ready:
                return None
            if self._incoming in ready:
                self._take()
                if self._incoming is None:
                    return None
            else:
                self._accept()

    def hang_up(self) -> None:
        """Close both connections and go on listening."""
        for connection in (self._incoming, self._outgoing):
            if connection is not None:
                connection.close()
        self._incoming = self._outgoing = None
        self._waiting = b""
        self.closed_by_host = False

    def close(self) -> None:
        """Free the port. May be called twice."""
        self.hang_up()
        self._listener.close()

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:
            # Whoever called has gone again.
            return
        if self._incoming is not None:
            self._complain("a second connection is refused%s", "")
            connection.close()
            return
        connection.setblocking(False)
        self._incoming, self.closed_by_host = connection, False

    def _take(self) -> None:
        if self._incoming is None:
            return
        try:
            more = self._incoming.recv(_MAX_PACKET)
        except BlockingIOError:
            return
        except ConnectionError:
            more = b""
        self._waiting += more
        if not more:
            self._leave()

    def _next_packet(self) -> bytes:
        """The first whole packet of what has come in; empty where there is none yet."""
        if len(self._waiting) < 4:
            return b""
        (size,) = struct.unpack_from(">i", self._waiting)
        if not 0 < size <= _MAX_PACKET or size % 4:
            self._complain("a packet claims %s bytes; the connection is closed", size)
            self._leave()
            return b""
        if len(self._waiting) < 4 + size:
            return b""
        packet, self._waiting = self._waiting[4 : 4 + size], self._waiting[4 + size :]
        return packet

    def _leave(self) -> None:
        if self._incoming is not None:
            self._incoming.close()
        self._incoming, self._waiting, self.closed_by_host = None, b"", True

    def _complain(self, words: str, what: object) -> None:
        self.dropped += 1
        if self.dropped <= _TOLD_DROPS:
            _log.warning(words, what)
