"""What the critic expects of a setting."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from bridge.analysis.echoes import similarity
from bridge.arrays import Floats
from bridge.chain import ChainSetting
from bridge.estimate.closeness import Closeness
from bridge.estimate.estimator import Estimator
from bridge.estimate.listener import Analysis
from bridge.models.cards import Foretelling
from bridge.models.critic import LEAST_DISTANCE, QUANTILES
from bridge.search.comparison import comparison
from bridge.search.surprise import Surprises

CAUTION = QUANTILES.index(0.75)
"""Candidates are compared by this quantile of what is expected, so that a search does not end where
the critic knows little."""
_LOW, _MEDIAN, _HIGH = (QUANTILES.index(share) for share in (0.1, 0.5, 0.9))


@dataclass(frozen=True)
class Expectation:
    """Quantiles of what is expected of one candidate, (len(QUANTILES),) each."""

    distance: Floats
    """MRSTFT from what the playing should become, half of it raw and half gain-matched."""
    change: Floats
    """Logarithm of how much farther than doing nothing it is; below 0 is nearer."""

    @classmethod
    def mean(cls, several: Sequence[Self]) -> Self:
        """Of the same candidate on several excerpts of the playing."""
        return cls(
            np.mean([one.distance for one in several], axis=0),
            np.mean([one.change for one in several], axis=0),
        )

    @property
    def median(self) -> float:
        """The distance, as likely nearer as farther."""
        return float(self.distance[_MEDIAN])

    @property
    def cost(self) -> float:
        """What candidates are ranked by: logarithm of a distance that is probably not exceeded."""
        return float(np.log(self.distance[CAUTION] + LEAST_DISTANCE))

    @property
    def better(self) -> float:
        """How probable it is, 0..1, that the candidate is nearer than doing nothing."""
        return float(np.interp(0.0, self.change, QUANTILES, left=0.05, right=0.95))

    def closeness(self, nothing: Self, corrected: Foretelling) -> Closeness:
        """The same for a player; `nothing` is what is expected of doing nothing."""
        as_it_is = np.log(nothing.median + LEAST_DISTANCE)
        low, median, high = np.log(self.distance[[_LOW, _MEDIAN, _HIGH]] + LEAST_DISTANCE)
        now = corrected.offset + corrected.slope * as_it_is
        expected = now + corrected.kept * (median - as_it_is)
        return Closeness(
            now=_distance(now),
            expected=_distance(expected),
            low=_distance(expected - corrected.low * (median - low)),
            high=_distance(expected + corrected.high * (high - median)),
            better=self.better,
        )


def _distance(logarithm: float) -> float:
    return max(float(np.exp(logarithm)) - LEAST_DISTANCE, 0.0)


class Judge:
    """Judges candidates for one excerpt of the playing and one reference."""

    def __init__(
        self, estimator: Estimator, played: Analysis, reference: Analysis, sample_rate: float
    ) -> None:
        self._critic = estimator.critic
        self._played, self._reference = played, reference
        self._dry_similarity = similarity(played.echoes, reference.echoes)
        self.predictions = estimator.predictions(played, reference, sample_rate)
        """What is held of every slot's setting."""
        self._surprises = Surprises(estimator.chain, self.predictions)

    def expect(self, setting: ChainSetting, candidate: Analysis) -> Expectation:
        """What is to be expected of a setting that sounds like this."""
        alike = similarity(candidate.echoes, self._reference.echoes)
        compared = comparison(
            _alone(self._played),
            _alone(candidate),
            _alone(self._reference),
            np.array([[alike, self._dry_similarity]], np.float32),
            self._surprises.of(setting)[None],
        )
        judgement = self._critic.judge(compared)
        return Expectation((judgement.matched[0] + judgement.raw[0]) / 2, judgement.change[0])


@dataclass(frozen=True)
class _Rows:
    style: Floats
    levels: Floats


def _alone(analysis: Analysis) -> _Rows:
    """An analysis as the only one of several."""
    return _Rows(analysis.style[None], analysis.levels[None])
