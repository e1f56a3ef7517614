"""The engine as the window sees it: what it tells, and the way to tell it something.

Runs on Qt's thread: a timer polls the socket at most 30 times a second, and nothing waits.
"""

import logging
import time
from collections.abc import Callable

from PyQt6.QtCore import QObject, Qt, QTimer, pyqtSignal

from bridge.control.client import PORT, ControlClient
from bridge.control.nodes import PARAMETER, Value, parameter_nodes
from bridge.errors import BridgeError
from bridge.manifest import Manifest
from bridge.osc import Argument

TICK_MS = 33
_log = logging.getLogger(__name__)


class Engine(QObject):
    """Keeps every value the engine tells, and calls back whoever watches one that changed."""

    ticked = pyqtSignal(float)
    """After every poll: the monotonic clock, in seconds."""
    complained = pyqtSignal(str, str)
    """The address the engine did not obey, and why."""

    def __init__(self, manifest: Manifest, port: int = PORT) -> None:
        super().__init__()
        self._manifest = manifest
        self.values: dict[str, Value] = {}
        self.told_time_at = float("-inf")
        """When the engine's clock was last heard to go on."""
        self._client = ControlClient(port)
        self._watchers: dict[str, list[Callable[[], None]]] = {}
        self._soon: dict[str, Value] = {}
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

    def poll(self) -> None:
        """Send what waits, take in what has come, and tell whom it concerns."""
        for address, arguments in self._soon.items():
            self.send(address, *arguments)
        self._soon.clear()
        now_s = time.monotonic()
        self._tell(self._take(now_s))
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
                self.complained.emit(address, why)
                continue
            if self.values.get(message.address) == message.arguments:
                continue
            if message.address == "/plugin":
                self._forget_parameters(*message.arguments)
            if message.address == "/engine/time":
                self.told_time_at = now_s
            self.values[message.address] = message.arguments
            changed.add(message.address)
        return changed

    def _forget_parameters(self, plugin_id: Argument) -> None:
        """Those that this plugin has not; as the engine does, which tells only what is new."""
        plugins = [one for one in self._manifest.plugins if one.id == plugin_id]
        known = {node.address for plugin in plugins for node in parameter_nodes(plugin)}
        below = f"{PARAMETER}/"
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
