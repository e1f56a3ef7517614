"""What changed: one line for one gesture, from, to, by whom."""

from collections import deque
from dataclasses import dataclass, replace

from bridge.manifest import ParamSpec, PluginSpec
from gui.views.parameters import address
from gui.views.values import Values, number, text

_SAME_GESTURE_S = 1.0
_KEPT = 500
_LEAST = 0.002
"""Of the range: less is rounding."""


@dataclass(frozen=True)
class Change:
    """One parameter's way from one value to another."""

    began_s: float
    ended_s: float
    spec: ParamSpec
    from_real: float
    to_real: float
    by: str


class ChangeLog:
    """Collects the changes of the plugin that is chosen."""

    def __init__(self) -> None:
        self.changes: deque[Change] = deque(maxlen=_KEPT)
        """The oldest first."""
        self._known: dict[str, float] = {}
        self._open: dict[str, int] = {}
        self.total = 0
        """How many lines there ever were of this plugin."""

    def follow(self, plugin: PluginSpec, values: Values, now_s: float) -> bool:
        """Look at the values again; whether a line is new or longer."""
        news = False
        for spec in plugin.parameters:
            if address(spec) in values:
                real = number(values, address(spec), spec.default)
                news |= self._moved(spec, real, text(values, address(spec, "by")), now_s)
        return news

    def forget(self) -> None:
        """Another plugin is chosen."""
        self.changes.clear()
        self._known.clear()
        self._open.clear()
        self.total = 0

    def _moved(self, spec: ParamSpec, real: float, by: str, now_s: float) -> bool:
        before = self._known.setdefault(spec.symbol, real)
        if abs(spec.to_normalised(real) - spec.to_normalised(before)) < _LEAST:
            return False
        self._known[spec.symbol] = real
        place = self._open.get(spec.symbol, -1) - (self.total - len(self.changes))
        if 0 <= place < len(self.changes):
            last = self.changes[place]
            if last.by == by and now_s - last.ended_s < _SAME_GESTURE_S:
                self.changes[place] = replace(last, ended_s=now_s, to_real=real)
                return True
        self.changes.append(Change(now_s, now_s, spec, before, real, by))
        self._open[spec.symbol] = self.total
        self.total += 1
        return True
