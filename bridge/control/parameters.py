"""What the player does to the knobs from the control surface, and whose they are."""

import json
import time
from collections.abc import Callable, Mapping

from bridge.control.history import History, Values
from bridge.control.nodes import PARAMETER
from bridge.control.surface import Surface
from bridge.engine.live import LiveEngine
from bridge.errors import BridgeError
from bridge.manifest import PluginSpec

YOU, MODEL, HOST = "you", "model", "host"
_SAME = 1e-3
"""Normalised values as near as this are one."""
Snapshots = dict[str, dict[str, dict[str, float]]]
"""Real values by symbol, by name, by the plugin's id."""


class Parameters:
    """The knobs of the plugin that is chosen."""

    def __init__(self, surface: Surface, engine: LiveEngine, snapshots: Snapshots) -> None:
        self._surface, self._engine = surface, engine
        self.snapshots = snapshots
        self._plugin: PluginSpec | None = None
        self._history = History()
        self._put: dict[str, float] = {}
        """Normalised values that were set from here and still are the player's."""
        self._by: dict[str, str] = {}

    def choose(self, plugin: PluginSpec) -> None:
        """The knobs of this plugin from now on."""
        if plugin != self._plugin:
            self._history = History()
        self._plugin = plugin
        self._put, self._by = {}, {}
        self._tell_snapshots()

    @property
    def plugin(self) -> PluginSpec:
        """Raises BridgeError where none is chosen."""
        if self._plugin is None:
            raise BridgeError(
                "the plugin's model is not loaded yet; wait, or choose another /plugin"
            )
        return self._plugin

    def set(self, values: Mapping[str, float]) -> None:
        """Set real values for the player, so that it can be undone.

        Raises HostError where no host takes them.
        """
        now = self._now()
        self._give(values)
        self._history.changing(now, values, time.monotonic())

    def undo(self) -> None:
        """Take back the last change."""
        self._step(self._history.undo)

    def redo(self) -> None:
        """Make again what was undone last."""
        self._step(self._history.redo)

    def arm(self, symbols: list[str]) -> None:
        """Leave these, or all, to the model again. Raises ManifestError for an unknown one."""
        for symbol in symbols:
            self.plugin.parameter(symbol)
        self._engine.arm(symbols)
        self._put = {s: v for s, v in self._put.items() if symbols and s not in symbols}

    def revert(self) -> bool:
        """Blocking: give the host its values from before back; False where it is gone.

        What was set from here goes back too; what was moved in the host stays.
        """
        if self._put:
            self._engine.arm(list(self._put))
        self._put.clear()
        return self._engine.revert()

    def store(self, name: str) -> None:
        """Keep the host's values as a snapshot."""
        if not (values := self._now()):
            raise BridgeError("no effect host is connected, so there is nothing to keep")
        self.snapshots.setdefault(self.plugin.id, {})[name] = dict(values)
        self._tell_snapshots()

    def recall(self, name: str) -> None:
        """Set a snapshot's values."""
        values = self.snapshots.get(self.plugin.id, {}).get(name)
        if values is None:
            raise BridgeError(f"snapshot {name} is empty; store one first")
        known = {spec.symbol for spec in self.plugin.parameters}
        self.set({symbol: value for symbol, value in values.items() if symbol in known})

    def tell(self) -> None:
        """Tell the host's values, and whose they are."""
        self._surface.tell("/history", *self._history.counts)
        hand, answer = self._engine.hand, self._engine.answer
        if hand is not None:
            driver = hand.driver
            for symbol, value in self._now().items():
                self._tell_value(symbol, value, symbol in driver.yielded, driver.driving)
        if answer is not None:
            for symbol, sure in self._engine.confidence.items():
                predicted = float(answer.setting.values[symbol])
                self._surface.tell(f"{PARAMETER}/{symbol}/predicted", predicted)
                self._surface.tell(f"{PARAMETER}/{symbol}/confidence", float(sure))

    def _now(self) -> Values:
        return self._engine.hand.driver.own.values if self._engine.hand else {}

    def _give(self, values: Values) -> None:
        self._engine.put(values)
        self._put |= {s: self.plugin.parameter(s).to_normalised(v) for s, v in values.items()}

    def _step(self, step: Callable[[Values], Values | None]) -> None:
        if (values := step(self._now())) is not None:
            self._give(values)

    def _tell_snapshots(self) -> None:
        mine = self.snapshots.get(self.plugin.id, {})
        self._surface.tell("/snapshots", json.dumps(mine))

    def _tell_value(self, symbol: str, value: float, yours: bool, driving: bool) -> None:
        here, spec = f"{PARAMETER}/{symbol}", self.plugin.parameter(symbol)
        share = spec.to_normalised(value)
        told = self._surface.values.get(f"{here}/normalised", (share,))[0]
        if abs(float(told) - share) > _SAME or symbol not in self._by:
            if yours:
                ours = self._put.get(symbol)
                self._by[symbol] = YOU if ours is not None and abs(ours - share) <= _SAME else HOST
            else:
                # What moves elsewhere while the model drives is yours at once.
                self._by[symbol] = MODEL if driving else HOST
        self._surface.tell(here, float(value))
        self._surface.tell(f"{here}/normalised", float(share))
        self._surface.tell(f"{here}/yours", int(yours))
        self._surface.tell(f"{here}/by", self._by[symbol])
