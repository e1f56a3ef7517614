"""The last choice: among what is likely best, and doing nothing."""

from dataclasses import dataclass

import numpy as np

from bridge.models.critic import QUANTILES
from bridge.search.memory import Tried
from bridge.search.rendering import ExcerptJudge

STAY = 0.05
"""How much nearer, as a share of the distance, another answer must be than the last one."""
HEARD = 0.03
"""How much nearer at the least, as a distance: what cannot be heard moves no knob."""
_LIKELIER_THAN_NOT = 0.5


@dataclass(frozen=True)
class Finals:
    """Finalists, all of them heard on the same excerpts; doing nothing is the first."""

    excerpts: tuple[ExcerptJudge, ...]
    tried: tuple[Tried, ...]
    cautious: float
    """The quantile of the change that must be below 0 for a setting to count as nearer."""

    @property
    def nothing(self) -> Tried:
        """Leaving the playing as it is."""
        return self.tried[0]

    def best(self, last: Tried | None) -> Tried:
        """The finalist of least cost; the last answer, as long as none is clearly nearer.

        What sounds other than the playing must in all probability be nearer than doing nothing, and
        the last answer more likely than not.
        """
        kept = [one for one in self.tried if last and one.setting == last.setting]
        possible = [one for one in self.tried if self._is_nearer(one, one in kept)]
        best = min(possible, key=self._cost)
        stay = min((one for one in possible if one in kept), key=self._cost, default=best)
        return best if self._is_clearly_nearer(best, stay) else stay

    def _is_clearly_nearer(self, one: Tried, other: Tried) -> bool:
        heard = other.on(self.excerpts).median - one.on(self.excerpts).median
        return self._cost(one) < self._cost(other) - STAY and heard > HEARD

    def _cost(self, tried: Tried) -> float:
        return tried.on(self.excerpts).cost

    def _is_nearer(self, tried: Tried, kept: bool) -> bool:
        """Than doing nothing, which is always possible."""
        if tried.setting.dry:
            return True
        quantile = min(self.cautious, _LIKELIER_THAN_NOT) if kept else self.cautious
        change = tried.on(self.excerpts).change
        return float(np.interp(quantile, QUANTILES, change)) < 0
