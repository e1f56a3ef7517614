"""What the critic is shown: how a candidate, the playing and the reference differ. One definition
for training and use."""

from typing import Protocol

import numpy as np

from bridge.analysis.statistics import GROUPS, LEVEL_NAMES
from bridge.arrays import Floats
from bridge.search.surprise import SURPRISES

_POOLED = {"modulation": 2, "cepstrum": 8, "echo": 4, "carrier": 16}
"""Of these groups so many neighbours are shown as their mean; of the others each number."""
_SIGNED = slice(0, 160)
"""Numbers of a style that are shown with their sign: mean and deviation of the spectrum's bands."""
_LEAST_SQUARE = 1e-4
_LEVEL_DB = 6.0
_LOUDNESS_DB = 20.0

PAIR_SIZE = sum(size // _POOLED.get(name, 1) for name, size in GROUPS.items())
"""How many numbers say how far apart two recordings are."""
PAIRS = 3
"""Candidate and reference, playing and reference, candidate and playing, in this order first."""
COMPARISON_SIZE = (
    PAIRS * (PAIR_SIZE + len(GROUPS))
    + 2 * (_SIGNED.stop - _SIGNED.start)
    + 3 * len(LEVEL_NAMES)
    + 2
    + len(SURPRISES)
)
"""How many numbers `comparison` gives."""


class Sounding(Protocol):
    """One recording, or n of them."""

    @property
    def style(self) -> Floats:
        """(..., s)."""
        ...

    @property
    def levels(self) -> Floats:
        """(..., k), as `LEVEL_NAMES`."""
        ...


def comparison(
    played: Sounding,
    candidate: Sounding,
    reference: Sounding,
    echo_similarity: Floats,
    surprises: Floats,
) -> Floats:
    """What a critic takes, (n, COMPARISON_SIZE), of n candidates for one or n playings.

    `echo_similarity` (n, 2): of the reference's prominent echoes to the candidate's and to the
    playing's (`bridge.analysis.echoes.similarity`). `surprises` (n, len(SURPRISES)): of the
    settings (`bridge.search.surprise`).
    """
    c, x, r = candidate, played, reference
    pairs = [one.style - other.style for one, other in ((c, r), (x, r), (c, x))]
    parts = [
        *(_apart(pair) for pair in pairs),
        *(pair[..., _SIGNED] for pair in pairs[:2]),
        *(_mean_squares(pair) for pair in pairs),
        (c.levels - r.levels) / _LEVEL_DB,
        (x.levels - r.levels) / _LEVEL_DB,
        r.levels / _LOUDNESS_DB,
        echo_similarity,
        surprises,
    ]
    count = len(c.levels)
    rows = [np.broadcast_to(part, (count, part.shape[-1])) for part in parts]
    return np.concatenate(rows, axis=1, dtype=np.float32)


def _apart(difference: Floats) -> Floats:
    """Sizes of the differences of two styles, neighbours pooled, (..., PAIR_SIZE)."""
    parts = []
    for name, size in GROUPS.items():
        pool = _POOLED.get(name, 1)
        part = np.abs(difference[..., _PLACES[name]])[..., : size // pool * pool]
        parts.append(part.reshape(*part.shape[:-1], -1, pool).mean(axis=-1))
    return np.concatenate(parts, axis=-1)


def _mean_squares(difference: Floats) -> Floats:
    """Logarithm of the mean square of every group's differences, (..., groups)."""
    squares = difference**2
    means = [squares[..., _PLACES[name]].mean(axis=-1) for name in GROUPS]
    return np.asarray(np.log(np.stack(means, axis=-1) + _LEAST_SQUARE))


def _places() -> dict[str, slice]:
    """Where each group lies in a style."""
    ends = np.cumsum(list(GROUPS.values()))
    groups = zip(GROUPS.items(), ends, strict=True)
    return {name: slice(int(end) - size, int(end)) for (name, size), end in groups}


_PLACES = _places()
