"""How a rendered candidate is judged: which evidence foretells how far it is from the target.

On validation audio the target is known. Many candidates are rendered for each case, and the
weights of the evidence that best foretell their distances, none below zero, go into the card.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.pool import Pool as Workers
from pathlib import Path

import numpy as np
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


UNWEIGHED = DecisionRecord(weights=dict.fromkeys(EVIDENCE, 1.0), temperature=0.1)
"""For a model whose candidates were not judged yet."""


@dataclass(frozen=True)
class Judged:
    """One case's candidates: evidence (n, e), and distance to the target (n,)."""

    evidence: Floats
    distance: Floats


def weigh(source: ExampleSource, models: Path, cases: int, workers: Workers) -> DecisionRecord:
    """The weights for the exported model of the source's plugin."""
    jobs = [(source, models, index) for index in range(cases)]
    return fit_weights(workers.starmap(judge, jobs, chunksize=1))


def judge(source: ExampleSource, models: Path, index: int) -> Judged:
    """Render and score the candidates of one case."""
    example = source[index]
    matcher = Matcher(source.plugin, models)
    reference = matcher.analyse(example.reference, example.sample_rate, "reference", True)
    search = Search(matcher, source.effect, example.dry, example.sample_rate, reference, index)
    search.explore()
    rate = matcher.features.sample_rate_hz
    target = resample(example.target[0], example.sample_rate, rate)
    heard = [candidate.heard for candidate in search.candidates]
    raw = np.array(mrstft_each(heard, target))
    matched = np.array(mrstft_each([match_rms(audio, target) for audio in heard], target))
    evidence = np.stack([candidate.evidence for candidate in search.candidates])
    return Judged(evidence, ((raw + matched) / 2).astype(np.float32))


def fit_weights(cases: Sequence[Judged]) -> DecisionRecord:
    """Least squares with no weight below zero, of differences within each case."""
    rows, goals, shares = [], [], []
    for case in cases:
        nearness = np.exp(-(case.distance - case.distance.min()) / NEARNESS)
        nearness /= nearness.sum()
        rows.append(case.evidence - nearness @ case.evidence)
        goals.append(case.distance - nearness @ case.distance)
        shares.append(np.sqrt(nearness))
    share = np.concatenate(shares)
    weights, _ = nnls(np.concatenate(rows) * share[:, None], np.concatenate(goals) * share)
    left = np.concatenate(goals) - np.concatenate(rows) @ weights
    temperature = float(np.sqrt(np.sum((left * share) ** 2) / np.sum(share**2)))
    return DecisionRecord(
        weights=dict(zip(EVIDENCE, weights.round(5).tolist(), strict=True)),
        temperature=round(max(temperature, _LEAST_TEMPERATURE), 4),
    )
