"""Dry playing, and the same through captures of real gear, drawn in pairs of one capture."""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from bridge.arrays import Audio
from training.corpus import GearPair, load_pairs
from training.corpus.stems import SAMPLE_RATE


@dataclass(frozen=True)
class Played:
    """Playing and the same through a capture, both (1, frames) at `GearPairs.sample_rate`."""

    dry: Audio
    wet: Audio


class GearPairs:
    """The captures of one split."""

    sample_rate = SAMPLE_RATE

    def __init__(self, folder: Path, split: str) -> None:
        """`folder` is where the corpus keeps gear. Raises TrainingError where there is none."""
        self._folder = folder / split
        pairs: dict[str, list[GearPair]] = defaultdict(list)
        for pair in load_pairs(folder, split):
            pairs[pair.capture].append(pair)
        self._pairs = [some for _, some in sorted(pairs.items()) if len(some) > 1]

    def draw(self, draw: np.random.Generator) -> tuple[Played, Played]:
        """Two pieces of playing through one capture."""
        pairs = self._pairs[draw.integers(len(self._pairs))]
        one, other = draw.choice(len(pairs), 2, replace=False)
        return self._read(pairs[one]), self._read(pairs[other])

    def _read(self, pair: GearPair) -> Played:
        return Played(*(self._audio(name) for name in (pair.dry, pair.wet)))

    def _audio(self, name: str) -> Audio:
        audio, _ = soundfile.read(self._folder / name, dtype="float32", always_2d=True)
        return np.ascontiguousarray(audio.T[:1])
