"""Sound that waits, to meet what comes later."""

import numpy as np

from bridge.arrays import Audio


class Delay:
    """A delay of a fixed number of frames."""

    def __init__(self, channels: int, frames: int) -> None:
        """Silence comes first."""
        self._waiting = np.zeros((channels, frames), np.float32)

    def process(self, audio: Audio) -> Audio:
        """The next block, of shape (channels, frames), to the same shape."""
        frames = audio.shape[1]
        waiting = np.concatenate([self._waiting, audio], axis=1)
        self._waiting = waiting[:, frames:]
        return waiting[:, :frames]
