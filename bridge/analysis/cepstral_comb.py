"""The fine comb that a linear effect leaves in the spectrum of whatever is played.

A reverberation multiplies every spectrum by its own response, so in the mean logarithm of a long
recording's spectra it is added to what was played; at lags beyond pitch and timbre it stands out,
however quiet its single echoes are (the cepstrum; Oppenheim and Schafer, "From frequency to
quefrency", 2004).
"""

import numpy as np
import scipy.fft

from bridge.analysis.echoes import AROUND, above_neighbours, in_deviations
from bridge.analysis.features import hann
from bridge.analysis.statistics import ECHO_FRAMES, ECHO_HOP
from bridge.arrays import Audio, Floats

_MOST_FRAMES = 64
_LEAST_LAG, _LAGS = 20, 3_000
"""Samples; at 24 kHz 0.8 to 125 ms."""
_LARGEST = 8.0
"""In mean deviations; a steady tone's peaks are clipped here."""
_QUIETEST = 1e-4
"""Power of a frame, of the loudest one's, below which it does not count."""
_RESPONSE_SIZE = 8_192
"""Of the transform; twice what a response of 0.17 s at 24 kHz needs."""
_PASSED = 0.1
"""How far below the impulse's strongest bin its others may lie, in the logarithm's units."""
_NO_COMB = 0.01
"""Length of a comb, in the logarithm's units, below which there is none."""
_FLOOR, _RESPONSE_FLOOR = 1e-9, 1e-6
"""Of the power of the strongest bin."""


def cepstral_comb(audio: Audio) -> Floats:
    """How far every lag of mono audio (frames,) stands out of its surroundings, (lags,).

    In mean deviations of these, either way. Nothing stands out where the audio is shorter than
    65,536 frames or silent.
    """
    if len(audio) < ECHO_FRAMES:
        return np.zeros(_LAGS - _LEAST_LAG, np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(audio, ECHO_FRAMES)[::ECHO_HOP]
    frames = frames[:: -(-len(frames) // _MOST_FRAMES)]
    energies = np.einsum("ij,ij->i", frames, frames)
    sounding = frames[energies > _QUIETEST * energies.max()]
    if not len(sounding):
        return np.zeros(_LAGS - _LEAST_LAG, np.float32)
    logarithm = sum(_logarithm(frame * hann(ECHO_FRAMES), _FLOOR) for frame in sounding)
    above = _above(scipy.fft.irfft(np.asarray(logarithm) / len(sounding))[None])
    return np.asarray(np.clip(in_deviations(above)[0], -_LARGEST, _LARGEST), np.float32)


def response_comb(responses: Audio, impulse: Audio) -> Floats:
    """The same of responses (n, frames) to an impulse (frames,), each of length 1: (n, lags).

    Its product with a recording's `cepstral_comb` is about normally distributed with a deviation
    of 1 where the recording did not go through the effect. All zero where a response has no comb.
    """
    logarithms = _logarithm(np.stack([impulse, *responses]), _RESPONSE_FLOOR, _RESPONSE_SIZE)
    gains = logarithms[1:] - logarithms[0]
    # Where a resampler has taken the impulse itself away, nothing is known.
    last = int(np.flatnonzero(logarithms[0] > logarithms[0].max() - _PASSED)[-1])
    gains[:, last:] = gains[:, last : last + 1]
    above = _above(scipy.fft.irfft(gains))
    length = np.linalg.norm(above, axis=1, keepdims=True)
    return np.asarray(above / np.where(length > _NO_COMB, length, np.inf), np.float32)


def _logarithm(frames: Audio, floor: float, size: int | None = None) -> Floats:
    """Logarithm of the power spectrum along the last axis."""
    spectrum = scipy.fft.rfft(frames, n=size, axis=-1)
    power = spectrum.real**2 + spectrum.imag**2
    return np.asarray(np.log(power + floor * power.max(axis=-1, keepdims=True) + 1e-20))


def _above(cepstra: Floats) -> Floats:
    """How far every lag from the least to the last stands above its neighbours, (n, lags)."""
    return above_neighbours(cepstra[:, : _LAGS + AROUND])[:, _LEAST_LAG:_LAGS]
