"""What a plugin is tried on: a plucked chord, drums, a sung vowel, in one channel."""

from functools import cache

import numpy as np
import numpy.typing as npt

from bridge.arrays import Audio

RATE_HZ = 48_000
TAIL_S = 0.3
"""Silence behind the clips."""
_PEAK = 0.5
Times = npt.NDArray[np.float64]
"""One number for every frame."""


@cache
def clips() -> Audio:
    """The clips, (1, frames), at `RATE_HZ`, with their tail."""
    parts = (_chord(0.6), _drums(0.5), _vowel(0.5), np.zeros(round(TAIL_S * RATE_HZ)))
    return np.concatenate(parts)[None].astype(np.float32)


@cache
def short_clips() -> Audio:
    """The same, a third as long, for plugins with very many parameters."""
    parts = (_chord(0.2), _drums(0.15), _vowel(0.15), np.zeros(round(TAIL_S * RATE_HZ / 3)))
    return np.concatenate(parts)[None].astype(np.float32)


def _seconds(length_s: float) -> Times:
    return np.arange(round(length_s * RATE_HZ)) / RATE_HZ


def _chord(length_s: float) -> Times:
    """E, B and G sharp with their harmonics, dying away, the upper ones sooner."""
    t = _seconds(length_s)
    sound = sum(
        np.sin(2 * np.pi * note * n * t + n) * np.exp(-(2 + n) * t) / n
        for note in (82.4, 123.5, 207.7)
        for n in range(1, 25)
    )
    return _scaled(np.asarray(sound))


def _drums(length_s: float) -> Times:
    """Noise that is struck four times, each time more softly."""
    t = _seconds(length_s)
    beat = t % (length_s / 4)
    softer = 0.5 ** np.floor(t / (length_s / 4))
    noise = np.random.default_rng(7).standard_normal(t.size)
    kick = 3 * np.sin(2 * np.pi * (60 + 90 * np.exp(-40 * beat)) * beat)
    return _scaled((noise + kick) * np.exp(-25 * beat) * softer)


def _vowel(length_s: float) -> Times:
    """A voice-like tone that slides up and gets louder."""
    t = _seconds(length_s)
    phase = 2 * np.pi * np.cumsum(150 + 40 * t / length_s + 4 * np.sin(35 * t)) / RATE_HZ
    sound = sum(
        np.sin(n * phase) * (1 / n + np.exp(-(((150 * n - 800) / 300) ** 2))) for n in range(1, 40)
    )
    return _scaled(np.asarray(sound) * (0.1 + 0.9 * t / length_s))


def _scaled(sound: Times) -> Times:
    return np.asarray(sound * (_PEAK / np.abs(sound).max()))
