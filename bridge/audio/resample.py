"""Change of sample rate (soxr, high quality), and of many channels to one."""

import numpy as np
import soxr

from bridge.arrays import Audio
from bridge.audio.channels import ChannelMix


def resample(audio: Audio, rate: float, new_rate: float) -> Audio:
    """Audio of shape (frames,) or (channels, frames) at another rate in Hz."""
    if rate == new_rate:
        return audio
    return np.ascontiguousarray(soxr.resample(audio.T, rate, new_rate).T, np.float32)


def to_mono(audio: Audio) -> Audio:
    """A whole recording, (channels, frames), as one, (frames,): the mean of those that count.

    Silent channels and inverted ones do not (`bridge.audio.channels`).
    """
    return ChannelMix.of(audio).apply(audio)
