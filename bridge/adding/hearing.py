"""How far two renders of one clip sound apart, and how loud a render is, in dB."""

from itertools import pairwise

import numpy as np

from bridge.arrays import Audio, Floats

LOWEST_DB = -100.0
_FRAME, _HOP = 2048, 1024
_BANDS = 32
_LOWEST_HZ = 40.0
_FLOOR_DB = -66.0
"""Below full scale; what is quieter than that in a band counts as silent."""


def spectra_db(audio: Audio, sample_rate: float) -> Floats:
    """Level of every band in every frame, (frames, bands), of the mean of the channels."""
    mono = audio.mean(axis=0)
    frames = np.lib.stride_tricks.sliding_window_view(mono, _FRAME)[::_HOP]
    power = np.abs(np.fft.rfft(frames * np.hanning(_FRAME), axis=1)) ** 2 / (_FRAME / 4) ** 2
    edges_hz = np.geomspace(_LOWEST_HZ, sample_rate / 2, _BANDS + 1)
    bins = np.round(edges_hz / sample_rate * _FRAME).astype(int)
    # The lowest bands may share a bin.
    bands = [power[:, a : max(b, a + 1)].sum(axis=1) for a, b in pairwise(bins)]
    levels = 10 * np.log10(np.stack(bands, axis=1) + 1e-12)
    return np.asarray(np.maximum(levels, _FLOOR_DB), np.float32)


def apart_db(one: Floats, other: Floats) -> float:
    """Mean distance of two `spectra_db` where at least one of them is heard."""
    heard = np.maximum(one, other) > _FLOOR_DB
    return float(np.abs(one - other)[heard].mean()) if heard.any() else 0.0


def peak_db(audio: Audio) -> float:
    """Highest sample."""
    return _db(float(np.abs(audio).max(initial=0.0)))


def level_db(audio: Audio) -> float:
    """Root mean square."""
    return _db(float(np.sqrt(np.mean(np.square(audio, dtype=np.float64)))) if audio.size else 0.0)


def residue_db(one: Audio, other: Audio) -> float:
    """Level of the difference of two renders, below that of the first."""
    rest_db = level_db(one - other)
    return LOWEST_DB if rest_db <= LOWEST_DB else max(rest_db - level_db(one), LOWEST_DB)


def _db(factor: float) -> float:
    return max(float(20 * np.log10(max(factor, 1e-12))), LOWEST_DB)
