"""The engine as the window sees it: what it tells, and the way to tell it something.

Runs on Qt's thread: a timer polls the socket at most 30 times a second, and nothing waits.
"""

import logging
import time
from collections.abc import Callable, Iterable
from typing import Any

from PyQt6.QtCore import QObject, Qt, QTimer, pyqtSignal

from bridge.chain import Chain, chain_of
from bridge.control.client import PORT, ControlClient
from bridge.control.nodes import PARAMETER, SLOT, Value, chain_nodes
from bridge.errors import BridgeError, ManifestError
from bridge.library import Library
from bridge.manifest import Manifest
from bridge.osc import Argument
from gui.views.rack import slots_told
from gui.views.values import text

TICK_MS = 33
_log = logging.getLogger(__name__)


class Engine(QObject):
    """Keeps every value the engine tells, and calls back whoever watches one that changed."""

    ticked = pyqtSignal(float)
    """After every poll: the monotonic clock, in seconds."""
    complained = pyqtSignal(str, str)
    """The address the engine did not obey, and why."""

    def __init__(self, library: Library, port: int = PORT) -> None:
        """Raises ManifestError where the library cannot be read."""
        super().__init__()
        self._library = library
        self.manifest: Manifest = library.manifest
        """What is known; read again where the engine tells of other plugins or rigs."""
        self.chain: Chain | None = None
        """What is driven; None where nothing is, or the library does not know it."""
        self.slots: dict[str, dict[str, Any]] = {}
        """What the engine says of each slot, by id."""
        self.values: dict[str, Value] = {}
        self.told_time_at = float("-inf")
        """When the engine's clock was last heard to go on."""
        self._client = ControlClient(port)
        self._watchers: dict[str, list[Callable[[], None]]] = {}
        self._soon: dict[str, Value] = {}
        self._then: tuple[Chain, tuple[tuple[str, Value], ...]] | None = None
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self.poll)

    def start(self) -> None:
        """Poll from now on."""
        self._timer.start()

    def close(self) -> None:
        """Poll no more and free the socket. May be called twice."""
        self._timer.stop()
        self._client.close()

    def watch(self, callback: Callable[[], None], *addresses: str) -> None:
        """Call it now, and after every poll that changed one of these.

        An address that ends in `/` stands for all below it.
        """
        for address in addresses:
            self._watchers.setdefault(address, []).append(callback)
        callback()

    def send(self, address: str, *arguments: Argument) -> None:
        """Set a value or give a command, at once."""
        try:
            self._client.send(address, *arguments)
        except BridgeError as error:
            self.complained.emit(address, str(error))

    def send_soon(self, address: str, *arguments: Argument) -> None:
        """Set a value with the next poll; only the newest of one address is sent."""
        self._soon[address] = arguments

    def choose(self, chain: Chain, orders: Iterable[tuple[str, Value]] = ()) -> None:
        """Drive this chain; the orders are sent once the engine has taken it."""
        self._then = (chain, tuple(orders))
        if self.chain is None or self.chain.id != chain.id:
            self.send("/chain", chain.id)
        self._go_on()

    def poll(self) -> None:
        """Send what waits, take in what has come, and tell whom it concerns."""
        for address, arguments in self._soon.items():
            self.send(address, *arguments)
        self._soon.clear()
        now_s = time.monotonic()
        changed = self._take(now_s)
        self._go_on()
        self._tell(changed)
        self.ticked.emit(now_s)

    def _take(self, now_s: float) -> set[str]:
        """The addresses whose values are new."""
        try:
            told = self._client.poll()
        except BridgeError as error:
            _log.warning("the engine cannot be asked: %s", error)
            return set()
        changed = set()
        for message in told:
            if message.address == "/error":
                address, why = (*map(str, message.arguments), "", "")[:2]
                # What the engine has is shown again in place of what it did not take.
                changed.add(address)
                if address == "/chain":
                    self._then = None
                self.complained.emit(address, why)
                continue
            if self.values.get(message.address) == message.arguments:
                continue
            if message.address == "/engine/time":
                self.told_time_at = now_s
            self.values[message.address] = message.arguments
            changed.add(message.address)
        if changed & {"/plugins", "/rigs"}:
            self._read_library()
        if changed & {"/chain", "/plugins", "/rigs"}:
            self._read_chain()
        if "/slots" in changed:
            self.slots = slots_told(self.values)
        return changed

    def _read_library(self) -> None:
        try:
            self.manifest = self._library.manifest
        except ManifestError as error:
            self.complained.emit("/plugins", str(error))

    def _read_chain(self) -> None:
        told = text(self.values, "/chain")
        try:
            chain = chain_of(told, self.manifest) if told else None
        except ManifestError as error:
            _log.warning("the engine drives what is not known here: %s", error)
            chain = None
        # Who shows a chain builds everything anew for another object.
        if chain != self.chain:
            self.chain = chain
        self._forget_others()

    def _go_on(self) -> None:
        """Send what waits for a chain, once the engine has loaded it."""
        if self._then is None or self.chain is None:
            return
        chain, orders = self._then
        loaded = list(self.slots) == [slot.id for slot in chain.slots]
        if self.chain.id == chain.id and loaded and self._knows(orders):
            self._then = None
            for address, value in orders:
                self.send(address, *value)

    def _knows(self, orders: Iterable[tuple[str, Value]]) -> bool:
        """Whether the engine has told all parameters that are to be set."""
        below = f"{PARAMETER}/"
        return all(where in self.values for where, _ in orders if where.startswith(below))

    def _forget_others(self) -> None:
        """Values that this chain has not; as the engine does, which tells only what is new."""
        known = {node.address for node in chain_nodes(self.chain)} if self.chain else set()
        below = (f"{PARAMETER}/", f"{SLOT}/")
        gone = [a for a in self.values if a.startswith(below) and a not in known]
        for address in gone:
            del self.values[address]

    def _tell(self, changed: set[str]) -> None:
        # A dictionary keeps the order of watching: models look before what shows them.
        called: dict[Callable[[], None], None] = {}
        for watched, callbacks in self._watchers.items():
            if watched in changed or (
                watched.endswith("/") and any(a.startswith(watched) for a in changed)
            ):
                called |= dict.fromkeys(callbacks)
        for callback in called:
            callback()
