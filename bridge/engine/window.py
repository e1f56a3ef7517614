"""The newest window of live audio at the features' rate."""

import numpy as np
import soxr

from bridge.analysis.features import FeatureSettings
from bridge.arrays import Audio
from bridge.audio.resample import to_mono


class LiveWindow:
    """Takes blocks as they arrive and keeps the last `window_s` seconds, mono and resampled."""

    def __init__(self, sample_rate: int, settings: FeatureSettings) -> None:
        self._resampler = soxr.ResampleStream(
            sample_rate, settings.sample_rate_hz, 1, dtype="float32"
        )
        self._newest = np.zeros(settings.window_frames, np.float32)
        self._received = 0

    def push(self, block: Audio) -> None:
        """Add a block of shape (channels, frames) at the source's rate."""
        fresh = self._resampler.resample_chunk(to_mono(block))[-len(self._newest) :]
        if len(fresh):
            self._newest = np.concatenate([self._newest[len(fresh) :], fresh])
            self._received += len(fresh)

    @property
    def full(self) -> bool:
        """Whether a whole window has arrived."""
        return self._received >= len(self._newest)

    @property
    def audio(self) -> Audio:
        """The newest window, shape (window_frames,); zeros stand before what has not arrived."""
        return self._newest
