"""The reference's outline, for drawing."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bridge.arrays import Floats
from bridge.audio.files import read_audio

COLUMNS = 1200


@dataclass(frozen=True)
class Outline:
    """Lowest and highest sample of each column, and the recording's length."""

    low: Floats
    high: Floats
    seconds: float


def read_outline(path: Path) -> Outline:
    """Blocking. Raises AudioError where the file cannot be used."""
    audio, rate = read_audio(path)
    frames = audio.shape[1]
    columns = min(COLUMNS, frames)
    edges = np.linspace(0, frames, columns, endpoint=False).astype(int)
    low = np.minimum.reduceat(audio.min(axis=0), edges)
    high = np.maximum.reduceat(audio.max(axis=0), edges)
    return Outline(low, high, frames / rate)
