"""What the bridge answers: a setting of the plugin, or that it is better left out."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from bridge.arrays import Audio, Floats
from bridge.effects import Effect
from bridge.manifest import PluginSpec, Setting
from bridge.models import Prediction

NEAR = 0.1
"""A confidence is the probability that the true normalised value lies this near, or, of an enum
or toggle, that the class is right."""


@dataclass(frozen=True)
class Answer:
    """A setting, how sure it is, and whether to bypass the plugin instead."""

    setting: Setting
    """Stands also where the plugin is bypassed: the best there is for playing with it."""
    confidence: tuple[float, ...]
    """0..1 for every predicted parameter, in the order of the manifest."""
    bypass_probability: float
    """How likely the reference is dry."""
    bypass: bool
    gain_db: float = 0.0
    """With `bypass`, the plain gain that comes nearest to the reference; else 0."""

    @classmethod
    def of(cls, plugin: PluginSpec, prediction: Prediction) -> Self:
        """The answer of a network alone."""
        setting = Setting.of_predicted(plugin, prediction.parameters.tolist())
        return cls(
            setting,
            confidences(setting, prediction.posterior),
            prediction.bypass,
            bypass=prediction.bypass > 0.5,
        )

    def decided(
        self, setting: Setting, posterior: Floats, bypass: bool = False, gain_db: float = 0.0
    ) -> Self:
        """This answer with what rendering has found in its place."""
        return replace(
            self,
            setting=setting,
            confidence=confidences(setting, posterior),
            bypass=bypass,
            gain_db=gain_db,
        )

    def apply(self, effect: Effect, audio: Audio, sample_rate: float) -> Audio:
        """Audio (channels, frames) as this answer makes it."""
        if self.bypass:
            return np.asarray(audio * np.float32(10 ** (self.gain_db / 20)), np.float32)
        return effect.render(audio, sample_rate, self.setting)


def confidences(setting: Setting, posterior: Floats) -> tuple[float, ...]:
    """Probability mass of (p, bins) within `NEAR` of the setting's values, or of its classes."""
    edges = np.linspace(0, 1, posterior.shape[1] + 1)
    masses = []
    for spec, value, row in zip(
        setting.plugin.predicted, setting.predicted, posterior, strict=True
    ):
        if spec.classes:
            masses.append(float(row[spec.class_of(value)]))
        else:
            below = np.concatenate([[0], np.cumsum(row)])
            low, high = np.interp((value - NEAR, value + NEAR), edges, below)
            masses.append(float(high - low))
    return tuple(min(max(mass, 0.0), 1.0) for mass in masses)
