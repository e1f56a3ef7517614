"""Spectra as they are drawn: over frequency, smoothed as one hears, with their peaks held."""

import numpy as np

from bridge.arrays import Floats

SMOOTHED_OCTAVES = 1 / 6
"""Width at half height of what is averaged: finer detail is not heard as tone."""
_STEP_OCTAVES = 1 / 24
HELD_DB_PER_S = 3.0
"""How fast a held peak comes down."""


def band_hz(bands: int) -> Floats:
    """Blocking the first time: centre frequency of every band, in Hz."""
    # It brings scipy with it, for which no window should wait.
    from bridge.analysis.features import FeatureSettings, mel_matrix

    settings = FeatureSettings(mel_bands=bands)
    weights = mel_matrix(settings)
    hz = np.arange(weights.shape[1]) * settings.sample_rate_hz / settings.fft_frames
    return np.asarray(weights @ hz / weights.sum(axis=1), np.float32)


class Smoothing:
    """Averages the power of spectra over a sixth of an octave."""

    def __init__(self, hz: Floats) -> None:
        """`hz` are the bands' centres."""
        self._octaves, first = np.unique(np.log2(hz), return_index=True)
        self._first = first
        count = int((self._octaves[-1] - self._octaves[0]) / _STEP_OCTAVES) + 1
        self._grid = self._octaves[0] + _STEP_OCTAVES * np.arange(count)
        self.hz: Floats = np.asarray(2**self._grid, np.float32)
        """Where the smoothed spectrum is told."""
        # 2.355 standard deviations are a Gaussian's width at half height.
        width = SMOOTHED_OCTAVES / 2.355
        ways = self._grid[:, None] - self._grid[None, :]
        weights = np.exp(-0.5 * (ways / width) ** 2)
        self._weights = weights / weights.sum(axis=1, keepdims=True)

    def of(self, levels_db: Floats) -> Floats:
        """Levels at `hz`, in dB, of those of the bands."""
        fine = np.interp(self._grid, self._octaves, 10 ** (levels_db[self._first] / 10))
        return np.asarray(10 * np.log10(self._weights @ fine), np.float32)


class Held:
    """The highest that each frequency had lately."""

    def __init__(self) -> None:
        self._peaks: Floats | None = None
        self._at_s = 0.0

    def over(self, levels_db: Floats, now_s: float) -> Floats:
        """The peaks, these levels being the newest."""
        if self._peaks is None or len(self._peaks) != len(levels_db):
            self._peaks, self._at_s = levels_db, now_s
        fallen = self._peaks - np.float32(HELD_DB_PER_S * max(now_s - self._at_s, 0.0))
        self._peaks, self._at_s = np.maximum(levels_db, fallen), now_s
        return self._peaks

    def forget(self) -> None:
        """Something else is shown."""
        self._peaks = None
