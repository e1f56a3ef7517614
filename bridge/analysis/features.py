"""How audio is cut and weighed before it is described: settings, window, mel bands."""

from functools import cache

import numpy as np
import numpy.typing as npt
import scipy.fft
import scipy.sparse
from pydantic import BaseModel, ConfigDict

from bridge.arrays import Audio, Floats

_QUIETEST = 1e-5
_CHUNK_FRAMES = 4_096
"""Frames transformed at once, so that an hour of audio needs little memory."""


class FeatureSettings(BaseModel):
    """How a window becomes features; travels in every model card."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sample_rate_hz: int = 24_000
    window_frames: int = 131_072
    """The most that is listened to at once."""
    least_frames: int = 65_536
    """The least that says enough."""
    fft_frames: int = 1_024
    fft_hop_frames: int = 256
    mel_bands: int = 80
    low_hz: float = 40.0
    high_hz: float = 12_000.0
    floor_db: float = -80.0

    @property
    def window_s(self) -> float:
        """Length of the window the models listen to, in seconds."""
        return self.window_frames / self.sample_rate_hz

    @property
    def least_s(self) -> float:
        """Length of the shortest recording that can be judged, in seconds."""
        return self.least_frames / self.sample_rate_hz


def mel_power(audio: Audio, settings: FeatureSettings) -> Floats:
    """Power per mel band, (..., bands, columns), of audio (..., frames); full-scale sine ≈ 1/2."""
    frames = np.lib.stride_tricks.sliding_window_view(audio, settings.fft_frames, axis=-1)
    frames = frames[..., :: settings.fft_hop_frames, :]
    chunks = range(0, frames.shape[-2], _CHUNK_FRAMES)
    parts = [_mel_of(frames[..., i : i + _CHUNK_FRAMES, :], settings) for i in chunks]
    return np.concatenate(parts, axis=-1)


def _mel_of(frames: Audio, settings: FeatureSettings) -> Floats:
    """Power per mel band, (..., bands, n), of n frames, (..., n, fft_frames)."""
    spectrum = scipy.fft.rfft(frames * hann(settings.fft_frames), axis=-1)
    power = spectrum.real**2 + spectrum.imag**2
    # Sparse, so no BLAS threads wake up for a product this small.
    bands = mel_matrix(settings) @ power.reshape(-1, power.shape[-1]).T
    return np.moveaxis(bands.reshape(-1, *power.shape[:-1]), 0, -2)


def decibels(amplitude: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """Level of an amplitude in dB, at least -100."""
    return np.asarray(20 * np.log10(np.maximum(amplitude, _QUIETEST)))


@cache
def hann(frames: int) -> Floats:
    """Periodic Hann window whose squared spectrum of a sine peaks at its mean square."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(frames) / frames)
    return np.asarray(window / window.sum() * np.sqrt(2), np.float32)


@cache
def mel_matrix(settings: FeatureSettings) -> scipy.sparse.csr_array:
    """Triangular bands on the mel scale of O'Shaughnessy (1987), each of unit peak."""

    def mel(hz: float) -> float:
        return 2595 * float(np.log10(1 + hz / 700))

    points = np.linspace(mel(settings.low_hz), mel(settings.high_hz), settings.mel_bands + 2)
    edges_hz = 700 * (10 ** (points / 2595) - 1)
    bins_hz = np.arange(settings.fft_frames // 2 + 1) * (
        settings.sample_rate_hz / settings.fft_frames
    )
    low, centre, high = edges_hz[:-2, None], edges_hz[1:-1, None], edges_hz[2:, None]
    rising = (bins_hz - low) / (centre - low)
    falling = (high - bins_hz) / (high - centre)
    matrix = np.maximum(np.minimum(rising, falling), 0)
    # Low bands can be narrower than a bin: such a band takes the bin next to its centre.
    nearest = np.abs(bins_hz[None, :] - centre).argmin(axis=1)
    empty = matrix.sum(axis=1) == 0
    matrix[empty, nearest[empty]] = 1.0
    return scipy.sparse.csr_array(matrix.astype(np.float32))
