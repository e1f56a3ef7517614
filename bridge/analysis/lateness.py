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


class Lateness:
    """Of what is made of one piece of playing."""

    def __init__(self, played: Audio, settings: FeatureSettings) -> None:
        """Mono audio (frames,) at the settings' rate."""
        onsets = _onsets(played)
        self._size = 2 * len(onsets)
        self._spectrum = np.conj(scipy.fft.rfft(onsets, self._size))
        self._norm = float(np.linalg.norm(onsets))
        points_per_s = settings.sample_rate_hz / _HOP
        self._late, self._latest = _LATE_S * points_per_s, round(_LATEST_S * points_per_s)

    def is_late(self, wet: Audio) -> bool:
        """Whether this is far more like the playing some time later."""
        alike = self._correlation(_onsets(wet))[: self._latest]
        best = int(alike.argmax())
        is_far = best >= self._late
        return bool(is_far and alike[best] > _CLEAR and alike[0] < _FAINT * alike[best])

    def _correlation(self, onsets: Floats) -> Floats:
        """Of every lag from 0 on, at most 1."""
        product = scipy.fft.irfft(scipy.fft.rfft(onsets, self._size) * self._spectrum, self._size)
        energy = self._norm * float(np.linalg.norm(onsets))
        return np.asarray(product[: self._size // 2] / max(energy, 1e-12))


def _onsets(audio: Audio) -> Floats:
    """How much the level rises at each point, without its mean."""
    whole = audio[: len(audio) // _HOP * _HOP]
    sizes = np.sqrt(np.mean(whole.reshape(-1, _HOP) ** 2, axis=1))
    smooth = np.convolve(sizes, _SMOOTH, mode="same")
    rises = np.maximum(np.diff(smooth, prepend=smooth[:1]), 0)
    return np.asarray(rises - rises.mean(), np.float32)
