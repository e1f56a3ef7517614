"""Decide by rendering: try settings on the playing itself and take the safest one that fits.

Predictors, or a slot's start where it has none, propose candidates; the plugins render each; the
sound is compared with the reference; CMA-ES goes on from the best. The answer is the candidate of
least expected distance to all that are likely (minimum Bayes risk), so an outlier that happens to
fit does not win. Leaving the chain out, with or without a gain, are candidates too.

Runs on the caller's thread and takes seconds: live use gives it a process of its own (`worker`).
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from bridge.analysis.features import FeatureSettings
from bridge.analysis.statistics import LEVEL_NAMES, statistics
from bridge.analysis.windows import at_feature_rate, rms_db
from bridge.arrays import Audio, Floats
from bridge.audio.resample import to_mono
from bridge.chain import ChainSetting
from bridge.effects import ChainEffect
from bridge.errors import AudioError
from bridge.estimate.answer import Answer
from bridge.estimate.estimator import Estimator
from bridge.estimate.listener import Analysis, ReferenceAnalysis
from bridge.models.cards import DecisionRecord
from bridge.search.bayes_risk import RiskTable, distance, distances, spectral_features
from bridge.search.comb_tuning import Tuning, is_linear
from bridge.search.deadline import Deadline
from bridge.search.echo_alignment import Aligned, Alignment
from bridge.search.evidence import Judge
from bridge.search.evolution import Evolution, Individual, prepare
from bridge.search.proposals import proposals

EVOLVED, EVOLVED_UNTRAINED = 45, 240
"""Candidates that CMA-ES tries at the most, from a predictor's proposals and from a bare start."""
SPREAD, SPREAD_UNTRAINED = 0.08, 0.2
"""Deviation of normalised values with which it begins."""
LIKELY = 12
"""How many of the best may be true, beside all that was sampled."""
CHOICES = 48
"""How many of the best may be the answer, beside all that was sampled."""
LEAST_PRIOR = 0.02
"""A prior is never surer than this that the reference is dry, or that it is not."""
AUDIBLE = 0.1
"""Distance below which a setting counts as leaving the sound alone."""
ALIGNED = 2
"""How many of the best candidates have their echoes moved to where the reference's are."""
_TUNING_SHARE, _SAMPLING_SHARE, _ALIGNMENT_SHARE = 0.4, 0.5, 0.3
"""How much of the time that is left they may take."""
_MARGIN = 1.5
"""Times that the last step may take longer than it was measured to."""
_SILENT_DB = -100.0
_LOUDNESS, _RMS = LEVEL_NAMES.index("k_weighted_db"), LEVEL_NAMES.index("rms_db")
_GAIN = "gain"
"""The manifest's kind of a plugin that changes nothing but the level."""
CONVINCING = 0.1
"""What no model was trained for must cost less than doing nothing by this share of it.

Of its evidence only the spectrum counts, which small differences of playing move as well.
"""


@dataclass(frozen=True)
class Trial:
    """A setting to be rendered."""

    setting: ChainSetting
    fixed: frozenset[int] = frozenset()
    """Predicted parameters, by number, that are in place."""


@dataclass(frozen=True)
class Candidate:
    """One way to answer, and what it sounds like."""

    setting: ChainSetting
    gain_db: float
    """Where every slot is left out."""
    audio: Audio
    """Mono at the features' rate."""
    evidence: Floats
    """(len(EVIDENCE),)."""
    cost: float
    sampled: bool = False
    """Whether it was proposed, or leaves the chain out; not what the search made of another."""
    fixed: frozenset[int] = frozenset()
    """Predicted parameters, by number, that the search leaves where they are."""

    @property
    def bypass(self) -> bool:
        """Whether the chain is left out."""
        return self.setting.dry

    @cached_property
    def spectral_features(self) -> Floats:
        """What distances between candidates are taken of."""
        return spectral_features(self.audio)


def warm_up(estimator: Estimator) -> None:
    """Do what takes long the first time, so that no budget has to pay for it."""
    estimator.warm_up()
    prepare()


def decide(
    estimator: Estimator,
    effect: ChainEffect,
    audio: Audio,
    sample_rate: float,
    reference: ReferenceAnalysis,
    budget_s: float | None = None,
    seed: int = 0,
) -> Answer:
    """The answer for playing of shape (channels, frames) at the host's rate.

    Without `budget_s` the work, and so the answer, depends on the arguments alone; with it, fewer
    candidates are tried where time is short. Raises AudioError where the audio is silent, and
    ModelError where the card judges by other evidence than this version.
    """
    deadline = Deadline.after(budget_s)
    search = Search(estimator, effect, audio, sample_rate, reference, seed=seed)
    search.explore(deadline)
    return search.answer()


class Search:
    """The candidates for one piece of playing and one reference."""

    def __init__(
        self,
        estimator: Estimator,
        effect: ChainEffect,
        audio: Audio,
        sample_rate: float,
        reference: ReferenceAnalysis,
        decision: DecisionRecord | None = None,
        seed: int = 0,
    ) -> None:
        """`decision` says how to judge candidates, by itself the card. Raises as `decide` does."""
        self._estimator, self._effect = estimator, effect
        self._rate, self._reference, self._seed = sample_rate, reference, seed
        self._random = np.random.default_rng(seed)
        self._audio = _excerpt(audio, sample_rate, estimator.features)
        self._played = self._analyse(at_feature_rate(self._audio, sample_rate, estimator.features))
        self._judge = Judge(estimator, self._played, reference, sample_rate, decision)
        self._output = _output_of(estimator)
        """The predicted parameter, by number, that is the gain behind all else; it is computed."""
        self._feature_s = self._pair_s = 0.0
        self.candidates: list[Candidate] = []

    def explore(self, deadline: Deadline | None = None) -> None:
        """Try candidates, the predictors' answer first, and be done when the deadline comes."""
        deadline = deadline or Deadline()
        first, *others = proposals(self._estimator, self._judge.predictions, self._random)
        tuned = self._tuned([first, *others], deadline)
        self.render(first, sampled=True)
        self.leave_out(first)
        self._time_last_step()
        limit = deadline.share(_SAMPLING_SHARE)
        for setting in others:
            if limit.passed or self._is_late(deadline):
                break
            self.render(setting, sampled=True)
        for trial in (*self._alignments(deadline), *tuned):
            if self._is_late(deadline):
                return
            self.render(trial.setting, fixed=trial.fixed)
        self._evolve(deadline)

    def render(
        self, setting: ChainSetting, sampled: bool = False, fixed: frozenset[int] = frozenset()
    ) -> float:
        """Render a setting and judge it: its cost, infinite for what is silent or not finite."""
        wet = self._effect.render(self._audio, self._rate, setting)
        if not np.isfinite(wet).all() or rms_db(wet) <= _SILENT_DB:
            return float("inf")
        mono = at_feature_rate(wet, self._rate, self._estimator.features)
        analysis = self._analyse(mono)
        if self._output is not None:
            setting, change_db = self._levelled(setting, analysis, self._output)
            mono = mono * np.float32(10 ** (change_db / 20))
            analysis = _louder(analysis, change_db)
        return self._keep(setting, 0.0, mono, analysis, sampled, fixed).cost

    def leave_out(self, setting: ChainSetting) -> None:
        """Judge the playing as it is, and at the reference's loudness, as candidates."""
        dry = setting.without(slot.id for slot in setting.chain.slots)
        gain_db = float(self._reference.levels[_LOUDNESS] - self._played.levels[_LOUDNESS])
        for change_db in (0.0, gain_db):
            changed = self._audio * np.float32(10 ** (change_db / 20))
            mono = at_feature_rate(changed, self._rate, self._estimator.features)
            self._keep(dry, change_db, mono, self._analyse(mono), sampled=True)

    def answer(self) -> Answer:
        """The candidate of least expected distance to what may be true."""
        choices, possible, risk_table = self.risk_table()
        number = risk_table.best(self._judge.temperature)
        apart = dict(zip(map(id, possible), risk_table.distances[number], strict=True))
        # Leaving the chain out is better than what can hardly be told from it.
        alike = (c for c in self.candidates if c.bypass and apart[id(c)] < AUDIBLE)
        best = next(alike, choices[number])
        answer = Answer.of(self._estimator.chain, self._judge.predictions)
        return answer.decided(best.setting, self._posteriors(best), best.gain_db)

    def risk_table(self) -> tuple[list[Candidate], list[Candidate], RiskTable]:
        """What may be chosen, what may be true, and how far the first are from the second.

        What may be true are the best candidates and what was sampled: the first crowd around one
        guess, the others say how uncertain it was. Nearly any candidate may be chosen: where
        little is certain, one that is likely itself can be farther from the truth than a cautious
        one.
        """
        ranked = sorted(self.candidates, key=lambda candidate: candidate.cost)
        choices = ranked[:CHOICES] + [c for c in ranked[CHOICES:] if c.sampled]
        if not self._estimator.trained:
            limit = (1 - CONVINCING) * min(c.cost for c in self.candidates if c.bypass)
            convincing = [c for c in choices if not c.bypass and c.cost < limit]
            choices = convincing or [c for c in self.candidates if c.bypass]
        possible = ranked[:LIKELY] + [c for c in ranked[LIKELY:] if c.sampled]
        dry = float(np.prod([prediction.bypass for prediction in self._judge.predictions]))
        dry = min(max(dry, LEAST_PRIOR), 1 - LEAST_PRIOR)
        return (
            choices,
            possible,
            RiskTable(
                np.array([c.cost for c in possible]),
                np.array([dry if c.bypass else 1 - dry for c in possible]),
                distances(
                    [c.spectral_features for c in choices],
                    [c.spectral_features for c in possible],
                ),
            ),
        )

    def _evolve(self, deadline: Deadline) -> None:
        """Let CMA-ES go on from the best candidate."""
        ranked = self._best_wet()
        if not ranked:
            return
        trained = self._estimator.trained
        best, most = ranked[0], EVOLVED if trained else EVOLVED_UNTRAINED
        spread = SPREAD if trained else SPREAD_UNTRAINED
        computed = frozenset() if self._output is None else {self._output}
        evolution = Evolution(best.setting, spread, self._seed, best.fixed | computed)
        while evolution.dimensions and most > 0:
            generation: list[tuple[Individual, float]] = []
            for _ in range(evolution.population):
                if self._is_late(deadline):
                    return
                individual = evolution.ask()
                generation.append((individual, self._cost_of(individual.setting, best.fixed)))
            evolution.tell(generation)
            most -= evolution.population

    def _cost_of(self, setting: ChainSetting, fixed: frozenset[int]) -> float:
        if setting.dry:
            # It has been judged already, with no gain and with the best.
            return min(candidate.cost for candidate in self.candidates if candidate.bypass)
        return self.render(setting, fixed=fixed)

    def _tuned(self, starts: list[ChainSetting], deadline: Deadline) -> list[Trial]:
        """The only slot's setting tuned to the comb in the reference, where its effect is linear.

        Inside a longer chain what stands behind a slot blurs its comb.
        """
        if len(self._effect.effects) > 1 or not self._judge.weighs_combs:
            return []
        (effect,) = self._effect.effects
        limit = deadline.share(_TUNING_SHARE)
        features = self._estimator.features
        if not is_linear(effect, self._rate, features, limit):
            return []
        comb = self._reference.cepstral_comb
        self._judge.tuning = Tuning(effect, self._rate, features, comb)
        slots = [setting.settings[0] for setting in starts]
        return [
            _in_chain(aligned, starts[0], 0) for aligned in self._judge.tuning.tune(slots, limit)
        ]

    def _alignments(self, deadline: Deadline) -> Iterator[Trial]:
        """The best candidates with their echoes moved onto the reference's, slot by slot."""
        limit = deadline.share(_ALIGNMENT_SHARE)
        features, echoes = self._estimator.features, self._reference.echoes
        for candidate in self._best_wet()[:ALIGNED]:
            for number, effect in enumerate(self._effect.effects):
                if self._effect.chain.slots[number].id in candidate.setting.bypassed:
                    continue
                alignment = Alignment(effect, self._rate, features, echoes)
                for aligned in alignment.align(candidate.setting.settings[number], limit):
                    yield _in_chain(aligned, candidate.setting, number)

    def _levelled(
        self, setting: ChainSetting, analysis: Analysis, number: int
    ) -> tuple[ChainSetting, float]:
        """The setting with the output gain that brings it to the reference's loudness.

        And how many dB louder that is.
        """
        spec, values = setting.chain.predicted[number].spec, list(setting.predicted)
        before_db = spec.to_real(values[number])
        missing_db = float(self._reference.levels[_LOUDNESS] - analysis.levels[_LOUDNESS])
        values[number] = spec.to_normalised(before_db + missing_db)
        levelled = ChainSetting.of_predicted(setting.chain, values, setting.bypassed)
        return levelled, spec.to_real(values[number]) - before_db

    def _time_last_step(self) -> None:
        """How long the last step takes for a candidate and a pair: there must be time for it."""
        started = time.monotonic()
        features = self.candidates[-1].spectral_features
        self._feature_s = time.monotonic() - started
        distance(features, features)
        self._pair_s = time.monotonic() - started - self._feature_s

    def _is_late(self, deadline: Deadline) -> bool:
        """Whether what is left of the time is needed for the last step."""
        sampled = sum(candidate.sampled for candidate in self.candidates)
        choices = min(len(self.candidates), CHOICES + sampled)
        possible = min(len(self.candidates), LIKELY + sampled)
        needed_s = choices * (self._feature_s + possible * self._pair_s)
        return deadline.left_s <= _MARGIN * needed_s

    def _keep(
        self,
        setting: ChainSetting,
        gain_db: float,
        mono: Audio,
        analysis: Analysis,
        sampled: bool = False,
        fixed: frozenset[int] = frozenset(),
    ) -> Candidate:
        evidence = self._judge.evidence(setting, analysis)
        cost = self._judge.cost(evidence)
        candidate = Candidate(setting, gain_db, mono, evidence, cost, sampled, fixed)
        self.candidates.append(candidate)
        return candidate

    def _posteriors(self, best: Candidate) -> list[Floats]:
        """What is held of every slot's setting, surer of what the reference's comb tells."""
        posteriors = [prediction.posterior for prediction in self._judge.predictions]
        tuning = self._judge.tuning
        if tuning and not best.bypass:
            (posterior,) = posteriors
            posterior = posterior.copy()
            confidence = tuning.confidence(best.setting.settings[0])
            for number in best.fixed:
                value, size = best.setting.predicted[number], posterior.shape[1]
                posterior[number] *= 1 - confidence
                posterior[number, min(int(value * size), size - 1)] += confidence
            posteriors = [posterior]
        return posteriors

    def _best_wet(self) -> list[Candidate]:
        return sorted((c for c in self.candidates if not c.bypass), key=lambda c: c.cost)

    def _analyse(self, mono: Audio) -> Analysis:
        return self._estimator.embed(statistics(mono, self._estimator.features))


def _output_of(estimator: Estimator) -> int | None:
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


def _in_chain(aligned: Aligned, setting: ChainSetting, number: int) -> Trial:
    """A slot's aligned setting among the other slots' settings."""
    settings = list(setting.settings)
    settings[number] = aligned.setting
    before = sum(len(slot.plugin.predicted) for slot in setting.chain.slots[:number])
    return Trial(
        ChainSetting(setting.chain, tuple(settings), setting.bypassed),
        frozenset(before + fixed for fixed in aligned.fixed),
    )


def _excerpt(audio: Audio, sample_rate: float, features: FeatureSettings) -> Audio:
    """The liveliest window of a recording as mono, (1, frames) at its own rate."""
    mono = to_mono(audio)
    frames = min(len(mono), round(features.window_s * sample_rate))
    starts = np.arange(0, len(mono) - frames + 1, max(frames // 4, 1))
    # The window whose quietest quarter is loudest: playing throughout, no long pause.
    quarters = [[rms_db(q) for q in np.array_split(mono[s : s + frames], 4)] for s in starts]
    if not quarters or max(map(max, quarters)) < -80:
        raise AudioError("the playing is silent; nothing can be tried on it")
    start = int(starts[int(np.argmax([min(levels) for levels in quarters]))])
    return mono[None, start : start + frames]
