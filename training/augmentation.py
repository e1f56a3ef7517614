"""Dry recordings made different, as real ones are: by pickup, microphone, room, noise and codec.

Pure functions of audio, its rate and a random generator. Whatever is chosen is applied alike to
all that is given in one call, so it tells of the recording and never of the effect behind it.
"""

from collections.abc import Callable
from typing import Annotated

import numpy as np
from pedalboard import (
    Compressor,
    HighShelfFilter,
    LowShelfFilter,
    MP3Compressor,
    PeakFilter,
)
from pydantic import BaseModel, ConfigDict, Field
from scipy.signal import fftconvolve, lfilter

from bridge.arrays import Audio

Share = Annotated[float, Field(ge=0, le=1)]
Range = tuple[float, float]
_MP3_RATES_HZ = (32_000, 44_100, 48_000)
_HUM_HARMONICS = 8
_QUIETEST = 1e-6


class Augmentation(BaseModel):
    """How often each change is made, and its ranges. As it stands nothing is changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    equaliser_share: Share = 0.0
    """Two shelves and a peak: strings, microphone and where it stands."""
    equaliser_db: Annotated[float, Field(ge=0)] = 8.0
    pickup_share: Share = 0.0
    """A resonant low-pass, as a guitar pickup with its cable."""
    pickup_hz: Range = (1_800.0, 7_000.0)
    pickup_q: Range = (0.7, 3.5)
    compression_share: Share = 0.0
    compression_ratio: Range = (1.3, 3.0)
    room_share: Share = 0.0
    room_s: Range = (0.1, 0.6)
    """Time in which a room decays by 60 dB."""
    room_db: Range = (-30.0, -12.0)
    """Level of the room under the direct sound."""
    noise_share: Share = 0.0
    noise_db: Range = (-80.0, -50.0)
    """RMS of the hiss in dBFS."""
    hum_share: Share = 0.0
    hum_db: Range = (-80.0, -50.0)
    """RMS of mains hum at 50 or 60 Hz with its harmonics, in dBFS."""
    coding_share: Share = 0.0
    """MP3, at rates that it knows."""
    coding_quality: Range = (2.0, 9.0)
    """LAME's variable bit rate, 0 the best and below 10."""
    level_share: Share = 0.0
    level_db: Range = (-12.0, 6.0)

    @property
    def is_off(self) -> bool:
        """Whether nothing is ever changed."""
        return not any(value for name, value in self if name.endswith("_share"))


def augment(
    draw: np.random.Generator, audio: Audio, sample_rate: int, settings: Augmentation
) -> Audio:
    """`audio`, (channels, frames) float32, changed as `settings` say; as long as it was.

    Peaks stay below full scale where any step was taken. The same generator state gives the same
    audio; silence stays free of NaN.
    """
    if settings.is_off:
        return audio
    changed = audio
    for share, step in _CHAIN:
        if draw.random() < getattr(settings, share):
            changed = step(draw, changed, sample_rate, settings)
    if changed is audio:
        return audio
    peak = float(np.abs(changed).max(initial=1.0))
    return np.ascontiguousarray(changed / np.float32(peak), np.float32)


def _equalised(draw: np.random.Generator, audio: Audio, rate: int, settings: Augmentation) -> Audio:
    low, peak, high = draw.uniform(-settings.equaliser_db, settings.equaliser_db, 3)
    for tone in (
        LowShelfFilter(_between(draw, (80, 400)), low),
        PeakFilter(_between(draw, (300, 4_000)), peak, _between(draw, (0.5, 2.0))),
        HighShelfFilter(_between(draw, (2_000, 8_000)), high),
    ):
        audio = tone(audio, rate)
    return audio


def _picked_up(draw: np.random.Generator, audio: Audio, rate: int, settings: Augmentation) -> Audio:
    """A second-order low-pass with a resonance (the audio EQ cookbook's)."""
    turn = 2 * np.pi * min(_between(draw, settings.pickup_hz), 0.45 * rate) / rate
    damping = np.sin(turn) / (2 * _between(draw, settings.pickup_q))
    fall = 1 - np.cos(turn)
    forward = np.array([fall / 2, fall, fall / 2]) / (1 + damping)
    back = np.array([1 + damping, -2 * np.cos(turn), 1 - damping]) / (1 + damping)
    single = forward.astype(np.float32), back.astype(np.float32)
    return np.asarray(lfilter(*single, audio, axis=-1), np.float32)


def _compressed(
    draw: np.random.Generator, audio: Audio, rate: int, settings: Augmentation
) -> Audio:
    loud_db = 20 * np.log10(max(float(np.sqrt(np.mean(audio**2))), _QUIETEST))
    return Compressor(
        threshold_db=loud_db + draw.uniform(-6, 6),
        ratio=draw.uniform(*settings.compression_ratio),
        attack_ms=_between(draw, (2, 30)),
        release_ms=_between(draw, (60, 400)),
    )(audio, rate)


def _in_room(draw: np.random.Generator, audio: Audio, rate: int, settings: Augmentation) -> Audio:
    """A tail of noise that decays, after a gap, and darker than the sound itself."""
    decay_s = _between(draw, settings.room_s)
    frames = round(decay_s * rate)
    gap = round(_between(draw, (0.001, 0.015)) * rate)
    tail = draw.standard_normal(frames) * 10 ** (-3 * np.arange(frames) / frames)
    tail = lfilter([1 - (dull := draw.uniform(0.2, 0.9))], [1, -dull], tail)
    tail *= _gain(draw.uniform(*settings.room_db)) / np.sqrt(np.sum(tail**2))
    response = np.concatenate([np.zeros(gap), tail]).astype(np.float32)
    wet = fftconvolve(audio, response[None], axes=-1)[:, : audio.shape[1]]
    return np.asarray(audio + wet, np.float32)


def _at_level(draw: np.random.Generator, audio: Audio, _rate: int, settings: Augmentation) -> Audio:
    return np.asarray(audio * np.float32(_gain(draw.uniform(*settings.level_db))), np.float32)


def _hissing(draw: np.random.Generator, audio: Audio, _rate: int, settings: Augmentation) -> Audio:
    """White noise; uniform, as it is drawn three times as fast as a normal one."""
    most = np.float32(np.sqrt(3) * _gain(draw.uniform(*settings.noise_db)))
    hiss = draw.random(audio.shape, np.float32)
    return np.asarray(audio + (2 * hiss - 1) * most, np.float32)


def _humming(draw: np.random.Generator, audio: Audio, rate: int, settings: Augmentation) -> Audio:
    """A second of mains hum, repeated; how strong its harmonics are is drawn."""
    harmonics = np.arange(1, _HUM_HARMONICS + 1)
    levels = draw.uniform(0.1, 1, _HUM_HARMONICS) / harmonics
    levels *= _gain(draw.uniform(*settings.hum_db)) / np.sqrt(np.sum(levels**2) / 2)
    spectrum = np.zeros(rate // 2 + 1, np.complex64)
    turned = np.exp(2j * np.pi * draw.random(_HUM_HARMONICS))
    spectrum[draw.choice((50, 60)) * harmonics] = rate / 2 * levels * turned
    hum = np.resize(np.fft.irfft(spectrum, rate).astype(np.float32), audio.shape[1])
    return np.asarray(audio + hum, np.float32)


def _coded(draw: np.random.Generator, audio: Audio, rate: int, settings: Augmentation) -> Audio:
    codec = MP3Compressor(draw.uniform(*settings.coding_quality))
    return codec(audio, rate) if rate in _MP3_RATES_HZ else audio


def _between(draw: np.random.Generator, bounds: Range) -> float:
    """Log-uniform."""
    return float(np.exp(draw.uniform(*np.log(bounds))))


def _gain(level_db: float) -> float:
    return float(10 ** (level_db / 20))


_Step = Callable[[np.random.Generator, Audio, int, Augmentation], Audio]
_CHAIN: tuple[tuple[str, _Step], ...] = (
    ("equaliser_share", _equalised),
    ("pickup_share", _picked_up),
    ("compression_share", _compressed),
    ("room_share", _in_room),
    ("level_share", _at_level),
    ("noise_share", _hissing),
    ("hum_share", _humming),
    ("coding_share", _coded),
)
"""The steps in the order in which a recording meets them, each with the field of its share."""
