"""What changed: one line for one gesture, from, to, by whom."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Self

from bridge.chain import Chain
from bridge.control.nodes import Leaf, node_address
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
    address: str = ""
    """SLOT/SYMBOL of what changed."""
    before_real: float = 0.0


@dataclass(frozen=True)
class Seen:
    """A value as it was last."""

    share: float
    """Normalised."""
    real: float
    words: Callable[[float], str]
    by: str

    @classmethod
    def of(
        cls,
        to_normalised: Callable[[float], float],
        words: Callable[[float], str],
        of: str,
        values: Values,
    ) -> Self:
        """What the engine tells of an address in the chain."""
        real = number(values, node_address(of))
        return cls(to_normalised(real), real, words, text(values, node_address(of, Leaf.BY)))

    @property
    def text(self) -> str:
        """In its unit; asked for only where it has changed."""
        return self.words(self.real)


class ChangeLog:
    """Collects the changes of the chain that is chosen."""

    def __init__(self) -> None:
        self.changes: deque[Change] = deque(maxlen=_KEPT)
        """The oldest first."""
        self._known: dict[str, Seen] = {}
        self._open: dict[str, int] = {}
        self.total = 0
        """How many lines there ever were of this chain."""

    def follow(self, chain: Chain, values: Values, now_s: float) -> bool:
        """Look at the values again; whether a line is new or longer."""
        news = False
        for p in chain.parameters:
            if address(p) in values:
                words = partial(real_text, p.spec)
                seen = Seen.of(p.spec.to_normalised, words, p.address, values)
                name = name_in(chain, p.slot.id, p.spec.name)
                news |= self._moved(p.address, name, seen, now_s)
        for slot in chain.slots:
            if node_address(here := slot.address(BYPASS)) in values:
                seen = Seen.of(float, _switched, here, values)
                news |= self._moved(here, name_in(chain, slot.id, "Bypass"), seen, now_s)
        return news

    def forget(self) -> None:
        """Another chain is chosen."""
        self.changes.clear()
        self._known.clear()
        self._open.clear()
        self.total = 0

    def values_at(self, change: Change) -> dict[str, float]:
        """Real values, by SLOT/SYMBOL, of what has changed since then, as they were after it."""
        since = list(self.changes)[list(self.changes).index(change) + 1 :]
        return {later.address: later.before_real for later in reversed(since)}

    def _moved(self, where: str, name: str, seen: Seen, now_s: float) -> bool:
        known = self._known.setdefault(where, seen)
        if abs(seen.share - known.share) < _LEAST:
            return False
        self._known[where] = seen
        place = self._open.get(where, -1) - (self.total - len(self.changes))
        if 0 <= place < len(self.changes):
            last = self.changes[place]
            if last.by == seen.by and now_s - last.ended_s < _SAME_GESTURE_S:
                self.changes[place] = replace(last, ended_s=now_s, after=seen.text)
                return True
        self.changes.append(
            Change(now_s, now_s, name, known.text, seen.text, seen.by, where, known.real)
        )
        self._open[where] = self.total
        self.total += 1
        return True


def _switched(real: float) -> str:
    return "On" if real >= 0.5 else "Off"
