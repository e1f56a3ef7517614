"""Evenly spread pieces of what is too long to be held, gathered while it passes."""

import numpy as np

from bridge.arrays import Audio

_FADE_S = 0.005
"""At both ends of a piece, so that no joint clicks."""


class Excerpt:
    """All of a recording that is not longer than so many pieces, else these, joined."""

    def __init__(
        self, channels: int, frames: int, sample_rate: float, pieces: int, piece_s: float
    ) -> None:
        """`frames` is how many there will be."""
        length = round(piece_s * sample_rate)
        self.whole = frames <= pieces * length
        self._length = frames if self.whole else length
        last = max(frames - self._length, 0)
        self._starts = np.linspace(0, last, 1 if self.whole else pieces).round().astype(int)
        self._audio = np.zeros((channels, len(self._starts) * self._length), np.float32)
        self._fade = np.minimum(np.arange(1, length + 1) / max(_FADE_S * sample_rate, 1), 1)
        self._passed = 0

    def take(self, block: Audio) -> None:
        """What comes next, (channels, frames)."""
        begin, end = self._passed, self._passed + block.shape[1]
        self._passed = end
        first, last = np.searchsorted(self._starts, (begin - self._length, end))
        for number in range(first, last):
            start = int(self._starts[number])
            low, high = max(begin, start), min(end, start + self._length)
            if low < high:
                place = number * self._length - start
                self._audio[:, low + place : high + place] = block[:, low - begin : high - begin]

    def audio(self) -> Audio:
        """What was gathered, (channels, frames); of all that was to come, what came."""
        if self.whole:
            return self._audio[:, : self._passed]
        ramp = (self._fade * self._fade[::-1]).astype(np.float32)
        return self._audio * np.tile(ramp, len(self._starts))
