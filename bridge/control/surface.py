"""The control surface's socket: orders come in, values go out.

No thread of its own: the analysis thread polls and publishes, and neither waits. One UDP socket on
127.0.0.1. What arrives is checked against the table of nodes before anyone acts on it; who sent a
wrong message is told why, by `/error`.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite

from bridge.closing import Closing
from bridge.control.nodes import Access, Node, Value
from bridge.errors import BridgeError, HostError, PacketError
from bridge.osc import Address, Argument, Message, OscSocket

SUBSCRIBED_S = 10.0
MOST_SUBSCRIBERS = 32
_PACKETS_AT_ONCE = 200
"""A poll ends after so many packets, whatever floods the socket."""
_LONGEST_STRING = 50_000
"""Characters that fit into a datagram."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Order:
    """A valid message: set this node to this value, or carry it out."""

    node: Node
    value: Value
    sender: Address

    @property
    def text(self) -> str:
        """Its only argument, a string."""
        return str(self.value[0])

    @property
    def number(self) -> float:
        """Its only argument, a number."""
        return float(self.value[0])


class Surface(Closing):
    """Holds the newest value of every node, answers questions, and tells subscribers changes."""

    def __init__(self, port: int, nodes: Iterable[Node]) -> None:
        """Raises HostError where the port is taken."""
        self._socket = OscSocket(port)
        self._nodes: dict[str, Node] = {}
        self._values: dict[str, Value] = {}
        self._changed: set[str] = set()
        self._subscribers: dict[Address, float] = {}
        self._new: set[Address] = set()
        self.describe(nodes)

    @property
    def port(self) -> int:
        """The UDP port."""
        return self._socket.port

    @property
    def nodes(self) -> Mapping[str, Node]:
        """By address. Replaced whole when it changes, so any thread may read it."""
        return self._nodes

    @property
    def values(self) -> Mapping[str, Value]:
        """By address; read by other threads item by item only."""
        return self._values

    def describe(self, nodes: Iterable[Node]) -> frozenset[str]:
        """These are the nodes from now on; the addresses of those that were not there before.

        A value stays where its node does, as it was; the others begin at their defaults.
        """
        before, self._nodes = self._nodes, {node.address: node for node in nodes}
        new = frozenset(a for a, n in self._nodes.items() if not _same(n, before.get(a)))
        kept = {a: v for a, v in self._values.items() if a in self._nodes and a not in new}
        unset = {a: n.default for a, n in self._nodes.items() if n.default and a not in kept}
        self._values = unset | kept
        self._changed = {a for a in self._changed if a in self._nodes} | set(unset)
        return new

    def tell(self, address: str, *value: Argument) -> None:
        """This is the value of that node now."""
        if self._values.get(address) != value:
            self._values[address] = value
            self._changed.add(address)

    def complain(self, order: Order, why: str) -> None:
        """Tell whoever sent an order why it is not obeyed."""
        self._send(Message("/error", (order.node.address, why)), order.sender)

    def poll(self, now_s: float) -> list[Order]:
        """The orders since the last poll; questions and subscriptions are dealt with here."""
        orders = []
        for _ in range(_PACKETS_AT_ONCE):
            received = self._socket.receive(0)
            if received is None:
                break
            messages, sender = received
            for message in messages:
                if order := self._take(message, sender, now_s):
                    orders.append(order)
        return orders

    def publish(self, now_s: float) -> None:
        """Tell subscribers what has changed since the last time, and new ones everything."""
        self._subscribers = {who: end for who, end in self._subscribers.items() if end > now_s}
        changed = [Message(a, self._values[a]) for a in self._nodes if a in self._changed]
        self._changed.clear()
        for subscriber in self._subscribers:
            if subscriber in self._new:
                everything = [Message(a, self._values[a]) for a in self._nodes if a in self._values]
                self._send_all(everything, subscriber)
            else:
                self._send_all(changed, subscriber)
        self._new.clear()

    def close(self) -> None:
        """Free the port. May be called twice."""
        self._socket.close()

    def _take(self, message: Message, sender: Address, now_s: float) -> Order | None:
        node = self._nodes.get(message.address)
        if node is None:
            self._send(Message("/error", (message.address, "there is no such address")), sender)
            return None
        if node.address == "/subscribe":
            self._subscribe(sender, now_s)
            return None
        if node.address == "/unsubscribe":
            self._subscribers.pop(sender, None)
            return None
        order = Order(node, (), sender)
        if node.access is not Access.WRITE and not message.arguments:
            if node.address in self._values:
                self._send(Message(node.address, self._values[node.address]), sender)
            return None
        if node.access is Access.READ:
            self.complain(order, "it can only be asked for")
            return None
        try:
            return Order(node, fitting(node, message.arguments), sender)
        except BridgeError as error:
            self.complain(order, str(error))
            return None

    def _subscribe(self, sender: Address, now_s: float) -> None:
        if sender not in self._subscribers:
            if len(self._subscribers) >= MOST_SUBSCRIBERS:
                self._send(Message("/error", ("/subscribe", "too many subscribers")), sender)
                return
            self._new.add(sender)
        self._subscribers[sender] = now_s + SUBSCRIBED_S

    def _send_all(self, messages: list[Message], to: Address) -> None:
        if not messages:
            return
        try:
            self._socket.send_bundle(messages, to)
        except (HostError, PacketError) as error:
            _log.warning("a subscriber is not told: %s", error)

    def _send(self, message: Message, to: Address) -> None:
        self._send_all([message], to)


def _same(node: Node, before: Node | None) -> bool:
    """Whether what a node holds is still what it was."""
    return before is not None and (node.types, node.limits) == (before.types, before.limits)


def fitting(node: Node, arguments: Value) -> Value:
    """Arguments as the node takes them: numbers of its type, within its range.

    Controllers send 1.0 for 1 and the other way round, which is understood. Raises BridgeError
    where count, type or choice is wrong.
    """
    types = node.types
    if types.endswith("*"):
        types = types[-2] * len(arguments)
    if len(arguments) != len(types):
        raise BridgeError(f"it takes {len(types)} arguments ({node.types}), not {len(arguments)}")
    return tuple(_as(node, tag, value) for tag, value in zip(types, arguments, strict=True))


def _as(node: Node, tag: str, value: Argument) -> Argument:
    if tag == "s":
        if not isinstance(value, str):
            raise BridgeError(f"it takes a string, not {value}")
        if node.choices and value not in node.choices:
            raise BridgeError(f"it takes {', '.join(node.choices)}, not {value!r}")
        if len(value) > _LONGEST_STRING:
            raise BridgeError(f"a string may have {_LONGEST_STRING} characters, not {len(value)}")
        return value
    if isinstance(value, str) or not isfinite(value):
        raise BridgeError(f"it takes a number, not {value!r}")
    if node.limits:
        value = min(max(value, node.limits[0]), node.limits[1])
    return round(value) if tag == "i" else float(value)
