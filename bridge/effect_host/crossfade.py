"""From the processed sound to the plain one and back without a click."""

import numpy as np

from bridge.arrays import Audio

FADE_S = 0.02


class Crossfade:
    """Mixes the two in a straight line over `FADE_S`; between fades it hands one of them on."""

    def __init__(self, sample_rate: float, channels: int, latency_frames: int) -> None:
        """`latency_frames`: how much later than its input the processed sound comes."""
        self._step = 1 / max(round(FADE_S * sample_rate), 1)
        self._waiting = np.zeros((channels, latency_frames), np.float32)
        self._share = 0.0

    def mix(self, plain: Audio, processed: Audio, bypassed: bool) -> Audio:
        """The next block, of shape (channels, frames) as both of its parts.

        The plain sound is as late as the processed one, so that they meet in time.
        """
        frames = plain.shape[1]
        waiting = np.concatenate([self._waiting, plain], axis=1)
        plain, self._waiting = waiting[:, :frames], waiting[:, frames:]
        step = self._step if bypassed else -self._step
        shares = np.clip(self._share + step * np.arange(1, frames + 1), 0, 1)
        start, self._share = self._share, float(shares[-1]) if frames else self._share
        if start == self._share:
            return plain if bypassed else processed
        return processed + shares.astype(np.float32) * (plain - processed)
