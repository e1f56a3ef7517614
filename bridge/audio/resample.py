"""Change of sample rate (soxr, high quality)."""

import numpy as np
import soxr

from bridge.arrays import Audio


def resample(audio: Audio, rate: float, new_rate: float) -> Audio:
    """Audio of shape (frames,) or (channels, frames) at another rate in Hz."""
    if rate == new_rate:
        return audio
    return np.ascontiguousarray(soxr.resample(audio.T, rate, new_rate).T, np.float32)


def to_mono(audio: Audio) -> Audio:
    """Mean over the channels: (channels, frames) to (frames,)."""
    return np.asarray(audio.mean(axis=0), np.float32)
