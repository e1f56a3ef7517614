"""Log-mel pictures of dry and wet clips: what the baseline's encoder sees.

The clips, settings and seeds are those of a joint experiment's pools, so what the pools know of a
clip (levels, host rate, truth) holds for its pictures too.
"""

import hashlib
import json
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.progress import track

from bridge.analysis.features import FeatureSettings, mel_power
from bridge.analysis.windows import at_feature_rate
from bridge.arrays import Audio, Floats
from bridge.manifest import PluginSpec
from training.corpus import load_index
from training.examples import ClipSettings, ClipSource, ExampleSource, Task
from training.pool import DRY
from training.workers import as_done, executor

SETTINGS = FeatureSettings(window_frames=66_048, fft_hop_frames=512)
SHAPE = (80, 128)
"""Mel bands and columns of one window of 2.75 s."""
_CHUNK = 64
_QUIETEST = 1e-5
_TARGET = "target of "

Stack = npt.NDArray[np.float16]


@dataclass(frozen=True)
class Pictures:
    """The pictures (n, *SHAPE) of n dry inputs and of every plugin's references to them."""

    dry: Stack
    wet: Mapping[str, Stack]
    target: Mapping[str, Stack]
    """The inputs with the references' settings; empty unless asked for."""

    def all(self) -> Stack:
        """Every one, (n · (1 + plugins), *SHAPE)."""
        return np.concatenate([self.dry, *self.wet.values()])


def picture(audio: Audio) -> Floats:
    """The picture, SHAPE, of the first window of mono audio (frames,) at 24 kHz, free of level.

    A band with all of the power is 1, one 80 dB below is -1. What is shorter than the window is
    repeated.
    """
    window = np.resize(audio, SETTINGS.window_frames)
    level_free = window / max(float(np.sqrt(np.mean(window**2))), _QUIETEST)
    floor = 10 ** (SETTINGS.floor_db / 10)
    decibels = 10 * np.log10(np.maximum(mel_power(level_free, SETTINGS), floor))
    return np.asarray(decibels / -SETTINGS.floor_db * 2 + 1, np.float32)


def load_pictures(
    plugins: Sequence[PluginSpec],
    clips: ClipSettings,
    data: Path,
    split: str,
    seed: int,
    count: int,
    processes: int = 2,
    targets: bool = False,
) -> Pictures:
    """The pictures of `count` clips, built where they are not there yet; a kill loses a chunk."""
    source = ClipSource(clips, data / "corpus", split, seed)
    described = [
        clips.model_dump(),
        SETTINGS.model_dump(),
        [asdict(stem) for stem in load_index(data / "corpus", split)],
        [plugin.model_dump(exclude={"model"}) for plugin in plugins],
        [split, seed, _CHUNK, *([_TARGET] if targets else [])],
    ]
    key = hashlib.sha256(json.dumps(described).encode()).hexdigest()[:16]
    folder = data / "pictures" / key
    folder.mkdir(parents=True, exist_ok=True)
    sources = [ExampleSource(Task(plugin=plugin.id), plugin, source) for plugin in plugins]
    paths = {start: folder / f"{start:07d}.npz" for start in range(0, count, _CHUNK)}
    jobs = [
        (source, sources, range(start, start + _CHUNK), path, targets)
        for start, path in paths.items()
        if not path.exists()
    ]
    if jobs:
        with executor(processes) as workers:
            drawn = as_done(workers, _write_chunk, jobs)
            list(track(drawn, f"pictures of {split}", total=len(jobs)))
    chunks = []
    for path in paths.values():
        with np.load(path) as arrays:
            chunks.append(dict(arrays))
    whole = {name: np.concatenate([c[name] for c in chunks])[:count] for name in chunks[0]}
    return Pictures(
        whole[DRY],
        {plugin.id: whole[plugin.id] for plugin in plugins},
        {plugin.id: whole[_TARGET + plugin.id] for plugin in plugins if targets},
    )


def _write_chunk(job: tuple[ClipSource, list[ExampleSource], range, Path, bool]) -> None:
    clips, sources, indices, path, targets = job
    rows: dict[str, list[Floats]] = defaultdict(list)
    for index in indices:
        clip = clips[index]
        heard = {DRY: clip.dry}
        for source in sources:
            heard[source.plugin.id], truth = source.reference(index, clip)
            if targets:
                target = source.render(clip.dry, clip.sample_rate, truth)
                heard[_TARGET + source.plugin.id] = target
        for name, audio in heard.items():
            rows[name].append(picture(at_feature_rate(audio, clip.sample_rate, SETTINGS)))
    partial = path.with_suffix(f".{os.getpid()}.partial.npz")
    stacks = {name: np.stack(row).astype(np.float16) for name, row in rows.items()}
    np.savez(partial, allow_pickle=False, **stacks)
    partial.rename(path)
