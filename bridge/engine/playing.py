"""Whether what is played is still the same playing."""

import numpy as np

from bridge.analysis.statistics import LEVEL_NAMES
from bridge.estimate.listener import Analysis

OTHER_SOUND = 0.5
"""Square of the difference of two embeddings, as a share of the sum of their squares, from which
the playing is another one. `benchmarks.playing` tells how often that errs."""
OTHER_LEVEL_DB = 10.0
"""The same of the loudness: many effects answer to it."""
FOR_S = 0.5
"""How long it must be so: a pause or a single sound is no other playing."""
USUAL_S = 20.0
"""Over how much of the playing the mean is taken that windows are compared with."""
_LOUDNESS = LEVEL_NAMES.index("k_weighted_db")


class Playing:
    """Compares the newest window, hop for hop, with the mean of what was played before."""

    def __init__(self) -> None:
        self.number = 0
        """Another one for every change of playing."""
        self.begin_again()

    def begin_again(self, missing_s: float = 0.0) -> None:
        """Another playing has begun; in `missing_s` seconds the window will hold nothing else."""
        self.number += 1
        self.whole = False
        """Whether the window is full, and all of it is this playing."""
        self._missing_s = missing_s
        self._usual: Analysis | None = None
        self._usual_s = self._other_s = 0.0

    def hear(self, newest: Analysis, sounding_s: float, window_s: float, full: bool = True) -> None:
        """Take the newest window, how much of it is new, how long it is, and whether it is full."""
        self._missing_s -= sounding_s
        self.whole = full and self._missing_s <= 0
        if not self.whole:
            return
        self._other_s = self._other_s + sounding_s if self._is_other(newest) else 0.0
        if self._other_s >= FOR_S:
            self.begin_again(window_s - FOR_S)
            return
        self._usual_s = min(self._usual_s + sounding_s, USUAL_S)
        share = sounding_s / self._usual_s if self._usual_s else 1.0
        self._usual = self._usual.towards(newest, share) if self._usual else newest

    def _is_other(self, newest: Analysis) -> bool:
        return self._usual is not None and is_other(newest, self._usual)


def is_other(one: Analysis, other: Analysis) -> bool:
    """Whether these are two kinds of playing."""
    apart = np.sum((one.embedding - other.embedding) ** 2)
    both = np.sum(one.embedding**2) + np.sum(other.embedding**2)
    louder_db = abs(float(one.levels[_LOUDNESS] - other.levels[_LOUDNESS]))
    return bool(apart >= OTHER_SOUND * both) or louder_db >= OTHER_LEVEL_DB
