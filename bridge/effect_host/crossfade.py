"""From one sound to another and back without a click."""

import numpy as np

from bridge.arrays import Audio
from bridge.effect_host.delay import Delay

FADE_S = 0.02


class Fade:
    """Mixes two sounds in a straight line over `FADE_S`; between fades it hands one of them on."""

    def __init__(self, sample_rate: float, second: bool = False) -> None:
        """Starts with the first sound, or with the second."""
        self._step = 1 / max(round(FADE_S * sample_rate), 1)
        self.share = float(second)
        """Of the second sound."""

    def mix(self, first: Audio, second: Audio, to_second: bool) -> Audio:
        """The next block, of shape (..., frames) as both of its parts."""
        frames = first.shape[-1]
        step = self._step if to_second else -self._step
        shares = np.clip(self.share + step * np.arange(1, frames + 1), 0, 1)
        start, self.share = self.share, float(shares[-1]) if frames else self.share
        if start == self.share:
            return second if to_second else first
        return first + shares.astype(np.float32) * (second - first)


class Crossfade:
    """From a processed sound to the plain one and back."""

    def __init__(
        self, sample_rate: float, channels: int, latency_frames: int, bypassed: bool = False
    ) -> None:
        """`latency_frames`: how much later than its input the processed sound comes."""
        self._delay = Delay(channels, latency_frames)
        self._fade = Fade(sample_rate, second=bypassed)

    def mix(self, plain: Audio, processed: Audio, bypassed: bool) -> Audio:
        """The next block, of shape (channels, frames) as both of its parts.

        The plain sound is as late as the processed one, so that they meet in time.
        """
        return self._fade.mix(processed, self._delay.process(plain), bypassed)
