"""Distances between recordings."""

from collections.abc import Sequence
from functools import cache

import numpy as np
import scipy.fft

from bridge.analysis.features import FeatureSettings, mel_power
from bridge.analysis.windows import at_feature_rate
from bridge.arrays import Audio, Floats

LEAST_MAGNITUDE = 1e-4
"""Quieter bins of a spectrum count as this."""
MRSTFT_FRAMES = (32, 128, 512, 2_048, 8_192, 32_768)
_PROFILE_QUANTILES = (0.25, 0.5, 0.75, 0.95)
_PROFILE_RANGE_DB = 60.0
_PROFILE_FEATURES = FeatureSettings()


def mrstft(answer: Audio, target: Audio) -> float:
    """Multi-resolution STFT distance of two mono signals of equal length; lower is nearer.

    Mean over the resolutions of mean | |A|-|B| | + mean |ln|A| - ln|B||, Hann, hop half a window,
    magnitude sqrt(max(power, 1e-8)): auraloss' `MultiResolutionSTFTLoss` (Steinmetz & Reiss 2020)
    with w_sc=0, w_lin_mag=1, w_log_mag=1, as Grant (AES 155, 2023) reports it. Resolutions too
    long for the signal are left out. Identical signals score exactly 0.
    """
    return mrstft_each([answer], target)[0]


def mrstft_each(answers: Sequence[Audio], target: Audio) -> list[float]:
    """`mrstft` of several answers to one target, whose spectra are then computed once."""
    wanted = magnitudes(target)
    return [spectral_distance(magnitudes(_like(target, some)), wanted) for some in answers]


def mrstft_with_gain(answer: Audio, target: Audio, wanted: Sequence[Floats]) -> tuple[float, float]:
    """`mrstft` of an answer, and of the same at the RMS of `target`, whose `magnitudes` these are.

    One set of spectra serves both.
    """
    gains = (1.0, float(rms_gain(answer, target)))
    plain, scaled = magnitudes_with_gains(_like(target, answer), gains)
    return spectral_distance(plain, wanted), spectral_distance(scaled, wanted)


def _like(target: Audio, answer: Audio) -> Audio:
    if answer.shape != target.shape or answer.ndim != 1:
        raise ValueError(
            f"mono signals of equal length are needed, not {answer.shape} and {target.shape}"
        )
    return answer


def magnitudes(audio: Audio, resolutions: Sequence[int] = MRSTFT_FRAMES) -> list[Floats]:
    """Magnitude spectrogram of mono audio at every resolution that is short enough for it."""
    return _at_least(powers(audio, resolutions))


def magnitudes_with_gains(
    audio: Audio, gains: Sequence[float], resolutions: Sequence[int] = MRSTFT_FRAMES
) -> list[list[Floats]]:
    """For every gain the `magnitudes` of the audio times it, from one set of spectra."""
    plain = powers(audio, resolutions)
    return [_at_least([power * gain**2 for power in plain]) for gain in gains]


def spectral_distance(one: Sequence[Floats], other: Sequence[Floats]) -> float:
    """What `mrstft` is of two signals' `magnitudes`."""
    distances = [
        float(np.mean(np.abs(a - b)) + np.mean(np.abs(np.log(a / b))))
        for a, b in zip(one, other, strict=True)
    ]
    return sum(distances) / len(distances)


def powers(audio: Audio, resolutions: Sequence[int] = MRSTFT_FRAMES) -> list[Floats]:
    """Power spectrogram of mono audio at every resolution that is short enough for it."""
    return [_power(audio, frames) for frames in resolutions if frames // 2 < len(audio)]


def _power(audio: Audio, frames: int) -> Floats:
    padded = np.pad(audio, frames // 2, mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, frames)[:: frames // 2]
    spectrum = scipy.fft.rfft(windows * _hann(frames), axis=-1)
    return np.asarray(spectrum.real**2 + spectrum.imag**2, np.float32)


def _at_least(powers: Sequence[Floats]) -> list[Floats]:
    return [np.sqrt(np.maximum(power, np.float32(LEAST_MAGNITUDE**2))) for power in powers]


@cache
def _hann(frames: int) -> Floats:
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(frames) / frames)).astype(np.float32)


def match_rms(audio: Audio, target: Audio) -> Audio:
    """`audio` scaled to the RMS of `target`; silence stays silence."""
    return audio * rms_gain(audio, target)


def rms_gain(audio: Audio, target: Audio) -> np.float32:
    """The factor that gives `audio` the RMS of `target`; 1 for silence."""
    rms = float(np.sqrt(np.mean(audio**2)))
    return np.float32(1 if rms < 1e-7 else np.sqrt(np.mean(target**2)) / rms)


def style_profile(audio: Audio, sample_rate: float) -> Floats:
    """Long-term spectrum: quantiles over time of every mel band's level, in dBFS, (4, bands).

    Only frames within 60 dB of the loudest count, so pauses do not. `audio` is (channels, frames).
    """
    mono = at_feature_rate(audio, sample_rate, _PROFILE_FEATURES)
    mono = np.pad(mono, (0, max(0, _PROFILE_FEATURES.fft_frames - len(mono))))
    power = mel_power(mono, _PROFILE_FEATURES)
    loudness = power.sum(axis=0)
    sounding = loudness >= loudness.max(initial=0.0) * 10 ** (-_PROFILE_RANGE_DB / 10)
    decibels = 10 * np.log10(np.maximum(power[:, sounding], 1e-10))
    return np.asarray(np.quantile(decibels, _PROFILE_QUANTILES, axis=1), np.float32)


def profile_distance(a: Floats, b: Floats) -> float:
    """Mean difference in dB between two style profiles."""
    return float(np.mean(np.abs(a - b)))


def style_distance(a: tuple[Audio, float], b: tuple[Audio, float]) -> float:
    """Mean difference in dB between two recordings' style profiles; they may differ in content.

    Each recording is (audio of shape (channels, frames), sample rate in Hz).
    """
    return profile_distance(style_profile(*a), style_profile(*b))
