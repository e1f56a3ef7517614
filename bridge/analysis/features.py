"""The one feature function: a level-free log-mel picture of a window, and its levels as numbers.

Loudness is taken out of the picture and given beside it, so an encoder cannot spend its latent on
loudness and a predictor can still set an output gain.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import scipy.fft
import scipy.sparse
from pydantic import BaseModel, ConfigDict

from bridge.arrays import Audio, Floats

LEVEL_NAMES = (
    "rms_db",
    "crest_db",
    "quantile_25_db",
    "quantile_50_db",
    "quantile_75_db",
    "quantile_90_db",
    "quantile_97_db",
)
"""What `levels` holds. RMS in dBFS; crest and amplitude quantiles in dB above the RMS."""

_QUANTILES = (0.25, 0.5, 0.75, 0.9, 0.97)
_QUIETEST = 1e-5
_CHUNK_FRAMES = 4_096
"""Frames transformed at once, so that an hour of audio needs little memory."""


class FeatureSettings(BaseModel):
    """How a window becomes features; travels in every model card."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sample_rate_hz: int = 24_000
    window_frames: int = 66_048
    fft_frames: int = 1_024
    fft_hop_frames: int = 512
    mel_bands: int = 80
    low_hz: float = 40.0
    high_hz: float = 12_000.0
    floor_db: float = -80.0

    @property
    def window_s(self) -> float:
        """Length of the window the models listen to, in seconds."""
        return self.window_frames / self.sample_rate_hz

    @property
    def picture_shape(self) -> tuple[int, int]:
        """(mel bands, frames) of one window's picture."""
        columns = 1 + (self.window_frames - self.fft_frames) // self.fft_hop_frames
        return self.mel_bands, columns


@dataclass(frozen=True)
class Features:
    """One or several windows: pictures (n, bands, columns) and levels (n, len(LEVEL_NAMES))."""

    pictures: Floats
    levels: Floats


def extract(windows: Audio, settings: FeatureSettings) -> Features:
    """Features of windows of shape (n, window_frames) at the settings' sample rate."""
    rms = np.sqrt(np.mean(windows**2, axis=-1, keepdims=True))
    level_free = windows / np.maximum(rms, _QUIETEST)
    floor = 10 ** (settings.floor_db / 10)
    decibels = 10 * np.log10(np.maximum(mel_power(level_free, settings), floor))
    pictures = decibels / -settings.floor_db * 2 + 1
    return Features(pictures.astype(np.float32), _levels(windows, rms))


def mel_power(audio: Audio, settings: FeatureSettings) -> Floats:
    """Power per mel band, (..., bands, columns), of audio (..., frames); full-scale sine ≈ 1/2."""
    frames = np.lib.stride_tricks.sliding_window_view(audio, settings.fft_frames, axis=-1)
    frames = frames[..., :: settings.fft_hop_frames, :]
    chunks = range(0, frames.shape[-2], _CHUNK_FRAMES)
    parts = [_mel_of(frames[..., i : i + _CHUNK_FRAMES, :], settings) for i in chunks]
    return np.concatenate(parts, axis=-1)


def _mel_of(frames: Audio, settings: FeatureSettings) -> Floats:
    """Power per mel band, (..., bands, n), of n frames, (..., n, fft_frames)."""
    spectrum = scipy.fft.rfft(frames * _hann(settings.fft_frames), axis=-1)
    power = spectrum.real**2 + spectrum.imag**2
    # Sparse, so no BLAS threads wake up for a product this small.
    bands = _mel_matrix(settings) @ power.reshape(-1, power.shape[-1]).T
    return np.moveaxis(bands.reshape(-1, *power.shape[:-1]), 0, -2)


def _levels(windows: Audio, rms: Floats) -> Floats:
    amplitude = np.abs(windows)
    peaks = amplitude.max(axis=-1)
    quantiles = np.quantile(amplitude[..., _some(windows.shape[-1])], _QUANTILES, axis=-1)
    rms_db = _decibels(rms[..., 0])
    columns = [rms_db, _decibels(peaks) - rms_db, *(_decibels(q) - rms_db for q in quantiles)]
    return np.stack(columns, axis=-1).astype(np.float32)


def _decibels(amplitude: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    return np.asarray(20 * np.log10(np.maximum(amplitude, _QUIETEST)))


@cache
def _some(frames: int) -> npt.NDArray[np.int64]:
    """An eighth of a window, enough for its quantiles; drawn, as a regular step can miss a tone."""
    return np.sort(np.random.default_rng(0).choice(frames, frames // 8, replace=False))


@cache
def _hann(frames: int) -> Floats:
    """Periodic Hann window whose squared spectrum of a sine peaks at its mean square."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(frames) / frames)
    return np.asarray(window / window.sum() * np.sqrt(2), np.float32)


@cache
def _mel_matrix(settings: FeatureSettings) -> scipy.sparse.csr_array:
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
