"""A device whose clock is no clock: frames come in pairs, in bursts, late, or not at all."""

import numpy as np

from bridge.arrays import Audio


def bursts(audio: Audio, period: int, stall: int = 0, seed: int = 0) -> list[Audio]:
    """Audio (channels, frames) cut into what each read of a bursty device would give.

    Periods come none, one, two or up to five at a time; somewhere none come for `stall` reads, and
    then all that were held up. Nothing is missing.
    """
    draw = np.random.default_rng(seed)
    periods = -(-audio.shape[1] // period)
    counts: list[int] = []
    while sum(counts) < periods:
        counts += [0, 2] if draw.random() < 0.5 else [int(draw.integers(0, 6))]
    if stall:
        start = len(counts) // 2
        counts[start : start + stall] = [*[0] * stall, sum(counts[start : start + stall])]
    ends = np.minimum(np.cumsum(counts) * period, audio.shape[1])
    return np.split(audio, ends[:-1], axis=1)
