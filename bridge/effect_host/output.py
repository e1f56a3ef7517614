"""How the embedded host is heard: at which level, or not at all.

The audio loop shapes each block; whoever sets the level replaces one number, so nothing waits.
"""

import numpy as np

from bridge.arrays import Audio

PLAY, LEVEL, MONITOR = "/play", "/level", "/monitor"
"""`PLAY 1` lets it be heard, `LEVEL` is its level in dB; `MONITOR` asks for `SPECTRUM` and
`GAPS`."""
SPECTRUM, GAPS = "/monitor/spectrum", "/monitor/gaps"
MOST_LEVEL_DB = 12.0
_FADE_S = 0.005
"""A change of level is over after so long."""


class Output:
    """The level of what goes out."""

    def __init__(self, sample_rate: int, playing: bool = True) -> None:
        self.playing, self.level_db = playing, 0.0
        self._gain = float(playing)
        self._step = 1 / (_FADE_S * sample_rate)

    def shape(self, audio: Audio) -> Audio:
        """The next block, (channels, frames), as loud as it is to be, without a click."""
        goal = 10 ** (self.level_db / 20) if self.playing else 0.0
        frames = audio.shape[1]
        if not frames or self._gain == goal:
            return audio if goal == 1.0 else audio * np.float32(goal)
        way = goal - self._gain
        # Up to double the level takes as long as from silence.
        step = self._step * max(goal, self._gain, 1.0)
        moved = np.minimum(step * np.arange(1, frames + 1), abs(way))
        gains = (self._gain + np.sign(way) * moved).astype(np.float32)
        self._gain = goal if moved[-1] == abs(way) else float(gains[-1])
        return np.asarray(audio * gains)
