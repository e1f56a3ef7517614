"""Which stretches of the playing settings are tried on, and how loud each is within it."""

from dataclasses import dataclass

import numpy as np

from bridge.analysis.features import FeatureSettings
from bridge.analysis.windows import ACTIVE_DB, rms_db
from bridge.arrays import Audio
from bridge.audio.resample import to_mono
from bridge.errors import AudioError

SILENT_DB = -80.0
"""Playing that never gets louder than this, in dBFS, is not tried on."""
_QUARTERS = 4
_LEAST_APART = 0.75
"""How far apart, in windows, two excerpts begin at the least."""


@dataclass(frozen=True)
class Excerpt:
    """A stretch of the playing, mono."""

    audio: Audio
    """(1, frames) at the host's rate."""
    start: int
    """The frame of the playing that it begins with."""
    below_db: float
    """How much quieter it is than the loudest window of the playing, in dB, at least 0."""


def excerpts(
    audio: Audio, sample_rate: float, features: FeatureSettings, count: int = 1
) -> list[Excerpt]:
    """The liveliest windows of playing (channels, frames), the liveliest first; at least one.

    The window whose quietest quarter is loudest is liveliest: playing throughout, no long pause.
    What does not sound, as a reference's windows do, is left out: nothing is heard of a setting on
    it. Raises AudioError where all is silent.
    """
    mono = to_mono(audio)
    frames = min(len(mono), round(features.window_s * sample_rate))
    step = max(frames // _QUARTERS, 1)
    starts = np.arange(0, len(mono) - frames + 1, step) if frames >= _QUARTERS else []
    windows = [mono[start : start + frames] for start in starts]
    quarters = [[rms_db(q) for q in np.array_split(w, _QUARTERS)] for w in windows]
    if not quarters or max(map(max, quarters)) < SILENT_DB:
        raise AudioError("the playing is silent; nothing can be tried on it")
    loudness = [rms_db(window) for window in windows]
    chosen: list[int] = []
    for number in np.argsort([-min(levels) for levels in quarters], kind="stable"):
        if chosen and loudness[number] <= ACTIVE_DB:
            continue
        apart = (abs(int(starts[number] - starts[other])) for other in chosen)
        if all(distance >= _LEAST_APART * frames for distance in apart):
            chosen.append(int(number))
        if len(chosen) == count:
            break
    loudest = max(loudness)
    return [
        Excerpt(windows[number][None], int(starts[number]), loudest - loudness[number])
        for number in chosen
    ]
