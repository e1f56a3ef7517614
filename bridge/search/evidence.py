"""What speaks for and against a candidate, and the cost that is made of it."""

from collections.abc import Sequence

import numpy as np

from bridge.analysis.echoes import similarity
from bridge.analysis.statistics import GROUPS, LEVEL_NAMES
from bridge.arrays import Floats
from bridge.chain import ChainSetting
from bridge.errors import ModelError
from bridge.estimate.estimator import Estimator
from bridge.estimate.listener import Analysis, ReferenceAnalysis
from bridge.manifest import Setting
from bridge.models import Prediction
from bridge.models.cards import DecisionRecord
from bridge.search.comb_tuning import Tuning

EVIDENCE = (
    *GROUPS,
    "echoes",
    "cepstral_comb",
    "loudness",
    "crest",
    "consistency",
    "negative_log_likelihood",
)
"""What a candidate is judged by: squared distances to the reference by group of statistics, in
units of what content alone makes; how dissimilar to the reference's its prominent echoes are; how
much less of the reference's comb its response has than the best has, where the effect is linear;
squared distances of levels, in dB / 6; how far the network's answer to the candidate is from its
answer to the reference; how improbable the network finds it."""
_LOUDNESS, _CREST = LEVEL_NAMES.index("k_weighted_db"), LEVEL_NAMES.index("crest_db")
_LEAST_PROBABILITY = 1e-3

UNTRAINED = DecisionRecord(
    weights=dict.fromkeys(EVIDENCE, 0.0) | {"spectrum": 2.0, "loudness": 0.1, "crest": 0.05},
    temperature=0.2,
)
"""How a chain is judged that no model was trained for. The spectrum tells most of real gear's
sound; with all groups alike an answer is farther from the target than doing nothing."""


class Judge:
    """Judges candidates for one piece of playing and one reference."""

    def __init__(
        self,
        estimator: Estimator,
        played: Analysis,
        reference: ReferenceAnalysis,
        sample_rate: float,
        decision: DecisionRecord | None = None,
    ) -> None:
        """Without `decision` the card's counts, or what is shipped for chains without one.

        Raises ModelError where it weighs other evidence than there is.
        """
        (card, *others) = [predictor and predictor.card for predictor in estimator.predictors]
        of_card = card.decision if card and not others else UNTRAINED
        decision = decision or of_card
        if set(decision.weights) != set(EVIDENCE):
            raise ModelError(
                f"{estimator.chain.id}: the card weighs {', '.join(decision.weights)} but this"
                f" version judges by {', '.join(EVIDENCE)}; export the model again"
            )
        self.temperature = decision.temperature
        self.weighs_combs = decision.weights["cepstral_comb"] > 0
        self.tuning: Tuning | None = None
        """Where the only slot's effect is linear and its comb tells of its setting."""
        self._weights = np.array([decision.weights[name] for name in EVIDENCE], np.float32)
        self._estimator, self._rate = estimator, sample_rate
        self._played, self._reference = played, reference
        self.predictions = estimator.predictions(played, reference, sample_rate)
        """What is held of every slot's setting."""

    def evidence(self, setting: ChainSetting, analysis: Analysis) -> Floats:
        """(len(EVIDENCE),) of a candidate that sounds like this."""
        squares = (analysis.style - self._reference.style) ** 2
        ends = np.cumsum(list(GROUPS.values()))[:-1]
        groups = [float(part.sum()) for part in np.split(squares, ends)]
        levels = (analysis.levels - self._reference.levels) / 6
        only = None if setting.dry else setting.settings[0]
        return np.array(
            [
                *groups,
                1 - similarity(analysis.echoes, self._reference.echoes),
                self.tuning.lack(only) if self.tuning else 0.0,
                min(levels[_LOUDNESS] ** 2, 4.0),
                min(levels[_CREST] ** 2, 4.0),
                self._inconsistency(analysis),
                negative_log_likelihood(setting, self.predictions),
            ],
            np.float32,
        )

    def cost(self, evidence: Floats) -> float:
        """How far from the target, in MRSTFT and up to a constant, that evidence lets expect."""
        return float(evidence @ self._weights)

    def _inconsistency(self, analysis: Analysis) -> float:
        if not self._estimator.trained:
            return 0.0
        (before,) = self.predictions
        (again,) = self._estimator.predictions(self._played, analysis, self._rate)
        difference = float(np.abs(again.parameters - before.parameters).mean())
        return difference + abs(again.bypass - before.bypass)


def negative_log_likelihood(setting: ChainSetting, predictions: Sequence[Prediction]) -> float:
    """Of a setting under what is held of every slot; mean over a slot's parameters, summed up."""
    return sum(
        _slot_negative_log_likelihood(one, prediction, slot.id in setting.bypassed)
        for slot, one, prediction in zip(
            setting.chain.slots, setting.settings, predictions, strict=True
        )
    )


def _slot_negative_log_likelihood(setting: Setting, prediction: Prediction, bypass: bool) -> float:
    if bypass:
        return -float(np.log(max(prediction.bypass, _LEAST_PROBABILITY)))
    size = prediction.posterior.shape[1]
    total = -float(np.log(max(1 - prediction.bypass, _LEAST_PROBABILITY)))
    for spec, value, row in zip(
        setting.plugin.predicted, setting.predicted, prediction.posterior, strict=True
    ):
        number = spec.class_of(value) if spec.classes else min(int(value * size), size - 1)
        share = max(row[number], _LEAST_PROBABILITY)
        total -= float(np.log(share)) / len(prediction.posterior)
    return total
