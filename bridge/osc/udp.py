"""One UDP socket that sends and receives OSC.

No thread of its own: `receive` blocks its caller for at most the timeout it is given; `send` never
blocks. Bound to 127.0.0.1: what it sends and takes stays on this computer.
"""

import logging
import socket
import time

from bridge.closing import Closing
from bridge.errors import HostError, PacketError
from bridge.osc.packets import Message, decode, encode, encode_bundles

Address = tuple[str, int]
LOOPBACK = "127.0.0.1"
_MAX_DATAGRAM = 65_535
_TOLD_DROPS = 10
"""How many dropped packets are told; a flood must not become a flood of words."""
_log = logging.getLogger(__name__)


class OscSocket(Closing):
    """Sends messages and hands out the well-formed ones that arrive; drops and logs the rest."""

    def __init__(self, port: int = 0) -> None:
        """Bind `port` on loopback; 0 takes any free one. Raises HostError where it is taken."""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.bind((LOOPBACK, port))
        except OSError as error:
            self._socket.close()
            raise HostError(
                f"UDP port {port} on {LOOPBACK} cannot be opened ({error.strerror}); choose"
                " another with --port"
            ) from None
        self.dropped = 0

    @property
    def port(self) -> int:
        """The port this socket is bound to."""
        return int(self._socket.getsockname()[1])

    def send(self, message: Message, to: Address) -> None:
        """Send one message.

        Raises PacketError where it cannot be packed, HostError where `to` is out of reach.
        """
        self._send(encode(message), to)

    def send_bundle(self, messages: list[Message], to: Address) -> None:
        """Send messages that take effect together."""
        for bundle in encode_bundles(messages):
            self._send(bundle, to)

    def receive(self, timeout_s: float) -> tuple[list[Message], Address] | None:
        """The messages of the next well-formed packet and its sender, or None when time is up."""
        deadline = time.monotonic() + timeout_s
        while True:
            self._socket.settimeout(max(deadline - time.monotonic(), 0.0))
            try:
                packet, sender = self._socket.recvfrom(_MAX_DATAGRAM)
                return decode(packet), sender
            except (TimeoutError, BlockingIOError):
                return None
            except PacketError as error:
                self.dropped += 1
                if self.dropped <= _TOLD_DROPS:
                    _log.warning("dropped a packet: %s", error)
            except ConnectionError:
                # Windows reports here that an earlier datagram reached no one.
                continue
            if time.monotonic() >= deadline:
                return None

    def close(self) -> None:
        """Free the port. May be called twice."""
        self._socket.close()

    def _send(self, packet: bytes, to: Address) -> None:
        self._socket.settimeout(0)
        try:
            self._socket.sendto(packet, to)
        except BlockingIOError:
            _log.warning("the system's send buffer is full; a packet was dropped")
        except OSError as error:
            raise HostError(
                f"{to[0]}:{to[1]} cannot be reached from this computer ({error.strerror})"
            ) from None
