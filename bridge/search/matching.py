"""Find the setting that brings one recording to the sound of another, within a budget."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from bridge.arrays import Audio
from bridge.chain import ChainSetting
from bridge.effects import ChainEffect
from bridge.errors import ModelError
from bridge.estimate.answer import Answer
from bridge.estimate.estimator import Estimator
from bridge.estimate.listener import Analysis, ReferenceAnalysis
from bridge.search.beside import Beside
from bridge.search.deadline import Deadline
from bridge.search.render_search import Search, warm_up
from bridge.spawning import one_blas_thread


@dataclass(frozen=True)
class Take:
    """A recording, (channels, frames), that is long enough to be analysed."""

    audio: Audio
    sample_rate: float
    name: str
    """What faults call it."""

    def analysed(self, estimator: Estimator) -> Analysis:
        """What the estimator makes of it. Raises AudioError where it cannot be used."""
        return estimator.analyse(self.audio, self.sample_rate, self.name, repeat_short=True)


@dataclass(frozen=True)
class Found:
    """The answer, and what it was found by."""

    answer: Answer
    tried: int
    """How many candidates were rendered and judged."""
    seconds: float
    """How long the answer took, without loading models."""
    goal: ReferenceAnalysis
    """The wanted recording, analysed."""


def require_network(estimator: Estimator, budget_s: float, option: str) -> None:
    """Raise ModelError where nothing may be tried, and no network answers alone."""
    if budget_s == 0 and not estimator.trained:
        raise ModelError(
            f"{estimator.chain.id}: no model answers for this chain by itself; give a {option}"
            " above 0, so that settings are tried"
        )


def search_until(search: Search, deadline: Deadline, also: Sequence[ChainSetting] = ()) -> Answer:
    """The answer of a whole search, in which `also` these settings are tried."""
    with one_blas_thread():
        search.explore(deadline, also=also)
        return search.answer(deadline)


def find_setting(
    estimator: Estimator,
    effect: ChainEffect,
    played: Take,
    wanted: Take,
    budget_s: float,
    beside: Beside | None = None,
) -> Found:
    """Take at most about `budget_s` seconds, once models are loaded; with 0 the networks answer.

    `beside` is a process that helps. Raises AudioError for a recording that cannot be used,
    EffectError where the chain fails.
    """
    if budget_s > 0:
        warm_up(estimator)
        effect.warm_up()
    else:
        estimator.warm_up()
    started_s, deadline = time.monotonic(), Deadline.after(budget_s)
    goal = estimator.analyse(wanted.audio, wanted.sample_rate, wanted.name)
    if budget_s > 0:
        rate = round(played.sample_rate)
        search = Search(estimator, effect, played.audio, rate, goal, beside=beside)
        answer, tried = search_until(search, deadline), len(search.candidates)
    else:
        answer = estimator.predict(played.analysed(estimator), goal, played.sample_rate)
        tried = 0
    return Found(answer, tried, time.monotonic() - started_s, goal)
