"""What changed: one line for one gesture, from, to, by whom."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from bridge.chain import Chain
from bridge.control.nodes import PARAMETER
from bridge.manifest import BYPASS
from gui.views.numbers import real_text
from gui.views.parameters import address, name_in
from gui.views.values import Values, number, text

_SAME_GESTURE_S = 1.0
_KEPT = 500
_LEAST = 0.002
"""Of the range: less is rounding."""


@dataclass(frozen=True)
class Change:
    """The way of one parameter, or of one bypass, from one value to another."""

    began_s: float
    ended_s: float
    name: str
    before: str
    """The value in its unit."""
    after: str
    by: str


Text = Callable[[float], str]


class ChangeLog:
    """Collects the changes of the chain that is chosen."""

    def __init__(self) -> None:
        self.changes: deque[Change] = deque(maxlen=_KEPT)
        """The oldest first."""
        self._known: dict[str, tuple[float, float]] = {}
        """Normalised and real value, by address."""
        self._open: dict[str, int] = {}
        self.total = 0
        """How many lines there ever were of this chain."""

    def follow(self, chain: Chain, values: Values, now_s: float) -> bool:
        """Look at the values again; whether a line is new or longer."""
        news = False
        for p in chain.parameters:
            if (here := address(p)) in values:
                real = number(values, here, p.spec.default)
                name = name_in(chain, p.slot.id, p.spec.name)
                share, words = p.spec.to_normalised(real), partial(real_text, p.spec)
                news |= self._moved(
                    here, name, share, real, words, text(values, f"{here}/by"), now_s
                )
        for slot in chain.slots:
            if (here := f"{PARAMETER}/{slot.address(BYPASS)}") in values:
                on = number(values, here)
                name = name_in(chain, slot.id, "Bypass")
                news |= self._moved(
                    here, name, on, on, _switched, text(values, f"{here}/by"), now_s
                )
        return news

    def forget(self) -> None:
        """Another chain is chosen."""
        self.changes.clear()
        self._known.clear()
        self._open.clear()
        self.total = 0

    def _moved(
        self, where: str, name: str, share: float, real: float, words: Text, by: str, now_s: float
    ) -> bool:
        known_share, known_real = self._known.setdefault(where, (share, real))
        if abs(share - known_share) < _LEAST:
            return False
        self._known[where] = (share, real)
        place = self._open.get(where, -1) - (self.total - len(self.changes))
        if 0 <= place < len(self.changes):
            last = self.changes[place]
            if last.by == by and now_s - last.ended_s < _SAME_GESTURE_S:
                self.changes[place] = replace(last, ended_s=now_s, after=words(real))
                return True
        self.changes.append(Change(now_s, now_s, name, words(known_real), words(real), by))
        self._open[where] = self.total
        self.total += 1
        return True


def _switched(real: float) -> str:
    return "On" if real >= 0.5 else "Off"
