"""Decide by rendering: try settings on the playing itself and take the safest one that fits.

The network's distributions propose candidates; the plugin renders each; what is heard is compared
with the reference; around the best ones more are tried. The answer is the candidate of least
expected distance to all that are likely (minimum Bayes risk), so an outlier that happens to fit
does not win. Leaving the plugin out, with or without a gain, are candidates too.

Runs on the caller's thread and takes seconds: live use gives it a process of its own
(`background`).
"""

import time
from dataclasses import dataclass

import numpy as np

from bridge.analysis.echoes import similarity
from bridge.analysis.features import FeatureSettings
from bridge.analysis.statistics import GROUPS, LEVEL_NAMES, statistics
from bridge.analysis.windows import at_feature_rate, rms_db
from bridge.arrays import Audio, Floats
from bridge.audio.resample import to_mono
from bridge.effects import Effect
from bridge.errors import AudioError, ModelError
from bridge.estimate.answer import Answer
from bridge.estimate.matcher import Analysis, Matcher, ReferenceAnalysis
from bridge.manifest import Setting
from bridge.models import Prediction
from bridge.models.cards import DecisionRecord
from bridge.search.bayes_risk import RiskTable, distances, spectral_features
from bridge.search.comb_tuning import Tuning, is_linear
from bridge.search.echo_alignment import Aligned, Alignment

SAMPLED = 23
NEIGHBOURS = 15
ROUNDS = 3
BEST = 4
"""How many candidates are varied in a round."""
STEP = 0.08
"""Deviation of a variation, of normalised values; halved from round to round."""
LIKELY = 12
"""How many of the best may be true, beside all that the network drew."""
LEAST_PRIOR = 0.02
"""The network is never surer than this that the reference is dry, or that it is not."""
AUDIBLE = 0.1
"""Distance below which a setting counts as leaving the sound alone."""
ALIGNED = 2
"""How many of the best candidates have their echoes moved to where the reference's are."""
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
units of what content alone makes; how unlike the reference's its sharp echoes are; how much
less of the reference's comb its response has than the best has, where the effect is linear; squared
distances of levels, in dB / 6; how far the network's answer to the candidate is from its answer to
the reference; how improbable the network finds it."""
_LOUDNESS, _CREST = LEVEL_NAMES.index("k_weighted_db"), LEVEL_NAMES.index("crest_db")


@dataclass(frozen=True)
class Candidate:
    """One way to answer, and what it sounds like."""

    setting: Setting
    bypass: bool
    gain_db: float
    heard: Audio
    """Mono at the features' rate."""
    evidence: Floats
    """(len(EVIDENCE),)."""
    sampled: bool = False
    """Whether the network proposed it, or it leaves the plugin out; not a variation of another."""
    fixed: frozenset[int] = frozenset()
    """Predicted parameters, by number, that variations leave where they are."""


def decide(
    matcher: Matcher,
    effect: Effect,
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
    decision = matcher.card.decision
    search = Search(matcher, effect, audio, sample_rate, reference, decision, seed)
    # What is left of the budget is for the risk.
    search.explore(None if budget_s is None else time.monotonic() + 0.8 * budget_s)
    return search.answer()


class Search:
    """The candidates for one piece of playing and one reference."""

    def __init__(
        self,
        matcher: Matcher,
        effect: Effect,
        audio: Audio,
        sample_rate: float,
        reference: ReferenceAnalysis,
        decision: DecisionRecord,
        seed: int,
    ) -> None:
        """`decision` says how to judge candidates. Raises ModelError, AudioError as `decide`."""
        self._matcher, self._effect = matcher, effect
        self._rate, self._reference = sample_rate, reference
        self._draw = np.random.default_rng(seed)
        self._audio = _excerpt(audio, sample_rate, matcher.features)
        self._played = self._analyse(at_feature_rate(self._audio, sample_rate, matcher.features))
        self.prediction = matcher.ask(self._played, reference, sample_rate)
        self.candidates: list[Candidate] = []
        if set(decision.weights) != set(EVIDENCE):
            raise ModelError(
                f"{matcher.plugin.id}: the card weighs {', '.join(decision.weights)} but this"
                f" version judges by {', '.join(EVIDENCE)}; export the model again"
            )
        self._weights = np.array([decision.weights[name] for name in EVIDENCE], np.float32)
        self._temperature = decision.temperature
        # Asking the plugin takes time, so only where the answer counts.
        self._tuning = (
            Tuning(effect, sample_rate, matcher.features, reference.cepstral_comb)
            if decision.weights["cepstral_comb"]
            and is_linear(effect, sample_rate, matcher.features)
            else None
        )

    def explore(self, deadline: float | None = None) -> None:
        """Try candidates, the network's answer first, until `deadline` of the monotonic clock."""

        def late() -> bool:
            return deadline is not None and time.monotonic() > deadline

        first, *others = self.proposals()
        tuned = self._tuning.tune([first, *others]) if self._tuning and not late() else []
        self.hear(first, sampled=True)
        self.hear_without(first)
        for setting in others:
            if late():
                return
            self.hear(setting, sampled=True)
        if late():
            return
        for aligned in self.alignments():
            self.hear(aligned.setting, fixed=aligned.fixed)
        for aligned in tuned:
            self.hear(aligned.setting, fixed=aligned.fixed)
        for number in range(ROUNDS):
            for aligned in self.variations(STEP / 2**number):
                if late():
                    return
                self.hear(aligned.setting, fixed=aligned.fixed)

    def proposals(self) -> list[Setting]:
        """The network's own answer, the medians of its distributions, and draws from them."""
        plugin = self._matcher.plugin
        bins = self.prediction.posterior
        edges = np.arange(1, bins.shape[1] + 1) / bins.shape[1]
        medians = [
            spec.normalised_of_class(int(np.argmax(row)))
            if spec.classes
            else float(np.interp(0.5, np.cumsum(row), edges))
            for spec, row in zip(plugin.predicted, bins, strict=True)
        ]
        settings = [
            Setting.of_predicted(plugin, self.prediction.parameters.tolist()),
            Setting.of_predicted(plugin, np.clip(medians, 0, 1).tolist()),
        ]
        for _ in range(SAMPLED):
            sampled = [self._sampled(index) for index in range(len(plugin.predicted))]
            settings.append(Setting.of_predicted(plugin, sampled))
        return settings

    def alignments(self) -> list[Aligned]:
        """The best candidates with their echoes moved onto the reference's."""
        features, echoes = self._matcher.features, self._reference.echoes
        alignment = Alignment(self._effect, self._rate, features, echoes)
        starts = [candidate.setting for candidate in self._best_wet()[:ALIGNED]]
        return [aligned for start in starts for aligned in alignment.align(start)]

    def variations(self, step: float) -> list[Aligned]:
        """Settings near the best candidates: moved a little, or with one parameter sampled anew."""
        best = self._best_wet()[:BEST]
        if not best:
            return []
        plugin = self._matcher.plugin
        count = len(plugin.predicted)
        varied = []
        for number in range(NEIGHBOURS):
            near = best[number % len(best)]
            moving = np.array(
                [
                    not spec.classes and i not in near.fixed
                    for i, spec in enumerate(plugin.predicted)
                ]
            )
            values = np.array(near.setting.predicted)
            fixed = near.fixed
            if number % 3 == 2:
                index = int(self._draw.integers(count))
                values[index] = self._sampled(index)
                fixed -= {index}
            else:
                values += step * self._draw.standard_normal(count) * moving
            setting = Setting.of_predicted(plugin, np.clip(values, 0, 1).tolist())
            varied.append(Aligned(setting, fixed))
        return varied

    def hear(
        self, setting: Setting, sampled: bool = False, fixed: frozenset[int] = frozenset()
    ) -> None:
        """Render a setting and judge it."""
        wet = self._effect.render(self._audio, self._rate, setting)
        if np.isfinite(wet).all() and rms_db(wet) > -100:
            heard, evidence = self._judge(setting, wet, bypass=False)
            self.candidates.append(Candidate(setting, False, 0.0, heard, evidence, sampled, fixed))

    def hear_without(self, setting: Setting) -> None:
        """Judge the playing as it is, and at the reference's loudness; `setting` stands by."""
        gain_db = float(self._reference.levels[_LOUDNESS] - self._played.levels[_LOUDNESS])
        for change_db in (0.0, gain_db):
            changed = self._audio * np.float32(10 ** (change_db / 20))
            heard, evidence = self._judge(setting, changed, bypass=True)
            self.candidates.append(
                Candidate(setting, True, change_db, heard, evidence, sampled=True)
            )

    def answer(self) -> Answer:
        """The candidate of least expected distance."""
        choices, possible, risk_table = self.risk_table()
        number = risk_table.best(self._temperature)
        apart = dict(zip(map(id, possible), risk_table.distances[number], strict=True))
        # Leaving the plugin out is better than what can hardly be told from it.
        alike = (c for c in self.candidates if c.bypass and apart[id(c)] < AUDIBLE)
        best = next(alike, choices[number])
        network = Answer.of(self._matcher.plugin, self.prediction)
        return network.decided(best.setting, self._posterior(best), best.bypass, best.gain_db)

    def risk_table(self) -> tuple[list[Candidate], list[Candidate], RiskTable]:
        """What may be chosen, what may be true, and how far the first are from the second.

        What may be true are the best candidates and what the network drew: the first crowd around
        one guess, the others say how uncertain it was. Any candidate may be chosen: where little
        is certain, one that is likely itself can be farther from the truth than a cautious one.
        """
        ranked = sorted(self.candidates, key=self._cost)
        possible = ranked[:LIKELY] + [c for c in ranked[LIKELY:] if c.sampled]
        prints = {id(c): spectral_features(c.heard) for c in ranked}
        dry = min(max(self.prediction.bypass, LEAST_PRIOR), 1 - LEAST_PRIOR)
        return (
            ranked,
            possible,
            RiskTable(
                np.array([self._cost(c) for c in possible]),
                np.array([dry if c.bypass else 1 - dry for c in possible]),
                distances([prints[id(c)] for c in ranked], [prints[id(c)] for c in possible]),
            ),
        )

    def _posterior(self, best: Candidate) -> Floats:
        """The network's distributions, surer of what the reference's comb tells."""
        bins = self.prediction.posterior.copy()
        if self._tuning and not best.bypass:
            confidence = self._tuning.confidence(best.setting)
            for number in best.fixed:
                value, size = best.setting.predicted[number], bins.shape[1]
                bins[number] *= 1 - confidence
                bins[number, min(int(value * size), size - 1)] += confidence
        return bins

    def _best_wet(self) -> list[Candidate]:
        return sorted((c for c in self.candidates if not c.bypass), key=self._cost)

    def _sampled(self, index: int) -> float:
        """A value of one parameter from its distribution."""
        row = self.prediction.posterior[index]
        number = int(self._draw.choice(len(row), p=row / row.sum()))
        spec = self._matcher.plugin.predicted[index]
        if spec.classes:
            return spec.normalised_of_class(number)
        return float(number + self._draw.random()) / len(row)

    def _analyse(self, mono: Audio) -> Analysis:
        return self._matcher.embed(statistics(mono, self._matcher.features))

    def _judge(self, setting: Setting, wet: Audio, bypass: bool) -> tuple[Audio, Floats]:
        """What is heard at the features' rate, and the evidence."""
        mono = at_feature_rate(wet, self._rate, self._matcher.features)
        return mono, self._evidence(setting, self._analyse(mono), bypass)

    def _evidence(self, setting: Setting, heard: Analysis, bypass: bool) -> Floats:
        squares = (heard.style - self._reference.style) ** 2
        ends = np.cumsum(list(GROUPS.values()))[:-1]
        groups = [float(part.sum()) for part in np.split(squares, ends)]
        levels = (heard.levels - self._reference.levels) / 6
        again = self._matcher.ask(self._played, heard, self._rate)
        difference = np.abs(again.parameters - self.prediction.parameters).mean()
        return np.array(
            [
                *groups,
                1 - similarity(heard.echoes, self._reference.echoes),
                self._tuning.lack(None if bypass else setting) if self._tuning else 0.0,
                min(levels[_LOUDNESS] ** 2, 4.0),
                min(levels[_CREST] ** 2, 4.0),
                difference + abs(again.bypass - self.prediction.bypass),
                _negative_log_likelihood(setting, self.prediction, bypass),
            ],
            np.float32,
        )

    def _cost(self, candidate: Candidate) -> float:
        return float(candidate.evidence @ self._weights)


def _negative_log_likelihood(setting: Setting, prediction: Prediction, bypass: bool) -> float:
    """Mean negative log-probability of a setting under the network's distributions."""
    if bypass:
        return -float(np.log(max(prediction.bypass, 1e-3)))
    size = prediction.posterior.shape[1]
    total = -float(np.log(max(1 - prediction.bypass, 1e-3)))
    for spec, value, row in zip(
        setting.plugin.predicted, setting.predicted, prediction.posterior, strict=True
    ):
        number = spec.class_of(value) if spec.classes else min(int(value * size), size - 1)
        total -= float(np.log(max(row[number], 1e-3))) / len(prediction.posterior)
    return total


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
