"""Which of many plugins and rigs comes nearest: all try a little, and the better ones go on.

Each renders, on one short excerpt of the playing, what its predictor proposes, or settings around
its start, and the critic says how far from the target it is expected to come; the network of kinds
says which kind of effect is likely to have made the reference. By successive halving most of the
time goes to what is likely right. Doing nothing is on the same scale.

Runs on the caller's thread; every step asks the deadline.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log

import numpy as np

from bridge.analysis.statistics import statistics
from bridge.analysis.windows import at_feature_rate
from bridge.arrays import Audio
from bridge.chain import Chain, ChainSetting, chain_of
from bridge.effects import ChainEffect, load_chain
from bridge.errors import EffectError, ModelError
from bridge.estimate.closeness import Closeness
from bridge.estimate.ears import Ears
from bridge.estimate.estimator import Estimator
from bridge.estimate.kinds import Shares, share_of
from bridge.estimate.listener import Analysis, Listener, ReferenceAnalysis
from bridge.library import Library
from bridge.manifest import Manifest
from bridge.search.deadline import Deadline
from bridge.search.excerpts import Excerpt, excerpts
from bridge.search.proposals import proposals
from bridge.search.render_search import Candidate
from bridge.search.rendering import ExcerptJudge
from bridge.spawning import one_blas_thread

ROUNDS = (1, 4, 8, 11)
"""So many more candidates each contender tries in a round, unless time is short."""
STANDING = 3
"""So many go on to the end."""
KEPT = 3
"""So many of a contender's settings are worth to be tried again."""
KIND_WEIGHT = 0.3
"""How much the logarithm of a kind's probability counts beside that of a distance."""
UNKNOWN_SHARE, LEAST_SHARE = 0.05, 1e-3
"""What is taken for the probability of a kind that the network of kinds has not learned."""
CONTEST_SHARE = 0.7
"""How much of a budget a contest takes where its winner is then searched for."""
_SILENT = "nothing that was tried is to be heard"
_TOO_LATE = "there was no time to try it; allow more seconds"


def everything(manifest: Manifest) -> list[Chain]:
    """All plugins and rigs; what a network knows comes first, as it needs the fewest tries."""
    plugins = sorted(manifest.plugins, key=lambda plugin: plugin.model is None)
    rigs = (chain_of(rig.id, manifest) for rig in manifest.rigs)
    return [*map(Chain.of_plugin, plugins), *rigs]


class Contender:
    """One chain: what it has tried, the nearest first."""

    def __init__(
        self,
        estimator: Estimator,
        effect: ChainEffect,
        judge: ExcerptJudge,
        share: float | None = None,
    ) -> None:
        self.estimator = estimator
        self.effect: ChainEffect | None = effect
        """None of one that has left."""
        self.share = share
        """How likely it is, 0..1, that an effect of its kind made the reference."""
        self._judge: ExcerptJudge | None = judge
        self._proposed = _proposed(estimator, judge)
        self.nothing = judge.louder(0.0)
        self.tried: list[Candidate] = []
        self.count = 0
        """How many settings were rendered; what is silent is none of those tried."""
        self.fault = ""
        """Why it tries no more."""

    @property
    def chain(self) -> Chain:
        """What is contending."""
        return self.estimator.chain

    @property
    def cost(self) -> float:
        """What contenders are ranked by, the least first; infinite where nothing sounded.

        A distance alone favours what changes little: a kind that is unlikely to have made the
        reference counts as farther away.
        """
        if not self.tried:
            return float("inf")
        share = UNKNOWN_SHARE if self.share is None else self.share
        return self.tried[0].cost - KIND_WEIGHT * log(share + LEAST_SHARE)

    @property
    def settings(self) -> list[ChainSetting]:
        """The best that were tried."""
        return [candidate.setting for candidate in self.tried[:KEPT]]

    @property
    def closeness(self) -> Closeness:
        """What is expected with the best that was tried."""
        foretelling = self.estimator.critic.card.foretelling
        return self.tried[0].expectation.closeness(self.nothing, foretelling)

    def go_on(self) -> None:
        """Try one setting more, if there is one."""
        setting = next(self._proposed, None)
        if setting is None or self._judge is None or self.fault:
            return
        self.count += 1
        try:
            levelled, expectation = self._judge.levelled(setting)
        except EffectError as error:
            self.fault = str(error)
            return
        if expectation is not None:
            self.tried.append(Candidate(levelled, 0.0, expectation))
            self.tried.sort(key=lambda candidate: candidate.cost)

    def leave(self) -> None:
        """Try no more, and let go of the plugin, which may have a process of its own."""
        self.effect = self._judge = None
        self._proposed = iter(())


@dataclass(frozen=True)
class Ranking:
    """What came of a contest."""

    contenders: tuple[Contender, ...]
    """The nearest first."""
    nothing: float
    """How far the playing is as it is, as the contenders' predictors see it, in the mean."""
    left_out: Mapping[str, str]
    """Why a chain could not be tried, by its id."""

    @property
    def best(self) -> Contender:
        """The nearest. Raises EffectError where none could be tried."""
        if not self.contenders:
            reasons = "; ".join(dict.fromkeys(self.left_out.values())) or "there are none"
            raise EffectError(f"no plugin could be tried: {reasons}")
        return self.contenders[0]

    @property
    def tried(self) -> int:
        """How many settings were rendered in all."""
        return sum(contender.count for contender in self.contenders)


class Contest:
    """Chains of one library, one piece of playing and one reference."""

    def __init__(
        self,
        library: Library,
        played: tuple[Audio, float],
        reference: tuple[Audio, float],
        name: str = "the reference",
        ears: Ears | None = None,
    ) -> None:
        """Audio (channels, frames) and its rate in Hz, each; `name` is the reference's, for faults.

        `ears` are what others of the same library share. Raises AudioError where the playing is
        silent, as soon as it is listened to.
        """
        self._library, self._played, self._reference = library, played, reference
        self._name = name
        self._ears = ears or Ears(library)
        self._heard: dict[Listener, _Heard] = {}

    def warm_up(self) -> None:
        """Listen to playing and reference, so that no budget has to pay for it. Raises as `run`."""
        self._hear(self._ears.newest)

    def run(self, chains: Sequence[Chain], deadline: Deadline) -> Ranking:
        """Let these chains try until the deadline; each tries one setting, if there is time.

        Raises AudioError where playing or reference cannot be used.
        """
        with one_blas_thread():
            return self._run(chains, deadline)

    def _run(self, chains: Sequence[Chain], deadline: Deadline) -> Ranking:
        left_out: dict[str, str] = {}
        standing: list[Contender] = []
        for chain in sorted(chains, key=self._unlikeliness):
            if deadline.passed:
                left_out[chain.id] = _TOO_LATE
                continue
            try:
                standing.append(self._contender(chain))
            except (EffectError, ModelError) as error:
                left_out[chain.id] = str(error)
                continue
            standing[-1].go_on()
        everyone = list(standing)
        for number, most in enumerate(ROUNDS):
            _try(standing, most, deadline.share(1 / (len(ROUNDS) - number)))
            keep = max(-(-len(standing) // 2), STANDING)
            standing.sort(key=_cost)
            for contender in standing[keep:]:
                contender.leave()
            del standing[keep:]
        ranked = sorted((contender for contender in everyone if contender.tried), key=_cost)
        left_out |= {c.chain.id: c.fault or _SILENT for c in everyone if not c.tried}
        nothing = float(np.mean([c.closeness.now for c in ranked])) if ranked else float("nan")
        return Ranking(tuple(ranked), nothing, left_out)

    def goal(self, contender: Contender) -> ReferenceAnalysis:
        """The reference as that contender hears it."""
        return self._hear(contender.estimator.listener).goal

    def _unlikeliness(self, chain: Chain) -> float:
        """Known before anything is opened: the likely ones are tried where time is short."""
        share = share_of(chain, self._hear(self._ears.newest).shares)
        return -(UNKNOWN_SHARE if share is None else share)

    def _contender(self, chain: Chain) -> Contender:
        estimator = Estimator(chain, self._library, self._ears)
        effect = load_chain(chain)
        heard = self._hear(estimator.listener)
        rate = self._played[1]
        judge = ExcerptJudge(estimator, effect, heard.excerpt, rate, heard.goal, heard.analysis)
        return Contender(estimator, effect, judge, share_of(chain, heard.shares))

    def _hear(self, listener: Listener) -> "_Heard":
        if listener not in self._heard:
            self._heard[listener] = self._listened(listener)
        return self._heard[listener]

    def _listened(self, listener: Listener) -> "_Heard":
        features, (audio, rate) = listener.features, self._played
        short = features.model_copy(update={"window_frames": features.least_frames})
        (excerpt,) = excerpts(audio, rate, short)
        mono = at_feature_rate(excerpt.audio, rate, features)
        goal = listener.analyse(*self._reference, self._name)
        analysis = listener.embed(statistics(mono, features))
        like = goal.like(excerpt.below_db)
        shares = self._ears.kinds(listener).shares(analysis, like, rate)
        return _Heard(goal, excerpt, analysis, shares)


@dataclass(frozen=True)
class _Heard:
    """Reference and playing, by one encoder."""

    goal: ReferenceAnalysis
    excerpt: Excerpt
    analysis: Analysis
    shares: Shares


def _try(standing: Sequence[Contender], most: int, deadline: Deadline) -> None:
    """Each in turn tries one setting more, `most` times, until the deadline."""
    for _ in range(most):
        for contender in standing:
            if deadline.passed:
                return
            contender.go_on()


def _cost(contender: Contender) -> float:
    return contender.cost


def _proposed(estimator: Estimator, judge: ExcerptJudge) -> Iterator[ChainSetting]:
    random = np.random.default_rng(0)
    proposed = proposals(estimator, judge.judge.predictions, random)
    chain = estimator.chain
    if len(chain.slots) > 1 or estimator.trained:
        yield from proposed
        return
    # Nothing tells where to look: all over the ranges, and around the start, which may be neutral.
    for setting in dict.fromkeys(proposed):
        anywhere = random.random(len(chain.predicted)).tolist()
        yield ChainSetting.of_predicted(chain, anywhere)
        yield setting
