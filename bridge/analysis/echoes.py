"""Echoes to the sample: lags at which a recording repeats itself exactly.

A delay line leaves a line one or two samples wide in the autocorrelation of the compressed
spectrum, whatever is played; rhythm and pitch leave hills.
"""

from dataclasses import dataclass

import numpy as np

from bridge.arrays import Floats

SHARP = 12.0
"""Sharpness from which a line is taken for an echo; noise reaches about 5."""
SHARPEST = 100.0
"""Sharpness is clipped here."""

AROUND = 8
"""Lags on both sides that a lag is compared with."""

_LEAST_LAG = 30
_NEAR, _BACKGROUND = 1, 500
_TOLERANCE = 1
_COMPARED = 6


@dataclass(frozen=True)
class Echo:
    """One line: its lag in samples at the features' rate, and its prominence."""

    lag: int
    prominence: float


def prominence(lags: Floats) -> Floats:
    """How far every lag (n,) stands above its neighbours, in mean deviations of its surroundings.

    0..SHARPEST; 0 below the least lag that is looked at.
    """
    found = in_deviations(above_neighbours(lags)[_LEAST_LAG:])
    return np.pad(np.clip(found, 0, SHARPEST), (_LEAST_LAG, 0)).astype(np.float32)


def above_neighbours(lags: Floats) -> Floats:
    """How far every lag of each row (..., n) stands above those near it."""
    neighbours = _sums(lags, AROUND) - _sums(lags, _NEAR)
    return np.asarray(lags - neighbours / (2 * (AROUND - _NEAR)))


def in_deviations(above: Floats) -> Floats:
    """The same (..., n) in mean absolute deviations of its surroundings."""
    deviation = _sums(np.abs(above), _BACKGROUND) / (2 * _BACKGROUND + 1)
    return np.asarray(above / np.maximum(deviation, 1e-9))


def _sums(rows: Floats, half: int) -> Floats:
    """Sum over every value of a row and `half` neighbours on both sides, mirrored at the ends."""
    ends = [(0, 0)] * (rows.ndim - 1) + [(half + 1, half)]
    sums = np.cumsum(np.pad(np.asarray(rows, np.float64), ends, mode="reflect"), axis=-1)
    return np.asarray(sums[..., 2 * half + 1 :] - sums[..., : -2 * half - 1])


def most_prominent(profile: Floats, count: int) -> list[Echo]:
    """The most prominent lines of a profile, from `SHARP` on, no two side by side, in order."""
    echoes: list[Echo] = []
    clear = np.flatnonzero(profile >= SHARP)
    for lag in clear[np.argsort(-profile[clear], kind="stable")]:
        if len(echoes) == count:
            break
        if all(abs(int(lag) - echo.lag) > AROUND for echo in echoes):
            echoes.append(Echo(int(lag), float(profile[lag])))
    return echoes


def at(profile: Floats, lag: int) -> float:
    """Sharpness at a lag, give or take a sample."""
    return float(profile[max(lag - _TOLERANCE, 0) : lag + _TOLERANCE + 1].max(initial=0.0))


def similarity(one: Floats, other: Floats) -> float:
    """How much of both profiles' most prominent lines they share, 0..1; 0 where none has any."""
    lags = {echo.lag for profile in (one, other) for echo in most_prominent(profile, _COMPARED)}
    pairs = [(at(one, lag), at(other, lag)) for lag in lags]
    return sum(map(min, pairs)) / max(sum(map(max, pairs)), 1e-9)
