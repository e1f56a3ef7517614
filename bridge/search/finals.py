"""The last choice: among what is likely best, and doing nothing."""

from dataclasses import dataclass

import numpy as np

from bridge.models.critic import QUANTILES
from bridge.search.judge import Judge
from bridge.search.memory import Tried
from bridge.search.rendering import ExcerptJudge

STAY = 0.05
"""How much nearer, as a share of the distance, another answer must be than the last one."""


@dataclass(frozen=True)
class Finals:
    """Finalists, all of them heard on the same excerpts; doing nothing is the first."""

    excerpts: tuple[ExcerptJudge, ...]
    tried: tuple[Tried, ...]
    judge: Judge
    cautious: float
    """The quantile of the change that must be below 0 for a setting to count as nearer."""

    @property
    def nothing(self) -> Tried:
        """Leaving the playing as it is."""
        return self.tried[0]

    def best(self, last: Tried | None) -> Tried:
        """The finalist of least cost; the last answer, as long as none is clearly nearer.

        What sounds other than the playing must in all probability be nearer than doing nothing.
        """
        possible = [one for one in self.tried if one.setting.dry or self._is_nearer(one)]
        best = min(possible, key=self._cost)
        for one in possible:
            if last and one.is_like(last) and self._cost(best) > self._cost(one) - STAY:
                return one
        return best

    def _cost(self, tried: Tried) -> float:
        return self.judge.cost(tried.setting, tried.on(self.excerpts))

    def _is_nearer(self, tried: Tried) -> bool:
        change = tried.on(self.excerpts).change
        return float(np.interp(self.cautious, QUANTILES, change)) < 0
