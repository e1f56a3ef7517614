"""Dry playing, and the same through captures of real gear, as the corpus keeps them in pairs."""

import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from bridge.arrays import Audio
from bridge.audio.resample import resample

INDEX = "index.json"


@dataclass(frozen=True)
class Pair:
    """Playing and the same through a capture, both (1, frames)."""

    dry: Audio
    wet: Audio


class GearPairs:
    """The pairs of one split."""

    def __init__(self, folder: Path, sample_rate: int = 48_000) -> None:
        self._folder, self.sample_rate = folder, sample_rate
        pairs: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for entry in json.loads((folder / INDEX).read_text()):
            pairs[entry["capture"]].append((entry["dry"], entry["wet"]))
        self._pairs = [some for _, some in sorted(pairs.items()) if len(some) > 1]

    def draw(self, draw: np.random.Generator) -> tuple[Pair, Pair]:
        """Two pieces of playing through one capture."""
        pairs = self._pairs[draw.integers(len(self._pairs))]
        one, other = draw.choice(len(pairs), 2, replace=False)
        return self._read(*pairs[one]), self._read(*pairs[other])

    def _read(self, *names: str) -> Pair:
        audio = [
            soundfile.read(self._folder / name, dtype="float32", always_2d=True) for name in names
        ]
        return Pair(*(resample(some.T[:1], rate, self.sample_rate) for some, rate in audio))
