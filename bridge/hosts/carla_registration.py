"""Carla's one place for a client over OSC: taken, taken anew, and left.

Owns a TCP socket on loopback. `take` and `close` block, the others wait for nothing. A place is
freed by whoever names its path, so every registration has a path that nobody else has.
"""

from collections.abc import Callable
from time import monotonic

from typing_extensions import override

from bridge.closing import Closing
from bridge.errors import HostError
from bridge.hosts import osc_dialect
from bridge.osc import Address, Message
from bridge.osc.tcp import OscTcp

REFUSED = "exit-error"
"""What Carla answers, on the caller's own connection, while it has another client."""
_POKES = 2
"""A client that was killed is let go when messages do not reach it; the first still seems to."""
_POKED_S = 0.1


class Registration(Closing):
    """One client of Carla."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._tcp = OscTcp()
        self._count = 0
        self._registered = False

    @property
    def hung_up(self) -> bool:
        """Whether Carla has closed the connection of a client that it had."""
        return self._registered and self._tcp.closed_by_host

    def receive(self) -> list[Message] | None:
        """The messages that are there already; None where there are none."""
        was_closed = self._tcp.closed_by_host
        messages = self._tcp.receive(0)
        if messages is None and self._tcp.closed_by_host and not was_closed:
            # It has hung up to call back at once.
            return self._tcp.receive(0)
        return messages

    def what(self, message: Message) -> str:
        """What a message of the last registration tells; empty for another's."""
        path, _, what = message.address.rpartition("/")
        return what if path == self._path else ""

    def renew(self) -> None:
        """Be told everything anew; over one connection, so that nobody else comes between.

        Raises HostError where nothing takes the call.
        """
        if self._registered:
            self._tcp.send(Message("/unregister", (self._url,)), self._address)
        self._count += 1
        self._registered = True
        self._tcp.send(Message("/register", (self._url,)), self._address)

    def take(self, hear: Callable[[Message], None]) -> bool:
        """Blocking: be registered anew, and hear all that Carla tells then; whether it answers.

        Raises HostError where it obeys another client.
        """
        told = self._told(hear)
        if told == [REFUSED]:
            # That client may have been killed: Carla lets it go when it cannot be told something.
            for _ in range(_POKES):
                self._tcp.send(Message("/ctrl/clear_engine_xruns", (0,)), self._address)
                self._tcp.receive(_POKED_S)
            told = self._told(hear)
        if told == [REFUSED]:
            raise HostError(
                "another controller is connected to Carla, which obeys one alone over OSC; close"
                " that one"
            )
        return bool(told)

    @override
    def close(self) -> None:
        """Leave the place to another client, which Carla would refuse until then."""
        if self._registered:
            try:
                self._tcp.send(Message("/unregister", (self._url,)), self._address)
                while not self._tcp.closed_by_host and self._tcp.receive(osc_dialect.ANSWER_S):
                    pass
            except HostError:
                pass
        self._registered = False
        self._tcp.close()

    def _told(self, hear: Callable[[Message], None]) -> list[str]:
        """What came after a new registration, until it was quiet; or that it was refused."""
        # A connection to a Carla that has ended fails; there may be another by now.
        if not self._reaches_carla() and not self._reaches_carla():
            return []
        told: list[str] = []
        deadline = monotonic() + 4 * osc_dialect.ANSWER_S
        while (left := deadline - monotonic()) > 0:
            for message in self._tcp.receive(left) or ():
                what = self.what(message)
                if what == REFUSED:
                    self._registered = False
                    return [REFUSED]
                if what:
                    told.append(what)
                    hear(message)
                    deadline = monotonic() + osc_dialect.QUIET_S
        if not told:
            self._registered = False
            self._tcp.hang_up()
        return told

    def _reaches_carla(self) -> bool:
        """Whether something has taken the call."""
        try:
            self.renew()
        except HostError:
            self._registered = False
            return False
        return True

    @property
    def _path(self) -> str:
        return f"/dafx-{self._tcp.port}-{self._count}"

    @property
    def _url(self) -> str:
        return f"osc.tcp://127.0.0.1:{self._tcp.port}{self._path}"
