"""The newest window of live audio: its statistics, and itself for trying settings on."""

from collections import deque

import numpy as np
import soxr

from bridge.analysis.features import FeatureSettings
from bridge.analysis.statistics import Statistics, StatisticsStream
from bridge.arrays import Audio
from bridge.audio.channels import StreamMix


class LiveWindow:
    """Takes blocks as they arrive and keeps the last `window_s` seconds of them, in mono."""

    def __init__(self, sample_rate: int, settings: FeatureSettings) -> None:
        self._settings = settings
        self._resampler = soxr.ResampleStream(
            sample_rate, settings.sample_rate_hz, 1, dtype="float32"
        )
        self.mix = StreamMix(sample_rate)
        self._stream = StatisticsStream(settings)
        self._most = round(settings.window_s * sample_rate)
        self._played: deque[Audio] = deque()
        self._kept = 0

    def push(self, block: Audio) -> None:
        """Add a block of shape (channels, frames) at the source's rate."""
        mono = self.mix.process(block)
        if not len(mono):
            return
        self._stream.push(self._resampler.resample_chunk(mono))
        self._played.append(mono)
        self._kept += len(mono)
        while self._kept - len(self._played[0]) >= self._most:
            self._kept -= len(self._played.popleft())

    @property
    def ready(self) -> bool:
        """Whether enough has arrived to say something."""
        return self._stream.frames >= self._settings.least_frames

    @property
    def full(self) -> bool:
        """Whether a whole window has arrived."""
        return self._stream.frames >= self._settings.window_frames

    @property
    def audio(self) -> Audio:
        """The newest window at the features' rate, (frames,), as it is until the next push."""
        return self._stream.audio()

    def statistics(self) -> Statistics:
        """Statistics of the newest window, once `ready`."""
        return self._stream.statistics()

    def played(self) -> Audio:
        """The newest window at the source's rate, a copy of shape (1, frames)."""
        return np.concatenate([np.zeros(0, np.float32), *self._played])[None, -self._most :]
