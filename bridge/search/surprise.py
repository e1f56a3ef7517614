"""How a setting agrees with what the predictors hold of it, as the critic is shown it."""

from collections.abc import Sequence

import numpy as np

from bridge.arrays import Floats
from bridge.chain import Chain, ChainSetting
from bridge.manifest import ParamSpec, PluginSpec, Setting
from bridge.models import Prediction

SURPRISES = ("of the setting", "expected", "of leaving all out")
"""Negative logarithms of likelihoods against a uniform guess, in the mean over slots.

The second is what to expect of a setting drawn from what the predictors hold: the lower, the surer
they are. Without a predictor values are no surprise.
"""
_LEAST_PROBABILITY = 1e-3


class Surprises:
    """Of any setting of one chain, under what the predictors hold of every slot."""

    def __init__(self, chain: Chain, predictions: Sequence[Prediction]) -> None:
        slots = zip(chain.slots, predictions, strict=True)
        self._predictions = predictions
        self._expected = float(np.mean([_expected(slot.plugin, held) for slot, held in slots]))
        self._left_out = float(np.mean([_surprise(held.bypass) for held in predictions]))

    def of(self, setting: ChainSetting | None) -> Floats:
        """(len(SURPRISES),); where no setting of the chain is meant, the first is as expected."""
        of_setting = self._expected if setting is None else self._of(setting)
        return np.array([of_setting, self._expected, self._left_out], np.float32)

    def _of(self, setting: ChainSetting) -> float:
        slots = zip(setting.chain.slots, setting.settings, self._predictions, strict=True)
        found = [_of_slot(one, held, slot.id in setting.bypassed) for slot, one, held in slots]
        return float(np.mean(found))


def _of_slot(setting: Setting, held: Prediction, bypass: bool) -> float:
    if bypass:
        return _surprise(held.bypass)
    parameters = zip(setting.plugin.predicted, setting.predicted, held.posterior, strict=True)
    of_values = [_of_value(spec, value, row) for spec, value, row in parameters]
    return _surprise(1 - held.bypass) + sum(of_values) / max(len(of_values), 1)


def _of_value(spec: ParamSpec, value: float, posterior: Floats) -> float:
    size = spec.classes or len(posterior)
    number = spec.class_of(value) if spec.classes else min(int(value * size), size - 1)
    return _surprise(posterior[number] * size)


def _expected(plugin: PluginSpec, held: Prediction) -> float:
    of_values = []
    for spec, row in zip(plugin.predicted, held.posterior, strict=True):
        shares = row[: spec.classes or len(row)]
        densities = np.maximum(shares * len(shares), _LEAST_PROBABILITY)
        of_values.append(-float(shares @ np.log(densities)))
    kept = 1 - held.bypass
    of_kept = _surprise(kept) + sum(of_values) / max(len(of_values), 1)
    return held.bypass * _surprise(held.bypass) + kept * of_kept


def _surprise(likelihood: float) -> float:
    return -float(np.log(max(likelihood, _LEAST_PROBABILITY)))
