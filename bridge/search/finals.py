"""The last choice: among what is likely best, and doing nothing.

Of many candidates the one that is judged best is judged too well. So what was tried later takes the
place of what was tried before only where it is clearly nearer: more time does no harm.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from bridge.models.critic import QUANTILES
from bridge.search.judge import Expectation
from bridge.search.memory import Tried
from bridge.search.rendering import ExcerptJudge

STAY = 0.05
"""How much nearer, as a share of the distance, another answer must be than the last one."""
CLEARLY, CLEARLY_UNTRAINED = 0.2, 0.1
"""How much nearer what was tried later must be than what was tried before: after a network's
proposals, which are likelier than what is tried later, and after a bare start."""
HEARD = 0.03
"""How much nearer at the least, as a distance: what cannot be heard moves no knob."""
_LIKELIER_THAN_NOT = 0.5
_Tried = TypeVar("_Tried")


def _is_nearer_by(share: float, one: Expectation, other: Expectation) -> bool:
    return one.cost < other.cost - share and other.median - one.median > HEARD


def records(
    tried: Iterable[_Tried], expected: Callable[[_Tried], Expectation], clearly: float
) -> list[_Tried]:
    """Of what is in the order of trial, whatever was clearly nearer than all records before it."""
    found: list[_Tried] = []
    for one in tried:
        if not found or _is_nearer_by(clearly, expected(one), expected(found[-1])):
            found.append(one)
    return found


@dataclass(frozen=True)
class Finals:
    """Finalists, all of them heard on the same excerpts: doing nothing, and then in the order in
    which they were tried."""

    excerpts: tuple[ExcerptJudge, ...]
    tried: tuple[Tried, ...]
    cautious: float
    """The quantile of the change that must be below 0 for a setting to count as nearer."""
    clearly: float
    """How much nearer what was tried later must be."""

    @property
    def nothing(self) -> Tried:
        """Leaving the playing as it is."""
        return self.tried[0]

    def best(self, last: Tried | None) -> Tried:
        """What is clearly nearer than what was tried before, or leaving all out where that costs
        less; the last answer, as long as none is clearly nearer.

        What sounds other than the playing must in all probability be nearer than doing nothing, and
        the last answer more likely than not.
        """
        kept = [one for one in self.tried if last and one.setting == last.setting]
        possible = [one for one in self.tried if self._is_nearer(one, one in kept)]
        dry = [one for one in possible if one.setting.dry]
        wet = [one for one in possible if not one.setting.dry]
        if wet:
            wet = [self._last_record(wet, self.excerpts) if last else self._as_soon(wet)]
        best = min((*dry, *wet), key=self._cost)
        stay = min((one for one in possible if one in kept), key=self._cost, default=best)
        return best if _is_nearer_by(STAY, self._expected(best), self._expected(stay)) else stay

    def _last_record(self, wet: list[Tried], excerpts: tuple[ExcerptJudge, ...]) -> Tried:
        return records(wet, lambda one: one.on(excerpts), self.clearly)[-1]

    def _as_soon(self, wet: list[Tried]) -> Tried:
        """The last record on the first excerpt, which is all that there would be less time for;
        another only where it is clearly nearer on all of them."""
        soon = self._last_record(wet, self.excerpts[:1])
        nearest = min(wet, key=self._cost)
        is_clear = _is_nearer_by(self.clearly, self._expected(nearest), self._expected(soon))
        return nearest if is_clear else soon

    def _expected(self, tried: Tried) -> Expectation:
        return tried.on(self.excerpts)

    def _cost(self, tried: Tried) -> float:
        return self._expected(tried).cost

    def _is_nearer(self, tried: Tried, kept: bool) -> bool:
        """Than doing nothing, which is always possible."""
        if tried.setting.dry:
            return True
        quantile = min(self.cautious, _LIKELIER_THAN_NOT) if kept else self.cautious
        change = self._expected(tried).change
        return float(np.interp(quantile, QUANTILES, change)) < 0
