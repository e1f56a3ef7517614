"""Pairs of dry playing and the same through captures of real gear, as the corpus keeps them."""

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
    """One clip through one capture; file names below the folder."""

    capture: str
    clip: str
    dry: str
    wet: str


class GearPairs:
    """The pairs of one split."""

    def __init__(self, folder: Path, sample_rate: int = 48_000) -> None:
        self._folder, self.sample_rate = folder, sample_rate
        pairs: dict[str, list[Pair]] = defaultdict(list)
        for entry in json.loads((folder / INDEX).read_text()):
            pair = Pair(*(entry[name] for name in ("capture", "clip", "dry", "wet")))
            pairs[pair.capture].append(pair)
        self._pairs = {name: some for name, some in sorted(pairs.items()) if len(some) > 1}

    def draw(self, draw: np.random.Generator) -> tuple[Audio, Audio, Audio]:
        """Dry playing, the same through some gear, and other playing through it, (1, frames)."""
        pairs = self._pairs[list(self._pairs)[draw.integers(len(self._pairs))]]
        one, other = draw.choice(len(pairs), 2, replace=False)
        names = (pairs[one].dry, pairs[one].wet, pairs[other].wet)
        dry, target, reference = (self._read(name) for name in names)
        return dry, target, reference

    def _read(self, name: str) -> Audio:
        audio, rate = soundfile.read(self._folder / name, dtype="float32", always_2d=True)
        return resample(audio.T[:1], rate, self.sample_rate)
