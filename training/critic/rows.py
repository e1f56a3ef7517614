"""Rows to learn judging from: how every candidate of a case sounds, and how far from the target.

A few processes write chunks of cases below the data folder; a kill loses the chunks in work only.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.progress import track

from bridge.analysis.echoes import similarity
from bridge.analysis.metrics import magnitudes, mrstft_with_gain
from bridge.analysis.statistics import statistics
from bridge.analysis.windows import at_feature_rate, rms_db
from bridge.arrays import Audio, Floats
from bridge.chain import Chain, ChainSetting
from bridge.estimate.estimator import Estimator
from bridge.estimate.listener import Analysis, ReferenceAnalysis
from bridge.library import Library
from bridge.search.proposals import proposals
from bridge.search.render_search import Search
from training.critic.cases import Case, CaseSource, effect_of, random_setting
from training.workers import worker_pool

CHUNK = 32
KINDS = ("dry", "gain", "truth", "near", "random", "proposed", "winner")
"""Where a candidate comes from; a row keeps the number."""
_NEAR = (0.02, 0.05, 0.1, 0.2)
"""Deviations of normalised values from the truth."""
_RANDOM, _PROPOSED = 4, 4
_EVOLVED = 60
_WINNERS = (0.0, 0.02, 0.08, 0.3, 0.7)
"""Places, 0..1, among all that a search has tried, whose candidates become rows."""
_SILENT_DB = -80.0
_KEPT = ("embedding", "style", "levels")


@dataclass(frozen=True)
class Row:
    """One candidate: where it comes from, how it sounds, and its distances from the target."""

    kind: str
    analysis: Analysis
    matched: float
    """MRSTFT at the target's level."""
    raw: float


@dataclass(frozen=True)
class Judging:
    """Everything that is heard of a case, and how its candidates come about."""

    case: Case
    estimator: Estimator
    played: Analysis
    heard: ReferenceAnalysis
    """The reference."""
    reference: Analysis
    """What of it is like the excerpt."""
    target: Audio
    """Mono at the features' rate."""

    @classmethod
    def of(cls, case: Case, library: Library) -> "Judging":
        """A case as the search would hear it."""
        estimator = estimator_of_chain(case.chain, library)
        rate = case.sample_rate
        heard = estimator.analyse(case.reference, rate, "reference", repeat_short=True)
        mono = at_feature_rate(case.excerpt.audio, rate, estimator.features)
        played = estimator.embed(statistics(mono, estimator.features))
        target = at_feature_rate(case.target, rate, estimator.features)
        return cls(case, estimator, played, heard, heard.like(case.excerpt.below_db), target)

    def row(self, kind: str, wet: Audio, wanted: Sequence[Floats]) -> Row | None:
        """The row of a candidate's audio (1, frames); None where it is silent or not finite."""
        if not np.isfinite(wet).all() or rms_db(wet) < _SILENT_DB:
            return None
        features = self.estimator.features
        mono = at_feature_rate(wet, self.case.sample_rate, features)
        raw, matched = mrstft_with_gain(mono, self.target, wanted)
        analysis = self.estimator.embed(statistics(mono, features))
        return Row(kind, analysis, matched, raw)


@lru_cache(maxsize=64)
def estimator_of_chain(chain: Chain, library: Library) -> Estimator:
    """A chain's models, loaded once in a process."""
    return Estimator(chain, library)


def settings_of(judging: Judging) -> Iterator[tuple[str, ChainSetting]]:
    """What is tried on a case, and where it comes from: near the truth and far."""
    case, estimator = judging.case, judging.estimator
    draw = np.random.default_rng((case.index, 17))
    if case.truth:
        yield "truth", case.truth
        for deviation in _NEAR:
            values = np.array(case.truth.predicted)
            some = draw.random(len(values)) < 0.7
            values = values + some * deviation * draw.standard_normal(len(values))
            near = np.clip(values, 0, 1).tolist()
            yield "near", ChainSetting.of_predicted(case.chain, near, case.truth.bypassed)
    for _ in range(_RANDOM):
        yield "random", random_setting(draw, case.chain)
    predictions = estimator.predictions(judging.played, judging.reference, case.sample_rate)
    for setting in proposals(estimator, predictions, draw)[:_PROPOSED]:
        yield "proposed", setting


def rows_of(judging: Judging) -> Iterator[Row]:
    """The rows of one case; doing nothing and a plain gain come first."""
    case, wanted = judging.case, magnitudes(judging.target)
    missing_db = float(judging.reference.levels[1] - judging.played.levels[1])
    for kind, change_db in (("dry", 0.0), ("gain", missing_db)):
        louder = case.excerpt.audio * np.float32(10 ** (change_db / 20))
        if row := judging.row(kind, louder, wanted):
            yield row
    effect = effect_of(case.chain)
    for kind, setting in settings_of(judging):
        wet = effect.render(case.excerpt.audio, case.sample_rate, setting)
        if row := judging.row(kind, wet, wanted):
            yield row


def winner_rows(judging: Judging) -> Iterator[Row]:
    """What a search with the critic so far thinks best of a case, and some of what it has tried.

    Doing nothing comes first, then what it likes best.
    """
    case, wanted = judging.case, magnitudes(judging.target)
    if row := judging.row("dry", case.excerpt.audio, wanted):
        yield row
    effect = effect_of(case.chain)
    search = Search(
        judging.estimator, effect, case.playing, case.sample_rate, judging.heard, seed=case.index
    )
    search.explore(most=_EVOLVED)
    ranked = sorted((c for c in search.candidates if not c.bypass), key=lambda c: c.cost)
    numbers = sorted({round(place * (len(ranked) - 1)) for place in _WINNERS}) if ranked else []
    for number in numbers:
        wet = effect.render(case.excerpt.audio, case.sample_rate, ranked[number].setting)
        if row := judging.row("winner", wet, wanted):
            yield row


Rows = Callable[[Judging], Iterator[Row]]


def write_rows(
    source: CaseSource,
    library: Library,
    folder: Path,
    indices: range,
    rows: Rows = rows_of,
    processes: int = 2,
) -> None:
    """Write the chunks of these cases that are not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    jobs = [
        (source, library, chunk, rows, path)
        for start in range(indices.start, indices.stop, CHUNK)
        if not (path := folder / f"{start:07d}.npz").exists()
        for chunk in [range(start, min(start + CHUNK, indices.stop))]
    ]
    if jobs:
        with worker_pool(processes) as workers:
            list(track(workers.imap_unordered(_write_chunk, jobs), "rows", total=len(jobs)))


def _write_chunk(job: tuple[CaseSource, Library, range, Rows, Path]) -> None:
    source, library, indices, rows, path = job
    found = [_arrays(Judging.of(source[index], library), rows) for index in indices]
    arrays = {name: np.concatenate([some[name] for some in found]) for name in found[0]}
    partial = path.with_suffix(".partial.npz")
    np.savez(partial, allow_pickle=False, **arrays)
    partial.rename(path)


def _arrays(judging: Judging, rows: Rows) -> dict[str, npt.NDArray[Any]]:
    """What is kept of one case: of n rows each, of playing and reference once."""
    case, found = judging.case, list(rows(judging))
    count = len(found)
    arrays: dict[str, npt.NDArray[Any]] = {
        "case": np.full(count, case.index),
        "kind": np.array([KINDS.index(row.kind) for row in found]),
        "maker": np.full(count, case.maker, "U10"),
        "chain": np.full(count, case.chain.id, "U24"),
        "distance": np.array([(row.matched, row.raw) for row in found], np.float32),
        "echo_similarity": np.array(
            [
                (
                    similarity(row.analysis.echoes, judging.reference.echoes),
                    similarity(judging.played.echoes, judging.reference.echoes),
                )
                for row in found
            ],
            np.float32,
        ),
    }
    for name in _KEPT:
        arrays[f"candidate_{name}"] = _half([getattr(row.analysis, name) for row in found])
        arrays[f"played_{name}"] = _half([getattr(judging.played, name)])
        arrays[f"reference_{name}"] = _half([getattr(judging.reference, name)])
    return arrays


def _half(values: Sequence[Floats]) -> npt.NDArray[np.float16]:
    return np.clip(np.stack(values), -60_000, 60_000).astype(np.float16)
