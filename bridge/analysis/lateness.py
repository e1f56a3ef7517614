"""Whether playing is heard only later than it was played, as through a delay without dry sound."""

import numpy as np
import scipy.fft

from bridge.analysis.features import FeatureSettings
from bridge.arrays import Audio, Floats

_HOP = 128
"""Frames of one point of an envelope."""
_SMOOTH = np.full(3, 1 / 3)
_LATE_S, _LATEST_S = 0.05, 1.0
"""From here on a player is disturbed; and so far it is looked for."""
_FAINT = 0.6
"""How much of the late playing's likeness that of the punctual one must have."""
_CLEAR = 0.4
"""Correlation from which on it counts at all."""


def is_late(played: Audio, wet: Audio, settings: FeatureSettings) -> bool:
    """Whether what is made of mono audio (frames,) is far more like it some time later."""
    frames = min(len(played), len(wet)) // _HOP * _HOP
    before, after = (_onsets(audio[:frames]) for audio in (played, wet))
    alike = _correlation(before, after)[: round(_LATEST_S * settings.sample_rate_hz / _HOP)]
    best = int(alike.argmax())
    is_far = best * _HOP >= _LATE_S * settings.sample_rate_hz
    return bool(is_far and alike[best] > _CLEAR and alike[0] < _FAINT * alike[best])


def _onsets(audio: Audio) -> Floats:
    """How much the level rises at each point, without its mean."""
    sizes = np.sqrt(np.mean(audio.reshape(-1, _HOP) ** 2, axis=1))
    smooth = np.convolve(sizes, _SMOOTH, mode="same")
    rises = np.maximum(np.diff(smooth, prepend=smooth[:1]), 0)
    return np.asarray(rises - rises.mean(), np.float32)


def _correlation(before: Floats, after: Floats) -> Floats:
    """Of every lag from 0 on, at most 1."""
    size = 2 * len(before)
    spectrum = scipy.fft.rfft(after, size) * np.conj(scipy.fft.rfft(before, size))
    energy = float(np.linalg.norm(before) * np.linalg.norm(after))
    return np.asarray(scipy.fft.irfft(spectrum, size)[: len(before)] / max(energy, 1e-12))
