"""One excerpt of the playing, through any setting, judged."""

import logging
from dataclasses import replace
from functools import cached_property

from bridge.analysis.lateness import Lateness
from bridge.analysis.statistics import LEVEL_NAMES, statistics
from bridge.analysis.windows import at_feature_rate, rms_db
from bridge.arrays import Audio, usable
from bridge.chain import ChainSetting
from bridge.effects import ChainEffect
from bridge.errors import PluginFaultError
from bridge.estimate.estimator import Estimator
from bridge.estimate.listener import Analysis, ReferenceAnalysis
from bridge.search.excerpts import Excerpt
from bridge.search.judge import Expectation, Judge

_log = logging.getLogger(__name__)
_SILENT_DB = -100.0
_RMS, _LOUDNESS = LEVEL_NAMES.index("rms_db"), LEVEL_NAMES.index("k_weighted_db")
_GAIN = "gain"
"""The manifest's kind of a plugin that changes nothing but the level."""


class ExcerptJudge:
    """Renders settings on one excerpt and says what is expected of them."""

    def __init__(
        self,
        estimator: Estimator,
        effect: ChainEffect,
        excerpt: Excerpt,
        sample_rate: float,
        reference: ReferenceAnalysis,
        played: Analysis | None = None,
    ) -> None:
        """`played` is the excerpt's own analysis, where another judge has made it."""
        self._estimator, self._effect, self._rate = estimator, effect, sample_rate
        self.excerpt = excerpt
        self.played = played or self._analyse(self._mono(excerpt.audio))
        self._reference = reference.like(excerpt.below_db)
        self.judge = Judge(estimator, self.played, self._reference, sample_rate)
        self._dry = ChainSetting.start(estimator.chain).all_left_out()
        self.output = output_of(estimator)
        """The predicted parameter, by number, that is the gain behind all else; it is computed."""

    def louder(self, change_db: float) -> Expectation:
        """What is expected of a plain gain."""
        return self.judge.expect(self._dry, _louder(self.played, change_db))

    def expect(self, setting: ChainSetting) -> Expectation | None:
        """What is expected of a setting; None for what is silent, not finite or late, or fails."""
        analysis = self._heard(setting)
        return None if analysis is None else self.judge.expect(setting, analysis)

    def levelled(self, setting: ChainSetting) -> tuple[ChainSetting, Expectation | None]:
        """The same, with the gain behind all else brought to the reference's loudness."""
        analysis = self._heard(setting)
        if analysis is None:
            return setting, None
        if self.output is None:
            return setting, self.judge.expect(setting, analysis)
        spec, values = setting.chain.predicted[self.output].spec, list(setting.predicted)
        before_db = spec.to_real(values[self.output])
        missing_db = float(self._reference.levels[_LOUDNESS] - analysis.levels[_LOUDNESS])
        values[self.output] = spec.to_normalised(before_db + missing_db)
        changed = ChainSetting.of_predicted(setting.chain, values, setting.bypassed)
        change_db = spec.to_real(values[self.output]) - before_db
        return changed, self.judge.expect(changed, _louder(analysis, change_db))

    def _heard(self, setting: ChainSetting) -> Analysis | None:
        try:
            wet = self._effect.render(self.excerpt.audio, self._rate, setting)
        except PluginFaultError as fault:
            # It costs this setting, and no other.
            _log.info("a setting fails: %s", fault)
            return None
        if not usable(wet) or rms_db(wet) <= _SILENT_DB:
            return None
        mono = self._mono(wet)
        # Long-term statistics do not tell it, and no predictor has learned when it is meant.
        if not self._estimator.trained and self._lateness.is_late(mono):
            return None
        return self._analyse(mono)

    @cached_property
    def _lateness(self) -> Lateness:
        return Lateness(self._mono(self.excerpt.audio), self._estimator.features)

    def _mono(self, audio: Audio) -> Audio:
        return at_feature_rate(audio, self._rate, self._estimator.features)

    def _analyse(self, mono: Audio) -> Analysis:
        return self._estimator.embed(statistics(mono, self._estimator.features))


def output_of(estimator: Estimator) -> int | None:
    """The number of the predicted parameter that is a plain gain at the end of a longer chain."""
    slots, predicted = estimator.chain.slots, estimator.chain.predicted
    if len(slots) == 1 or slots[-1].optional or slots[-1].plugin.kind != _GAIN:
        return None
    last = predicted[-1]
    is_gain = len(slots[-1].plugin.predicted) == 1 and last.spec.unit == "dB"
    return len(predicted) - 1 if is_gain and last.slot is slots[-1] else None


def _louder(analysis: Analysis, change_db: float) -> Analysis:
    """What the same sounds like so many dB louder; only levels are not free of level."""
    levels = analysis.levels.copy()
    levels[[_RMS, _LOUDNESS]] += change_db
    return replace(analysis, levels=levels)
