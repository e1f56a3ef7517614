"""The reference's outline, for drawing."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bridge.arrays import Audio, Floats
from bridge.audio.reading import BLOCK_FRAMES, AudioReader

COLUMNS = 1200
_FINE = 64


@dataclass(frozen=True)
class Outline:
    """Lowest and highest sample of each column, and the recording's length."""

    low: Floats
    high: Floats
    seconds: float


def read_outline(path: Path) -> Outline:
    """Blocking. Raises AudioError where the file cannot be used."""
    with AudioReader(path) as file:
        step = _step(file.frames)
        parts = [_extremes(block, step) for block in file.blocks()]
        seconds = file.frames_read / file.sample_rate
    low, high = (np.concatenate(part) for part in zip(*parts, strict=True))
    edges = np.linspace(0, len(low), min(COLUMNS, len(low)), endpoint=False).astype(int)
    return Outline(np.minimum.reduceat(low, edges), np.maximum.reduceat(high, edges), seconds)


def _step(frames: int) -> int:
    """How many frames are held as one, so that a column is no less than `_FINE` of them.

    A power of 2, which divides what is read at once: all of them are equally long.
    """
    most = max(frames // (COLUMNS * _FINE), 1)
    return min(1 << (most.bit_length() - 1), BLOCK_FRAMES)


def _extremes(block: Audio, step: int) -> tuple[Floats, Floats]:
    """Lowest and highest sample of every `step` frames of a block (channels, frames)."""
    edges = np.arange(0, block.shape[1], step)
    low = np.minimum.reduceat(block.min(axis=0), edges)
    high = np.maximum.reduceat(block.max(axis=0), edges)
    return low, high
