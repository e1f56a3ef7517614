"""OSC over TCP, every packet after its size in four bytes (OSC 1.0), for hosts that answer so.

A listening socket on 127.0.0.1 takes the host's connection, one at a time, and another is opened to
the host to send; what the host answers on that one is handed out too. No thread of its own:
`receive` blocks its caller for at most the timeout it is given; `send` waits for the host to take
the connection, a second at most.
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
_LAST_LOOKS = 4
"""When time is up: to take a connection, and what has come in over it already."""
_log = logging.getLogger(__name__)


class OscTcp(Closing):
    """Calls a host, and hands out the well-formed messages of both connections."""

    def __init__(self) -> None:
        self._listener = socket.create_server((LOOPBACK, 0), backlog=1)
        self._listener.setblocking(False)
        self._outgoing: _Stream | None = None
        self._incoming: _Stream | None = None
        self.closed_by_host = False
        """Whether the host has closed the connection it had opened."""
        self.dropped = 0

    @property
    def port(self) -> int:
        """Where the host may connect to."""
        return int(self._listener.getsockname()[1])

    @property
    def connected(self) -> bool:
        """Whether the host has opened a connection and not closed it."""
        return self._incoming is not None

    def send(self, message: Message, to: Address) -> None:
        """Send over a connection of our own, opened where there is none.

        Raises HostError where nothing takes it.
        """
        packet = encode(message)
        try:
            if self._outgoing is None:
                self._outgoing = _Stream(socket.create_connection(to, _CONNECT_S))
            self._outgoing.connection.sendall(struct.pack(">i", len(packet)) + packet)
        except OSError as error:
            self.hang_up()
            raise HostError(f"nothing takes a connection at {to[0]}:{to[1]} ({error})") from None

    def receive(self, timeout_s: float) -> list[Message] | None:
        """The messages of the next well-formed packet, or None when time is up or the host left."""
        deadline = time.monotonic() + timeout_s
        last_looks = 0
        before = self.closed_by_host
        while True:
            if packet := self._next_packet():
                try:
                    return decode(packet)
                except PacketError as error:
                    self._complain("dropped a packet: %s", error)
                    continue
            # What it sends can be so wrong that its connection is closed.
            if self.closed_by_host and not before:
                return None
            # A flood of rubbish or of callers must not keep ours longer than agreed.
            if last_looks == _LAST_LOOKS:
                return None
            last_looks += time.monotonic() >= deadline
            streams = {s.connection: s for s in (self._incoming, self._outgoing) if s is not None}
            sockets = [self._listener, *streams]
            ready, _, _ = select.select(sockets, [], [], max(deadline - time.monotonic(), 0))
            if not ready:
                return None
            # The end of the old connection comes in before the next one is looked at.
            for stream in [streams[r] for r in ready if r in streams]:
                if not stream.take():
                    self._leave(stream)
            if not any(r in streams for r in ready):
                self._accept()

    def hang_up(self) -> None:
        """Close both connections and go on listening."""
        for stream in (self._incoming, self._outgoing):
            if stream is not None:
                stream.connection.close()
        self._incoming = self._outgoing = None
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
        self._incoming, self.closed_by_host = _Stream(connection), False

    def _next_packet(self) -> bytes:
        """The first whole packet of what has come in; empty where there is none yet."""
        for stream in (self._incoming, self._outgoing):
            if stream is None:
                continue
            try:
                if packet := stream.packet():
                    return packet
            except PacketError as error:
                self._complain("%s; the connection is closed", error)
                self._leave(stream)
        return b""

    def _leave(self, stream: "_Stream") -> None:
        stream.connection.close()
        if stream is self._incoming:
            self._incoming, self.closed_by_host = None, True
        else:
            self._outgoing = None

    def _complain(self, words: str, what: object) -> None:
        self.dropped += 1
        if self.dropped <= _TOLD_DROPS:
            _log.warning(words, what)


class _Stream:
    """A connection, and what has come in of it that is no whole packet yet."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self._waiting = b""

    def take(self) -> bool:
        """Take what is there; False where the other end has closed."""
        try:
            more = self.connection.recv(_MAX_PACKET)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self._waiting += more
        return bool(more)

    def packet(self) -> bytes:
        """The first whole packet, empty where there is none. Raises PacketError for no packets."""
        if len(self._waiting) < 4:
            return b""
        (size,) = struct.unpack_from(">i", self._waiting)
        if not 0 < size <= _MAX_PACKET or size % 4:
            raise PacketError(f"a packet claims {size} bytes")
        if len(self._waiting) < 4 + size:
            return b""
        packet, self._waiting = self._waiting[4 : 4 + size], self._waiting[4 + size :]
        return packet
