"""How a rendered candidate is judged: which evidence foretells how far it is from the target.

On validation audio the target is known. Many candidates are rendered for each case, and the
weights of the evidence that best foretell their distances, none below zero, go into the card.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.pool import Pool as Workers
from pathlib import Path

import numpy as np
from rich.progress import track
from scipy.optimize import nnls

from bridge.analysis.metrics import match_rms, mrstft_each
from bridge.arrays import Floats
from bridge.audio.resample import resample
from bridge.engine.deciding import EVIDENCE, Search
from bridge.engine.matcher import Matcher
from bridge.models.cards import DecisionRecord
from training.examples import ExampleSource

NEARNESS = 0.3
"""MRSTFT within which candidates count most: the choice is among the near ones."""
_LEAST_TEMPERATURE = 0.02

PRIOR_CASES = 8
"""How many cases' worth the weights of all plugins together have for each of them."""

UNWEIGHED = DecisionRecord(weights=dict.fromkeys(EVIDENCE, 1.0), temperature=0.1)
"""For a model whose candidates were not judged yet."""


@dataclass(frozen=True)
class Judged:
    """One case's candidates: evidence (n, e), and distance to the target (n,)."""

    evidence: Floats
    distance: Floats


def weigh(
    sources: Sequence[ExampleSource], models: Path, cases: int, workers: Workers
) -> Iterator[tuple[str, DecisionRecord]]:
    """Plugin id and record for the exported model of every source's plugin."""
    jobs = [(source, models, index) for source in sources for index in range(cases)]
    judged = list(track(workers.imap(_judge, jobs), "weighing evidence", total=len(jobs)))
    together = solve(judged, None)
    for number, source in enumerate(sources):
        own = judged[number * cases : (number + 1) * cases]
        yield source.plugin.id, record(own, solve(own, together))


def _judge(job: tuple[ExampleSource, Path, int]) -> Judged:
    """Render and score the candidates of one case."""
    source, models, index = job
    example = source[index]
    matcher = Matcher(source.plugin, models)
    reference = matcher.analyse(example.reference, example.sample_rate, "reference", True)
    search = Search(matcher, source.effect, example.dry, example.sample_rate, reference, index)
    search.explore()
    rate = matcher.features.sample_rate_hz
    target = resample(example.target[0], example.sample_rate, rate)
    heard = [candidate.heard for candidate in search.candidates]
    matched = [match_rms(audio, target) for audio in heard]
    # Half of the distance is raw, half gain-matched.
    distances = np.reshape(mrstft_each([*heard, *matched], target), (2, -1))
    evidence = np.stack([candidate.evidence for candidate in search.candidates])
    return Judged(evidence, distances.mean(axis=0).astype(np.float32))


def record(cases: Sequence[Judged], weights: Floats) -> DecisionRecord:
    """Weights, and how far they usually are from the distance."""
    evidence, goal = _differences(cases)
    temperature = float(np.sqrt(np.sum((goal - evidence @ weights) ** 2) / len(cases)))
    return DecisionRecord(
        weights=dict(zip(EVIDENCE, weights.round(5).tolist(), strict=True)),
        temperature=round(max(temperature, _LEAST_TEMPERATURE), 4),
    )


def solve(cases: Sequence[Judged], prior: Floats | None) -> Floats:
    """Least squares with no weight below zero, drawn to the prior's as by some more cases."""
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
