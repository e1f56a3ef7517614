"""How a rendered candidate is judged: which evidence foretells how far it is from the target.

On validation audio the target is known. Many candidates are rendered for each case, and the
weights of the evidence that best foretell their distances, none below zero, go into the card. Then
the search is made with these weights, and the temperature whose answers come nearest is taken.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.pool import Pool as Workers
from pathlib import Path

import numpy as np
from rich.progress import track
from scipy.optimize import nnls

from bridge.analysis.metrics import magnitudes, mrstft_with_gain
from bridge.arrays import Audio, Floats
from bridge.audio.resample import resample
from bridge.effects import ChainEffect
from bridge.models.cards import DecisionRecord
from bridge.search.evidence import EVIDENCE
from bridge.search.render_search import Candidate, Search
from training.estimators import estimator_of
from training.examples import ExampleSource

NEARNESS = 0.3
"""MRSTFT within which candidates count most: the choice is among the near ones."""
TEMPERATURES = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2)

PRIOR_CASES = 8
"""How many cases' worth the weights of all plugins together have for each of them."""

UNWEIGHED = DecisionRecord(weights=dict.fromkeys(EVIDENCE, 1.0), temperature=0.1)
"""For a model whose candidates were not judged yet."""


@dataclass(frozen=True)
class Judged:
    """One case's candidates: evidence (n, e), and distance to the target (n,)."""

    evidence: Floats
    distance: Floats


@dataclass(frozen=True)
class _Job:
    """One case of one plugin, whose candidates are judged by `decision`."""

    source: ExampleSource
    models: Path
    index: int
    decision: DecisionRecord


def weigh(
    sources: Sequence[ExampleSource], models: Path, cases: int, workers: Workers
) -> dict[str, DecisionRecord]:
    """How to judge the candidates of every source's plugin, by plugin id, for exported models."""
    weighed = _weights(sources, models, cases, workers)
    jobs = [
        _Job(source, models, index, decision)
        for source, decision in zip(sources, weighed, strict=True)
        for index in range(cases)
    ]
    found = list(track(workers.imap(_answers, jobs), "settling risk", total=len(jobs)))
    achieved = np.array(found).reshape(len(sources), cases, len(TEMPERATURES)).mean(axis=1)
    return {
        source.plugin.id: decision.model_copy(update={"temperature": temperature})
        for source, decision, temperature in zip(
            sources, weighed, best_temperatures(achieved, cases), strict=True
        )
    }


def _weights(
    sources: Sequence[ExampleSource], models: Path, cases: int, workers: Workers
) -> list[DecisionRecord]:
    """Every source's weights, at a temperature that is not settled yet."""
    jobs = [_Job(source, models, index, UNWEIGHED) for source in sources for index in range(cases)]
    judged = list(track(workers.imap(_judge, jobs), "weighing evidence", total=len(jobs)))
    together = solve(judged, None)
    decisions = []
    for first in range(0, len(jobs), cases):
        own = solve(judged[first : first + cases], together)
        weights = dict(zip(EVIDENCE, own.round(5).tolist(), strict=True))
        decisions.append(UNWEIGHED.model_copy(update={"weights": weights}))
    return decisions


def best_temperatures(achieved: Floats, cases: int) -> list[float]:
    """Each plugin's temperature, of mean distances (plugins, TEMPERATURES) that were achieved.

    What all plugins achieve counts as `PRIOR_CASES` cases of each.
    """
    relative = achieved / achieved.mean(axis=1, keepdims=True)
    blended = (cases * relative + PRIOR_CASES * relative.mean(axis=0)) / (cases + PRIOR_CASES)
    return [TEMPERATURES[number] for number in blended.argmin(axis=1)]


def _judge(job: _Job) -> Judged:
    """Render and score the candidates of one case."""
    search, target = _search(job)
    evidence = np.stack([candidate.evidence for candidate in search.candidates])
    return Judged(evidence, _distances(search.candidates, target))


def _answers(job: _Job) -> Floats:
    """How far from the target the answers are that each temperature leads to, (TEMPERATURES,)."""
    search, target = _search(job)
    choices, _, risk_table = search.risk_table()
    chosen = [risk_table.best(temperature) for temperature in TEMPERATURES]
    numbers = sorted(set(chosen))
    distances = _distances([choices[number] for number in numbers], target)
    return np.asarray([distances[numbers.index(number)] for number in chosen], np.float32)


def _search(job: _Job) -> tuple[Search, Audio]:
    """The candidates of one case, and its target at the features' rate."""
    example, estimator = job.source[job.index], estimator_of(job.source.plugin, job.models)
    effect, rate = ChainEffect(estimator.chain, [job.source.effect]), example.sample_rate
    reference = estimator.analyse(example.reference, rate, "reference", True)
    search = Search(estimator, effect, example.dry, rate, reference, job.decision, job.index)
    search.explore()
    return search, resample(example.target[0], rate, estimator.features.sample_rate_hz)


def _distances(candidates: Sequence[Candidate], target: Audio) -> Floats:
    """MRSTFT to the target, half of it raw and half gain-matched, (n,)."""
    wanted = magnitudes(target)
    both = [mrstft_with_gain(candidate.audio, target, wanted) for candidate in candidates]
    return np.asarray(np.mean(both, axis=1), np.float32)


def solve(cases: Sequence[Judged], prior: Floats | None) -> Floats:
    """Least squares with no weight below zero, sampled to the prior's as by some more cases."""
    evidence, goal = _differences(cases)
    if prior is not None:
        spread = np.sqrt(PRIOR_CASES * np.sum(evidence**2, axis=0) / len(cases))
        evidence = np.concatenate([evidence, np.diag(spread)])
        goal = np.concatenate([goal, spread * prior])
    weights, _ = nnls(evidence, goal)
    return np.asarray(weights)


def _differences(cases: Sequence[Judged]) -> tuple[Floats, Floats]:
    """Evidence and distances from each case's own mean, the near candidates counting most."""
    rows, goals = [], []
    for case in cases:
        nearness = np.exp(-(case.distance - case.distance.min()) / NEARNESS)
        nearness /= nearness.sum()
        share = np.sqrt(nearness)
        rows.append((case.evidence - nearness @ case.evidence) * share[:, None])
        goals.append((case.distance - nearness @ case.distance) * share)
    return np.concatenate(rows), np.concatenate(goals)
