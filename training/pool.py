"""Pools: clips and their wet references as statistics, for the stages that need no audio.

A few processes read every clip once and write what is missing, in chunks below the data folder; a
folder's name is the hash of all that decides its content. A kill loses the chunks in work only.
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.progress import track

from bridge.analysis.features import FeatureSettings
from bridge.analysis.statistics import Statistics, statistics
from bridge.analysis.windows import at_feature_rate
from bridge.arrays import Audio, Floats
from bridge.manifest import PluginSpec
from training.corpus import load_index
from training.examples import ClipSettings, ClipSource, ExampleSource, Task
from training.workers import as_done, executor

_CHUNK = 128
DRY = "dry"


@dataclass(frozen=True)
class Heard:
    """n recordings: vectors (n, SIZE) and levels (n, k)."""

    vectors: npt.NDArray[np.float16]
    levels: Floats

    def __len__(self) -> int:
        return len(self.levels)


@dataclass(frozen=True)
class Wet:
    """The references of one plugin, and their settings (n, p); NaN where the reference is dry."""

    heard: Heard
    truth: Floats

    @property
    def clean(self) -> npt.NDArray[np.bool_]:
        """Which references are dry, (n,)."""
        return np.asarray(np.isnan(self.truth[:, 0]))


@dataclass(frozen=True)
class Pool:
    """The dry inputs of n clips, their host rates (n,), and every plugin's references."""

    dry: Heard
    sample_rates: Floats
    wet: Mapping[str, Wet]

    def __len__(self) -> int:
        return len(self.dry)


def load_pool(
    plugins: Sequence[PluginSpec],
    clips: ClipSettings,
    features: FeatureSettings,
    data: Path,
    split: str,
    seed: int,
    count: int,
    *,
    nearly_dry_share: float = 0.0,
    processes: int = 2,
) -> Pool:
    """The pool of `count` clips, built where it is not there yet."""
    source = ClipSource(clips, data / "corpus", split, seed)
    common = [
        clips.model_dump(exclude_defaults=True),
        features.model_dump(),
        [asdict(stem) for stem in load_index(data / "corpus", split)],
        split,
        seed,
    ]
    tasks = {
        plugin.id: Task(plugin=plugin.id, nearly_dry_share=nearly_dry_share) for plugin in plugins
    }
    folders = {DRY: data / "pools" / f"{DRY}-{_key(common)}"}
    for plugin in plugins:
        described = [
            *common,
            plugin.model_dump(exclude={"name", "kind", "model"}),
            tasks[plugin.id].model_dump(),
        ]
        folders[plugin.id] = data / "pools" / f"{plugin.id}-{_key(described)}"
    jobs = []
    for start in range(0, count, _CHUNK):
        missing = {name: _chunk(folder, start) for name, folder in folders.items()}
        missing = {name: path for name, path in missing.items() if not path.exists()}
        if missing:
            sources = [
                ExampleSource(tasks[plugin.id], plugin, source)
                for plugin in plugins
                if plugin.id in missing
            ]
            jobs.append((source, sources, features, range(start, start + _CHUNK), missing))
    if jobs:
        with executor(processes) as workers:
            list(track(as_done(workers, _write_chunk, jobs), "pool", total=len(jobs)))
        for left in (path for f in folders.values() for path in f.glob("*.partial.npz")):
            left.unlink(missing_ok=True)
    dry = _read(folders[DRY], count)
    return Pool(
        Heard(dry["vectors"], dry["levels"]),
        dry["sample_rates"],
        {plugin.id: _wet(_read(folders[plugin.id], count)) for plugin in plugins},
    )


def hear(audio: Audio, sample_rate: float, features: FeatureSettings) -> Statistics:
    """Statistics of (1, frames) audio."""
    return statistics(at_feature_rate(audio, sample_rate, features), features)


def _wet(arrays: dict[str, npt.NDArray[Any]]) -> Wet:
    return Wet(Heard(arrays["vectors"], arrays["levels"]), arrays["truth"])


def _key(described: object) -> str:
    return hashlib.sha256(json.dumps(described).encode()).hexdigest()[:16]


def _chunk(folder: Path, start: int) -> Path:
    return folder / f"{start:07d}.npz"


def _read(folder: Path, count: int) -> dict[str, npt.NDArray[Any]]:
    chunks = []
    for start in range(0, count, _CHUNK):
        with np.load(_chunk(folder, start)) as arrays:
            chunks.append(dict(arrays))
    return {name: np.concatenate([c[name] for c in chunks])[:count] for name in chunks[0]}


def _write_chunk(
    job: tuple[ClipSource, list[ExampleSource], FeatureSettings, range, dict[str, Path]],
) -> None:
    """Hear and write one chunk of clips for whatever is missing."""
    clips, sources, features, indices, paths = job
    rows: dict[str, list[dict[str, npt.ArrayLike]]] = {name: [] for name in paths}
    for index in indices:
        clip = clips[index]
        if DRY in paths:
            heard = hear(clip.dry, clip.sample_rate, features)
            rows[DRY].append(_row(heard) | {"sample_rates": np.float32(clip.sample_rate)})
        for source in sources:
            audio, truth = source.reference(index, clip)
            heard = hear(audio, clip.sample_rate, features)
            count = len(source.plugin.predicted)
            values = np.array(truth.predicted if truth else [np.nan] * count, np.float32)
            rows[source.plugin.id].append(_row(heard) | {"truth": values})
    for name, path in paths.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        # Workers outlive a killed run by the chunk they are at, which the next run makes as well.
        partial = path.with_suffix(f".{os.getpid()}.partial.npz")
        arrays = {key: np.stack([row[key] for row in rows[name]]) for key in rows[name][0]}
        np.savez(partial, allow_pickle=False, **arrays)
        partial.rename(path)


def _row(heard: Statistics) -> dict[str, npt.ArrayLike]:
    return {"vectors": heard.vector.astype(np.float16), "levels": heard.levels}
