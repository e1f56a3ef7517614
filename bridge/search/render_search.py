"""Decide by rendering: try settings on the playing itself and take the one that comes nearest.

Predictors, or a slot's start where it has none, propose candidates; the plugins render each; the
critic says how far from the target each is expected to be, and CMA-ES goes on from the best. Doing
nothing, and a plain gain, are candidates on the same scale: a setting is the answer only where it
is nearer than these in all probability. What is likely best is heard on several excerpts of the
playing before it is taken.

Runs on the caller's thread and takes seconds: live use gives it a process of its own (`worker`).
Where a second core is free, a second process judges every other setting (`beside`).
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice

import numpy as np

from bridge.analysis.statistics import LEVEL_NAMES
from bridge.arrays import Audio, Floats
from bridge.chain import ChainSetting
from bridge.effects import ChainEffect
from bridge.errors import PluginFaultError
from bridge.estimate.answer import Answer
from bridge.estimate.estimator import Estimator
from bridge.estimate.listener import ReferenceAnalysis
from bridge.search.beside import Beside, Levelled, Task
from bridge.search.comb_tuning import CLEAR, Tuning, is_linear
from bridge.search.deadline import Deadline
from bridge.search.echo_alignment import Aligned, Alignment
from bridge.search.evolution import Evolution, prepare
from bridge.search.excerpts import Excerpt, excerpts
from bridge.search.finals import CLEARLY, CLEARLY_UNTRAINED, Finals, records
from bridge.search.judge import Expectation
from bridge.search.memory import REMEMBERED, Memory, Tried
from bridge.search.proposals import proposals
from bridge.search.rendering import ExcerptJudge

EVOLVED, EVOLVED_UNTRAINED = 60, 240
"""Candidates that CMA-ES tries at the most, from a predictor's proposals and from a bare start."""
SPREAD, SPREAD_UNTRAINED = 0.08, 0.2
"""Deviation of normalised values with which it begins."""
ALIGNED = 2
"""How many of the best candidates have their echoes moved to where the reference's are."""
FINALISTS = 4
"""How many of the best are heard on every excerpt."""
EXCERPTS = 3
"""On so many excerpts of a recording, where it is long enough."""
_TUNING_SHARE, _SAMPLING_SHARE, _ALIGNMENT_SHARE = 0.4, 0.5, 0.3
"""How much of the time that is left they may take."""
_MARGIN = 1.3
"""Times that the finals may take longer than what was measured says."""
_HEARD_DB = 0.1
"""A plain gain smaller than this is none."""
_COMBED = "reverb"
"""The manifest's kind of plugin whose response has a comb that moves with a parameter."""
_LOUDNESS = LEVEL_NAMES.index("k_weighted_db")


@dataclass(frozen=True)
class Trial:
    """A setting to be rendered."""

    setting: ChainSetting
    fixed: frozenset[int] = frozenset()
    """Predicted parameters, by number, that are in place."""


@dataclass(frozen=True)
class Candidate:
    """One way to answer, and what is expected of it on the first excerpt."""

    setting: ChainSetting
    gain_db: float
    """Where every slot is left out."""
    expectation: Expectation
    fixed: frozenset[int] = frozenset()
    """Predicted parameters, by number, that the search leaves where they are."""

    @property
    def bypass(self) -> bool:
        """Whether the chain is left out."""
        return self.setting.dry

    @property
    def cost(self) -> float:
        """The least is the best."""
        return self.expectation.cost


def warm_up(estimator: Estimator) -> None:
    """Do what takes long the first time, so that no budget has to pay for it."""
    estimator.warm_up()
    size = estimator.critic.card.comparison_size
    estimator.critic.judge(np.zeros((1, size), np.float32))
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
    candidates are tried where time is short. Raises AudioError where the audio is silent.
    """
    deadline = Deadline.after(budget_s)
    search = Search(estimator, effect, audio, sample_rate, reference, seed=seed)
    search.explore(deadline)
    return search.answer(deadline)


class Search:
    """The candidates for one piece of playing and one reference."""

    def __init__(
        self,
        estimator: Estimator,
        effect: ChainEffect,
        audio: Audio,
        sample_rate: float,
        reference: ReferenceAnalysis,
        memory: Memory | None = None,
        seed: int = 0,
        beside: Beside | None = None,
    ) -> None:
        """`memory` is what searches of earlier playing have found, for the same reference; `beside`
        is a process that helps.

        Raises as `decide` does.
        """
        self._estimator, self._effect = estimator, effect
        self._rate, self._reference, self._seed = sample_rate, reference, seed
        self._random = np.random.default_rng(seed)
        first, *others = excerpts(audio, sample_rate, estimator.features, EXCERPTS)
        self._first = self._judged(first)
        self._beside = beside
        if beside:
            beside.turn_to(Task(first, sample_rate, reference))
        self._memory = self.memory = memory or Memory()
        """What the next search of more playing, for the same reference, goes on from."""
        self._others = others
        whole = estimator.analyse(audio, sample_rate, "the playing", repeat_short=True)
        self._gain_db = float(reference.levels[_LOUDNESS] - whole.levels[_LOUDNESS])
        """How much louder the reference is than the playing, both in the mean of their windows."""
        network = estimator.predict(whole, reference, sample_rate).setting.predicted
        self._network = ChainSetting.of_predicted(estimator.chain, network)
        """What the networks answer to all of the playing, with every slot in its place."""
        self._tuning: Tuning | None = None
        self._clearly = CLEARLY if estimator.trained else CLEARLY_UNTRAINED
        self._render_s = 0.0
        self.candidates: list[Candidate] = []

    def explore(
        self,
        deadline: Deadline | None = None,
        most: int = 10_000,
        also: Sequence[ChainSetting] = (),
    ) -> None:
        """Try candidates, the predictors' answer first, until the deadline comes.

        CMA-ES tries `most` at the most. `also` are settings that looked well elsewhere.
        """
        deadline = deadline or Deadline()
        others = proposals(self._estimator, self._first.judge.predictions, self._random)
        first, others = self._network, [one for one in others if one != self._network]
        self._leave_out(self._memory.last.setting if self._memory.last else first)
        tuned = self._tuned([first, *others], deadline)
        known = self._known(tuned)
        started_s = time.monotonic()
        self.render(_as_known(first, known), known.fixed)
        self._render_s = time.monotonic() - started_s
        for number, tried in enumerate(self._memory.tried):
            # Without being heard again the last answer, which is the first, could not stay.
            if number and self._is_late(deadline):
                break
            if not tried.setting.dry:
                self._render_again(tried.setting)
        limit = deadline.share(_SAMPLING_SHARE)
        proposed = (Trial(_as_known(one, known), known.fixed) for one in (*also, *others))
        self.render_all(proposed, lambda: limit.passed or self._is_late(deadline))
        aligned = chain(self._alignments(deadline), tuned)
        self.render_all(aligned, lambda: self._is_late(deadline))
        self._evolve(deadline, most)
        self._prune(deadline)

    def render(self, setting: ChainSetting, fixed: frozenset[int] = frozenset()) -> float:
        """Render a setting and judge it: its cost, infinite for what is silent or not finite."""
        return self._judge(*self._first.levelled(setting), fixed)

    def render_all(
        self, trials: Iterable[Trial], late: Callable[[], bool] = lambda: False
    ) -> list[float]:
        """The costs of trials in their order, until it is late."""
        waiting, costs = iter(trials), []
        while not late() and (some := list(islice(waiting, self._at_once))):
            judged = zip(some, self._levelled([trial.setting for trial in some]), strict=True)
            costs += [self._judge(*levelled, trial.fixed) for trial, levelled in judged]
        return costs

    @property
    def _at_once(self) -> int:
        return 2 if self._beside and self._beside.ready else 1

    def _levelled(self, settings: Sequence[ChainSetting]) -> list[Levelled]:
        """Of one setting, or of two at once."""
        mine, *others = settings
        for other in others:
            if self._beside:
                self._beside.hand_over(other)
        levelled = [self._first.levelled(mine)]
        for other in others:
            theirs = self._beside.answer() if self._beside else None
            levelled.append(theirs or self._first.levelled(other))
        return levelled

    def _render_again(self, setting: ChainSetting) -> None:
        """Judge a setting of earlier playing as it is: an answer is kept only where it is there."""
        self._judge(setting, self._first.expect(setting))

    def _judge(
        self,
        setting: ChainSetting,
        expectation: Expectation | None,
        fixed: frozenset[int] = frozenset(),
    ) -> float:
        if expectation is None:
            return float("inf")
        self.candidates.append(Candidate(setting, 0.0, expectation, fixed))
        return expectation.cost

    def answer(self, deadline: Deadline | None = None) -> Answer:
        """The finalist that is expected nearest on all excerpts, or doing nothing."""
        finals = self._finals(deadline or Deadline())
        best, nothing = finals.best(self._memory.last), finals.nothing
        self.memory = Memory(finals.excerpts, (best, *(t for t in finals.tried if t is not best)))
        expectation = best.on(finals.excerpts)
        foretelling = self._estimator.critic.card.foretelling
        closeness = expectation.closeness(nothing.on(finals.excerpts), foretelling)
        answer = Answer.of(self._estimator.chain, self._first.judge.predictions)
        posteriors = self._posteriors(best.setting)
        return answer.decided(best.setting, posteriors, best.gain_db, closeness)

    def _finals(self, deadline: Deadline) -> Finals:
        """What is likely best, on as many excerpts as there is time for, at least on the first."""
        tried = [
            Tried(c.setting, c.gain_db, {self._first: c.expectation}) for c in self._finalists()
        ]
        heard = [self._first]
        for excerpt in self._more_excerpts():
            if deadline.left_s < _MARGIN * self._render_s * len(tried):
                break
            judge = excerpt if isinstance(excerpt, ExcerptJudge) else self._judged(excerpt)
            tried = [self._also_on(judge, one) for one in tried]
            heard.append(judge)
        silent = {id(one) for one in tried if len(one.expectations) < len(heard)}
        return Finals(
            tuple(heard),
            tuple(one for one in tried if id(one) not in silent),
            self._estimator.critic.card.cautious,
            self._clearly,
        )

    def _more_excerpts(self) -> Iterator[Excerpt | ExcerptJudge]:
        yield from self._others
        yield from self._memory.excerpts[: REMEMBERED - 1 - len(self._others)]

    def _also_on(self, judge: ExcerptJudge, tried: Tried) -> Tried:
        """The same, heard on one excerpt more; as it was where nothing is to be heard."""
        known = (t for t in self._memory.tried if t.is_like(tried) and judge in t.expectations)
        if same := next(known, None):
            expectation: Expectation | None = same.expectations[judge]
        elif tried.setting.dry:
            expectation = judge.louder(tried.gain_db)
        else:
            expectation = judge.expect(tried.setting)
        if expectation is None:
            return tried
        return replace(tried, expectations={**tried.expectations, judge: expectation})

    def _finalists(self) -> list[Candidate]:
        """Leaving the chain out; and of all others the last records, what was the answer before,
        and the best."""
        last, wet = self._memory.last, [c for c in self.candidates if not c.bypass]
        before = [c for c in wet if last and c.setting == last.setting][:1]
        newest = records(wet, lambda c: c.expectation, self._clearly)[::-1]
        likely = list(dict.fromkeys(id(c) for c in (*newest, *self._best_wet())))
        chosen = {*map(id, before), *likely[:FINALISTS]}
        return [c for c in self.candidates if c.bypass or id(c) in chosen]

    def _leave_out(self, setting: ChainSetting) -> None:
        """Judge the playing as it is, and at the reference's loudness, as candidates."""
        dry = setting.all_left_out()
        changes_db = [0.0, self._gain_db] if abs(self._gain_db) > _HEARD_DB else [0.0]
        for change_db in changes_db:
            self.candidates.append(Candidate(dry, change_db, self._first.louder(change_db)))

    def _judged(self, excerpt: Excerpt) -> ExcerptJudge:
        return ExcerptJudge(self._estimator, self._effect, excerpt, self._rate, self._reference)

    def _evolve(self, deadline: Deadline, most: int) -> None:
        """Let CMA-ES go on from the best candidate."""
        ranked = self._best_wet()
        if not ranked:
            return
        trained = self._estimator.trained
        best, most = ranked[0], min(most, EVOLVED if trained else EVOLVED_UNTRAINED)
        spread = SPREAD if trained else SPREAD_UNTRAINED
        output = self._first.output
        computed = frozenset() if output is None else {output}
        evolution = Evolution(best.setting, spread, self._seed, best.fixed | computed)
        while evolution.dimensions and most > 0:
            generation = [evolution.ask() for _ in range(evolution.population)]
            wet = [one for one in generation if not one.setting.dry]
            costs = self.render_all(
                (Trial(one.setting, best.fixed) for one in wet), lambda: self._is_late(deadline)
            )
            if len(costs) < len(wet):
                return
            # Leaving all out has been judged already, with no gain and with the best.
            dry = min(candidate.cost for candidate in self.candidates if candidate.bypass)
            found = iter(costs)
            evolution.tell([(one, dry if one.setting.dry else next(found)) for one in generation])
            most -= evolution.population

    def _prune(self, deadline: Deadline) -> None:
        """The best candidate without each of the slots that may be left out."""
        for best in self._best_wet()[:1]:
            for slot in best.setting.chain.slots:
                if self._is_late(deadline):
                    return
                without = best.setting.without({*best.setting.bypassed, slot.id})
                if slot.optional and slot.id not in best.setting.bypassed and not without.dry:
                    self.render(without)

    def _tuned(self, starts: list[ChainSetting], deadline: Deadline) -> list[Trial]:
        """The only slot's setting tuned to the comb in the reference, where its effect is linear.

        Inside a longer chain what stands behind a slot blurs its comb.
        """
        effect, *others = self._effect.effects
        if others or effect.plugin.kind != _COMBED:
            return []
        limit = deadline.share(_TUNING_SHARE)
        features = self._estimator.features
        slots = [setting.settings[0] for setting in starts]
        try:
            if not is_linear(effect, self._rate, features, limit):
                return []
            self._tuning = Tuning(effect, self._rate, features, self._reference.cepstral_comb)
            tuned = self._tuning.tune(slots, limit)
        except PluginFaultError:
            self._tuning = None
            return []
        return [_in_chain(aligned, starts[0], 0) for aligned in tuned]

    def _known(self, tuned: list[Trial]) -> Trial:
        """What a clear comb tells of the setting for certain; nothing is fixed where none does.

        The critic hears that a comb is another one, but not to the sample.
        """
        for best in tuned[:1]:
            if self._tuning and self._tuning.fit(best.setting.settings[0]) > CLEAR:
                return best
        return Trial(ChainSetting.start(self._estimator.chain))

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

    def _is_late(self, deadline: Deadline) -> bool:
        """Whether what is left of the time is needed to hear the finalists on one more excerpt."""
        more = FINALISTS + 1 if self._others or self._memory.excerpts else 1
        return deadline.left_s <= _MARGIN * more * self._render_s

    def _posteriors(self, best: ChainSetting) -> list[Floats]:
        """What is held of every slot's setting, surer of what the reference's comb tells."""
        posteriors = [prediction.posterior for prediction in self._first.judge.predictions]
        fixed = next((c.fixed for c in self.candidates if c.setting == best), frozenset())
        if self._tuning and not best.dry:
            (posterior,) = posteriors
            posterior = posterior.copy()
            confidence = self._tuning.confidence(best.settings[0])
            for number in fixed:
                value, size = best.predicted[number], posterior.shape[1]
                posterior[number] *= 1 - confidence
                posterior[number, min(int(value * size), size - 1)] += confidence
            posteriors = [posterior]
        return posteriors

    def _best_wet(self) -> list[Candidate]:
        return sorted((c for c in self.candidates if not c.bypass), key=lambda c: c.cost)


def _as_known(setting: ChainSetting, known: Trial) -> ChainSetting:
    """A setting with what is known of it."""
    pairs = enumerate(zip(setting.predicted, known.setting.predicted, strict=True))
    values = [true if number in known.fixed else value for number, (value, true) in pairs]
    return ChainSetting.of_predicted(setting.chain, values, setting.bypassed)


def _in_chain(aligned: Aligned, setting: ChainSetting, number: int) -> Trial:
    """A slot's aligned setting among the other slots' settings."""
    settings = list(setting.settings)
    settings[number] = aligned.setting
    before = sum(len(slot.plugin.predicted) for slot in setting.chain.slots[:number])
    return Trial(
        ChainSetting(setting.chain, tuple(settings), setting.bypassed),
        frozenset(before + fixed for fixed in aligned.fixed),
    )
