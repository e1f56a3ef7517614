"""The control surface as its clients see it: the GUI, scripts and tests.

No thread of its own: `poll` waits for at most the time it is given. One UDP socket on 127.0.0.1.
"""

import time
from collections.abc import Callable
from contextlib import suppress

from bridge.closing import Closing
from bridge.control.nodes import Value
from bridge.control.surface import SUBSCRIBED_S
from bridge.errors import HostError
from bridge.osc import Argument, Message, OscSocket
from bridge.osc.udp import LOOPBACK

PORT = 9010
_RENEW_S = SUBSCRIBED_S / 5
_PACKETS_AT_ONCE = 500
_WAIT_S = 0.05


class ControlClient(Closing):
    """Subscribes to an engine and keeps every value it tells."""

    def __init__(self, port: int = PORT) -> None:
        self._engine = (LOOPBACK, port)
        self._socket = OscSocket()
        self._renew_at = float("-inf")
        self.values: dict[str, Value] = {}
        self.heard_at = float("-inf")
        """When the engine last said anything, on the monotonic clock."""

    def send(self, address: str, *arguments: Argument) -> None:
        """Set a value or give a command; nothing tells whether it arrived but the values."""
        self._socket.send(Message(address, arguments), self._engine)

    def poll(self, timeout_s: float = 0.0) -> list[Message]:
        """What the engine has told since the last poll; the first is waited for."""
        now_s = time.monotonic()
        if now_s >= self._renew_at:
            self._renew_at = now_s + _RENEW_S
            self.send("/subscribe")
        told: list[Message] = []
        for _ in range(_PACKETS_AT_ONCE):
            received = self._socket.receive(0 if told else timeout_s)
            if received is None:
                break
            messages, sender = received
            if sender != self._engine:
                continue
            self.heard_at = time.monotonic()
            told += messages
        self.values |= {message.address: message.arguments for message in told}
        return told

    def wait(self, wanted: Callable[[dict[str, Value]], bool], timeout_s: float) -> None:
        """Poll until the values are as wanted. Raises HostError where they never are."""
        end_s = time.monotonic() + timeout_s
        while not wanted(self.values):
            if time.monotonic() > end_s:
                raise HostError(
                    f"the engine on port {self._engine[1]} did not get there within"
                    f" {timeout_s:.0f} s; see its log"
                )
            self.poll(_WAIT_S)

    def close(self) -> None:
        """Unsubscribe and free the port. May be called twice."""
        with suppress(HostError, OSError):
            self.send("/unsubscribe")
        self._socket.close()
