"""The first candidates: what predictors answer, or where slots start, and samples around it."""

from collections.abc import Sequence

import numpy as np

from bridge.chain import ChainSetting, Slot
from bridge.estimate.estimator import Estimator
from bridge.models import Prediction
from bridge.models.loading import Predictor

SAMPLED = 23
_NEAR_START = 0.2
"""Deviation of normalised values around the start of a slot without a predictor."""


def proposals(
    estimator: Estimator, predictions: Sequence[Prediction], random: np.random.Generator
) -> list[ChainSetting]:
    """The predictors' own answer, the medians of the posteriors, and samples from them.

    A slot without a predictor starts from its start. In a longer chain a slot that may be left out
    is left out of half of the samples.
    """
    chain = estimator.chain
    slots = list(zip(chain.slots, estimator.predictors, predictions, strict=True))

    def joined(parts: list[list[float]], bypassed: set[str]) -> ChainSetting:
        values = np.clip([value for part in parts for value in part], 0, 1)
        return ChainSetting.of_predicted(chain, values.tolist(), bypassed)

    optional = [slot.id for slot in chain.slots if slot.optional]
    settings = [
        joined([prediction.parameters.tolist() for _, _, prediction in slots], set()),
        joined([_medians(*one) for one in slots], set(optional)),
    ]
    for _ in range(SAMPLED):
        parts = [_sampled(*one, random) for one in slots]
        settings.append(joined(parts, {slot for slot in optional if random.random() < 0.5}))
    return settings


def _medians(slot: Slot, predictor: Predictor | None, prediction: Prediction) -> list[float]:
    if predictor is None:
        return list(slot.start.predicted)
    edges = np.arange(1, prediction.posterior.shape[1] + 1) / prediction.posterior.shape[1]
    return [
        spec.normalised_of_class(int(np.argmax(row)))
        if spec.classes
        else float(np.interp(0.5, np.cumsum(row), edges))
        for spec, row in zip(slot.plugin.predicted, prediction.posterior, strict=True)
    ]


def _sampled(
    slot: Slot, predictor: Predictor | None, prediction: Prediction, random: np.random.Generator
) -> list[float]:
    values = []
    rows = zip(slot.plugin.predicted, slot.start.predicted, prediction.posterior, strict=True)
    for spec, start, row in rows:
        number = int(random.choice(len(row), p=row / row.sum()))
        if spec.classes:
            values.append(spec.normalised_of_class(number))
        elif predictor is None:
            values.append(start + _NEAR_START * random.standard_normal())
        else:
            values.append(float(number + random.random()) / len(row))
    return values
