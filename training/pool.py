"""A pool of examples turned into features once, for the stages that need no audio.

Built by a few processes into one file below the data folder; the file's name is the hash of all
that decides its content.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.progress import track

from bridge.analysis.features import FeatureSettings, extract
from bridge.analysis.windows import at_feature_rate
from bridge.arrays import Audio, Floats
from bridge.manifest import PluginSpec
from training.corpus import load_index
from training.examples import Example, ExampleSource, Task

_CHUNK = 64


@dataclass(frozen=True)
class Pool:
    """Features of n examples: pictures (n, bands, columns) float16, levels (n, k), truth (n, p)."""

    input_pictures: npt.NDArray[np.float16]
    reference_pictures: npt.NDArray[np.float16]
    input_levels: Floats
    reference_levels: Floats
    sample_rates: Floats
    truth: Floats

    def __len__(self) -> int:
        return len(self.truth)


def load_pool(
    task: Task,
    plugin: PluginSpec,
    features: FeatureSettings,
    data: Path,
    split: str,
    seed: int,
    examples: int,
    processes: int = 2,
) -> Pool:
    """The pool of that description, built where it is not there yet."""
    description = [
        task.model_dump(),
        plugin.model_dump(),
        features.model_dump(),
        [asdict(stem) for stem in load_index(data / "corpus", split)],
        split,
        seed,
        examples,
    ]
    key = json.dumps(description)
    path = data / "pools" / f"{hashlib.sha256(key.encode()).hexdigest()[:16]}.npz"
    if not path.exists():
        source = ExampleSource(task, plugin, data / "corpus", split, seed)
        pool = _build(source, features, examples, processes)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial.npz")
        np.savez(partial, **asdict(pool))
        partial.rename(path)
    with np.load(path) as arrays:
        return Pool(**arrays)


def _window_of(audio: Audio, sample_rate: int, features: FeatureSettings) -> Audio:
    """The first window of (1, frames) audio, shape (1, window_frames)."""
    mono = at_feature_rate(audio, sample_rate, features)[: features.window_frames]
    return np.pad(mono, (0, features.window_frames - len(mono)))[None]


def features_of(example: Example, features: FeatureSettings) -> tuple[Floats, Floats]:
    """Pictures (2, bands, columns) and levels (2, k) of an example's input and reference."""
    windows = [
        _window_of(audio, example.sample_rate, features)
        for audio in (example.dry, example.reference)
    ]
    both = extract(np.concatenate(windows), features)
    return both.pictures, both.levels


def _build(source: ExampleSource, features: FeatureSettings, examples: int, processes: int) -> Pool:
    chunks = [
        (source, features, range(start, min(start + _CHUNK, examples)))
        for start in range(0, examples, _CHUNK)
    ]
    with get_context("spawn").Pool(processes) as workers:
        done = track(workers.imap(_chunk, chunks), "pool", total=len(chunks))
        columns: Iterator[tuple[npt.NDArray[np.generic], ...]] = zip(*done, strict=True)
        return Pool(*(np.concatenate(column) for column in columns))


def _chunk(
    job: tuple[ExampleSource, FeatureSettings, range],
) -> tuple[npt.NDArray[np.generic], ...]:
    source, features, indices = job
    pictures, levels, rates, truths = [], [], [], []
    for index in indices:
        example = source[index]
        picture, level = features_of(example, features)
        pictures.append(picture.astype(np.float16))
        levels.append(level)
        rates.append(example.sample_rate)
        truths.append(example.truth.predicted)
    picture_pairs, level_pairs = np.stack(pictures), np.stack(levels)
    return (
        picture_pairs[:, 0],
        picture_pairs[:, 1],
        level_pairs[:, 0],
        level_pairs[:, 1],
        np.array(rates, np.float32),
        np.array(truths, np.float32),
    )
