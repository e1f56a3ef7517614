"""What the bridge answers: a setting of the chain, and which slots are better left out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from bridge.arrays import Audio, Floats
from bridge.chain import Chain, ChainSetting
from bridge.effects import ChainEffect
from bridge.estimate.closeness import HARDLY_AUDIBLE, Closeness, Verdict
from bridge.manifest import Setting
from bridge.models import Prediction

__all__ = ["NEAR", "Answer", "Closeness", "Verdict", "shares_near"]

NEAR = 0.1
"""A confidence is the probability that the true normalised value lies this near, or, of an enum
or toggle, that the class is right."""
_AGREED_DRY = 0.25
"""Below it a reference is called dry where its network takes it for dry as well."""
_LEAST_GAIN_DB = 0.05
"""A change of level below it is none."""


@dataclass(frozen=True)
class Answer:
    """A setting, how sure it is, and whether to leave slots out instead."""

    setting: ChainSetting
    """The setting of a slot that is left out is the best there is for playing with it."""
    confidence: tuple[float, ...]
    """0..1 for every predicted parameter, in the order of the chain."""
    bypass_probability: tuple[float, ...]
    """How likely each slot is better left out, in the order of the chain."""
    gain_db: float = 0.0
    """Where all slots are left out, the plain gain that comes nearest to the reference; else 0."""
    closeness: Closeness | None = None
    """None where nothing was rendered: networks alone cannot say."""

    @property
    def verdict(self) -> Verdict:
        """What the answer comes to."""
        if not self.bypass:
            return Verdict.MATCHED
        # Of a chain that no network answers for, only what was tried tells anything. Two takes of
        # one sound are never foretold to be alike, so it counts how near they may be.
        told = self.closeness
        if self.trained if told is None else min(told.now, told.low) < self._dry_below:
            return Verdict.DRY
        return Verdict.GAIN_ONLY if self._changes_level else Verdict.NO_NEARER

    @property
    def advice(self) -> str:
        """The verdict, and what to do where the chain is better left out; one line."""
        chain = self.setting.chain
        told = self.verdict.text(chain)
        if not self.bypass:
            return told
        told += f": bypass {chain.name}"
        if not self._changes_level:
            return told
        way = "up" if self.gain_db > 0 else "down"
        return f"{told} and turn the level {way} by {abs(self.gain_db):.1f} dB"

    @classmethod
    def of(cls, chain: Chain, predictions: Sequence[Prediction]) -> Self:
        """The answer of networks alone."""
        values = np.concatenate([prediction.parameters for prediction in predictions])
        pairs = zip(chain.slots, predictions, strict=True)
        dry = [slot.id for slot, prediction in pairs if prediction.bypass > 0.5]
        setting = ChainSetting.of_predicted(chain, values.tolist(), dry)
        return cls(
            setting,
            shares_near(setting, [prediction.posterior for prediction in predictions]),
            tuple(prediction.bypass for prediction in predictions),
        )

    @property
    def trained(self) -> bool:
        """Whether a network answers for the chain: it has one slot, and a model."""
        slots = self.setting.chain.slots
        return len(slots) == 1 and slots[0].plugin.model is not None

    @property
    def confidences(self) -> dict[str, float]:
        """`confidence` by address, of the parameters that a network knows."""
        pairs = zip(self.setting.chain.predicted, self.confidence, strict=True)
        return {p.address: share for p, share in pairs if p.slot.plugin.model is not None}

    @property
    def bypass(self) -> bool:
        """Whether every slot is left out: the reference sounds dry."""
        return self.setting.dry

    @property
    def _dry_below(self) -> float:
        """Up to which distance a reference is called dry: farther where a network says so too."""
        agreed = self.trained and self.bypass_probability[0] > 0.5
        return _AGREED_DRY if agreed else HARDLY_AUDIBLE

    @property
    def _changes_level(self) -> bool:
        return abs(self.gain_db) >= _LEAST_GAIN_DB

    def decided(
        self,
        setting: ChainSetting,
        posteriors: Sequence[Floats],
        gain_db: float = 0.0,
        closeness: Closeness | None = None,
    ) -> Self:
        """This answer with what rendering has found in its place."""
        return replace(
            self,
            setting=setting,
            confidence=shares_near(setting, posteriors),
            gain_db=gain_db,
            closeness=closeness,
        )

    def apply(self, effect: ChainEffect, audio: Audio, sample_rate: float) -> Audio:
        """Audio (channels, frames) as this answer makes it."""
        if self.bypass:
            return np.asarray(audio * np.float32(10 ** (self.gain_db / 20)), np.float32)
        return effect.render(audio, sample_rate, self.setting)


def shares_near(setting: ChainSetting, posteriors: Sequence[Floats]) -> tuple[float, ...]:
    """Of every slot the probability mass of (p, bins) near its values, in the chain's order."""
    pairs = zip(setting.settings, posteriors, strict=True)
    return tuple(share for one, posterior in pairs for share in _shares_near(one, posterior))


def _shares_near(setting: Setting, posterior: Floats) -> tuple[float, ...]:
    """Probability mass of (p, bins) within `NEAR` of the setting's values, or of its classes."""
    edges = np.linspace(0, 1, posterior.shape[1] + 1)
    masses = []
    pairs = zip(setting.plugin.predicted, setting.predicted, posterior, strict=True)
    for spec, value, row in pairs:
        if spec.classes:
            masses.append(float(row[spec.class_of(value)]))
        else:
            below = np.concatenate([[0], np.cumsum(row)])
            low, high = np.interp((value - NEAR, value + NEAR), edges, below)
            masses.append(float(high - low))
    return tuple(min(max(mass, 0.0), 1.0) for mass in masses)
