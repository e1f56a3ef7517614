"""Cases of real gear: captures of amplifiers and pedals, which nothing here can reach exactly.

The corpus keeps them for each split: clips before and after captures (`training.corpus`).
"""

import hashlib
from collections.abc import Sequence
from itertools import groupby, zip_longest
from pathlib import Path

import numpy as np
import soundfile

from bridge.arrays import Audio
from training.corpus import GearPair, load_pairs
from training.corpus.stems import INDEX
from training.errors import TrainingError
from training.evaluation.cases import Case, NoCaseError
from training.examples import HALF_S


class GearCases:
    """One clip of a capture is the input, before it and as target after it; another the reference.

    The captures take turns, so the first cases are of as many captures as there are.
    """

    def __init__(self, folder: Path) -> None:
        """`folder` is a split's. Raises NoCaseError without an index, TrainingError where it is not
        valid."""
        self._folder = folder
        self._pairs = _pairs(_read_index(folder))
        if not self._pairs:
            raise NoCaseError(f"{folder / INDEX} has no capture with two clips of other playing")

    def __len__(self) -> int:
        return len(self._pairs)

    def __getitem__(self, index: int) -> Case:
        played, other = self._pairs[index]
        dry, target, rate = self._excerpts(played)
        _, reference, its_rate = self._excerpts(other)
        if rate != its_rate:
            raise TrainingError(
                f"{self._folder}: {played.wet} is at {rate} Hz, {other.wet} at {its_rate} Hz;"
                " write the folder again"
            )
        return Case(
            played.stem, played.capture, rate, dry, target, reference, truth=None, clean=False
        )

    def _excerpts(self, played: GearPair) -> tuple[Audio, Audio, int]:
        """The loudest stretch of the clip, as long as a half, before and after the capture."""
        dry, rate = self._read(played.dry)
        wet, its_rate = self._read(played.wet)
        if rate != its_rate:
            raise TrainingError(
                f"{self._folder}: {played.dry} is at {rate} Hz, {played.wet} at {its_rate} Hz;"
                " write the folder again"
            )
        frames = min(len(dry), len(wet), round(HALF_S * rate))
        starts = range(0, min(len(dry), len(wet)) - frames + 1, max(frames // 4, 1))
        start = max(starts, key=lambda at: float(np.mean(dry[at : at + frames] ** 2)))
        return dry[None, start : start + frames], wet[None, start : start + frames], rate

    def _read(self, name: str) -> tuple[Audio, int]:
        try:
            audio, rate = soundfile.read(self._folder / name, dtype="float32")
        except (OSError, soundfile.LibsndfileError) as error:
            raise TrainingError(f"{self._folder / name}: {error}; write it again") from None
        if audio.ndim != 1:
            raise TrainingError(f"{self._folder / name}: {audio.shape[1]} channels; mono is needed")
        return audio, rate


def gear_sha256(folder: Path) -> str:
    """What tells one set of captures from another: of the index and of all files it names."""
    played = _read_index(folder)
    names = sorted({name for one in played for name in (one.dry, one.wet)})
    found = hashlib.sha256()
    for name in (INDEX, *names):
        found.update((folder / name).read_bytes())
    return found.hexdigest()


def _read_index(folder: Path) -> list[GearPair]:
    if not (folder / INDEX).exists():
        raise NoCaseError(
            f"no captures of real gear in {folder}; `dafx-train corpus --gear DIR` writes them"
        )
    return load_pairs(folder.parent, folder.name)


def _pairs(played: Sequence[GearPair]) -> list[tuple[GearPair, GearPair]]:
    """Every clip with other playing through the same capture, captures in turns."""
    ordered = sorted(played, key=lambda one: (one.capture, one.dry))
    captures = [list(clips) for _, clips in groupby(ordered, key=lambda one: one.capture)]
    turns = zip_longest(*(_with_others(clips) for clips in captures))
    return [pair for turn in turns for pair in turn if pair]


def _with_others(clips: Sequence[GearPair]) -> list[tuple[GearPair, GearPair]]:
    """Every clip with the next one that shares nothing with it, of its own kind if there is one."""
    found = []
    for number, clip in enumerate(clips):
        others = [one for one in (*clips[number + 1 :], *clips[:number]) if not _overlap(clip, one)]
        if others:
            found.append((clip, min(others, key=lambda one: one.kind != clip.kind)))
    return found


def _overlap(one: GearPair, other: GearPair) -> bool:
    apart_s = abs(one.start_s - other.start_s)
    return one.stem == other.stem and apart_s < max(one.seconds, other.seconds)
