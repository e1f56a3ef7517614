"""Whether a predictor helps: the same search with it and without, on clips that were held back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np

from bridge.analysis.metrics import HARM, magnitudes, mrstft_with_gain
from bridge.arrays import Audio
from bridge.audio.resample import resample
from bridge.chain import Chain
from bridge.effects import load_chain
from bridge.errors import AudioError
from bridge.estimate.closeness import HARDLY_AUDIBLE
from bridge.estimate.estimator import Estimator
from bridge.library import Library
from bridge.manifest import PluginSpec
from bridge.search.render_search import Search, warm_up
from training.computing import Computing
from training.evaluation.cases import Case as Question
from training.evaluation.protocol import PROTOCOL_RATE_HZ
from training.examples import ClipSettings, ClipSource, Example, ExampleSource, Task
from training.workers import executor, in_order

SEED = 61
Found = TypeVar("Found")
_DRAWN = 4
"""So many times the wanted clips are drawn at the most."""


@dataclass(frozen=True)
class Case:
    """Distances to the target, half raw and half at its level: 0 is identical."""

    nothing: float
    alone: float
    """Of what the search alone answers."""
    learned: float
    """Of what it answers with the predictor."""
    alone_matched: float
    learned_matched: float
    nothing_matched: float

    @property
    def harmed(self) -> tuple[bool, bool]:
        """Whether doing nothing would have been better, without and with the predictor."""
        limit = self.nothing_matched + HARM
        return self.alone_matched > limit, self.learned_matched > limit


@dataclass(frozen=True)
class Verdict:
    """What came of all cases."""

    cases: tuple[Case, ...]

    @property
    def gains(self) -> tuple[float, float]:
        """How much of the distance is taken back in the mean, without and with the predictor."""
        nothing = self._mean("nothing")
        alone, learned = self._mean("alone"), self._mean("learned")
        return 1 - alone / max(nothing, 1e-9), 1 - learned / max(nothing, 1e-9)

    @property
    def harmed(self) -> tuple[float, float]:
        """Shares of cases in which doing nothing would have been better."""
        alone, learned = zip(*(case.harmed for case in self.cases), strict=True)
        return float(np.mean(alone)), float(np.mean(learned))

    @property
    def better(self) -> bool:
        """Whether the predictor brings the answers nearer, and does no more harm."""
        alone, learned = self.gains
        return learned > alone and self.harmed[1] <= self.harmed[0] + 1 / len(self.cases)

    def _mean(self, name: str) -> float:
        return float(np.mean([getattr(case, name) for case in self.cases]))


Side = tuple[PluginSpec, Library]
"""A plugin's entry, and where its model lies, if it names one."""


@dataclass(frozen=True)
class Trial:
    """What a worker needs; a small thing that travels."""

    before: Side
    learned: Side
    corpus: Path
    clips: ClipSettings
    budget_s: float


def judge(trial: Trial, cases: int, workers: int) -> Verdict:
    """Search so many held-back clips twice each; fewer where few let the plugin be heard."""
    return Verdict(first_found(partial(_case, trial), cases, workers))


def first_found(
    case: Callable[[int], Found | None], wanted: int, workers: int
) -> tuple[Found, ...]:
    """The first cases that are some, by number; `case` must travel to a worker."""
    with executor(workers) as pool:
        drawn = in_order(pool, case, range(_DRAWN * wanted))
        return tuple(islice((one for one in drawn if one is not None), wanted))


def question(
    plugin: PluginSpec, clips: ClipSource, index: int
) -> tuple[Example, tuple[float, float]] | None:
    """An example, and how far doing nothing is from its target, as `distances` has it; None where
    there is nothing to be gained."""
    example = ExampleSource(Task(plugin=plugin.id), plugin, clips)[index]
    (nothing,) = distances([example.dry], example.target, example.sample_rate)
    if example.truth is not None and nothing[0] < HARDLY_AUDIBLE:
        return None
    return example, nothing


def _case(trial: Trial, index: int) -> Case | None:
    clips = ClipSource(trial.clips.plain, trial.corpus, "validation", SEED)
    plugin, _ = trial.before
    asked = question(plugin, clips, index)
    if asked is None:
        return None
    example, nothing = asked
    try:
        answers = [
            answered(side, example, trial.budget_s) for side in (trial.before, trial.learned)
        ]
    except AudioError:
        return None
    both = distances(answers, example.target, example.sample_rate)
    return Case(
        nothing=nothing[0],
        alone=both[0][0],
        learned=both[1][0],
        nothing_matched=nothing[1],
        alone_matched=both[0][1],
        learned_matched=both[1][1],
    )


def answered(side: Side, example: Example, budget_s: float) -> Audio:
    """The input as a search with this entry's predictor, or without one, makes it.

    Seconds are those of computing: on a busy machine both would else try next to nothing.
    """
    plugin, library = side
    return searched(Chain.of_plugin(plugin), library, example, budget_s)


def searched(chain: Chain, library: Library, asked: Example | Question, budget_s: float) -> Audio:
    """The input as a search with this chain makes it, after so many seconds of computing."""
    rate = asked.sample_rate
    estimator, effect = Estimator(chain, library), load_chain(chain)
    warm_up(estimator)
    deadline = Computing.after(budget_s)
    goal = estimator.analyse(asked.reference, rate, "reference")
    search = Search(estimator, effect, asked.dry, rate, goal)
    search.explore(deadline)
    return search.answer(deadline).apply(effect, asked.dry, rate)


def distances(
    answers: Sequence[Audio], target: Audio, sample_rate: float
) -> list[tuple[float, float]]:
    """Of each answer its distance, half raw and half at the target's level, and the latter."""
    wanted = resample(target, sample_rate, PROTOCOL_RATE_HZ)[0]
    spectra = magnitudes(wanted)
    rows = []
    for answer in answers:
        mono = resample(answer, sample_rate, PROTOCOL_RATE_HZ)[0]
        raw, matched = mrstft_with_gain(mono, wanted, spectra)
        rows.append(((raw + matched) / 2, matched))
    return rows
