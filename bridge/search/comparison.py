"""What the critic is shown: how a candidate, the playing and the reference differ. One definition
for training and use."""

from typing import Protocol

import numpy as np

from bridge.analysis.statistics import GROUPS, LEVEL_NAMES
from bridge.arrays import Floats

_SHOWN = ("spectrum", "amplitude", "envelope")
"""Groups of statistics that are shown number by number; of the others the critic sees how far they
are apart, and the embedding."""
_LEAST_SQUARE = 1e-4
_LEVEL_DB = 6.0
_LOUDNESS_DB = 20.0


class Sounding(Protocol):
    """One recording, or n of them."""

    @property
    def embedding(self) -> Floats:
        """(..., e)."""
        ...

    @property
    def style(self) -> Floats:
        """(..., s)."""
        ...

    @property
    def levels(self) -> Floats:
        """(..., k), as `LEVEL_NAMES`."""
        ...


def comparison(
    played: Sounding, candidate: Sounding, reference: Sounding, echo_similarity: Floats
) -> Floats:
    """What a critic takes, (n, `comparison_size`), of n candidates for one or n playings.

    `echo_similarity` (n, 2): of the reference's prominent echoes to the candidate's and to the
    playing's (`bridge.analysis.echoes.similarity`).
    """
    c, x, r = candidate, played, reference
    parts = [
        c.embedding - r.embedding,
        x.embedding - r.embedding,
        r.embedding,
        shown(c.style) - shown(r.style),
        shown(x.style) - shown(r.style),
        _apart(c.style, r.style),
        _apart(x.style, r.style),
        _apart(c.style, x.style),
        (c.levels - r.levels) / _LEVEL_DB,
        (x.levels - r.levels) / _LEVEL_DB,
        r.levels / _LOUDNESS_DB,
        echo_similarity,
    ]
    count = len(c.levels)
    rows = [np.broadcast_to(part, (count, part.shape[-1])) for part in parts]
    return np.concatenate(rows, axis=1, dtype=np.float32)


def comparison_size(embedding_size: int) -> int:
    """How many numbers `comparison` gives."""
    some = sum(GROUPS[name] for name in _SHOWN)
    return 3 * embedding_size + 2 * some + 3 * len(GROUPS) + 3 * len(LEVEL_NAMES) + 2


def shown(style: Floats) -> Floats:
    """The numbers of a style that are shown one by one."""
    return np.concatenate([style[..., part] for part in _places(_SHOWN)], axis=-1)


def _apart(one: Floats, other: Floats) -> Floats:
    """Logarithm of the mean square of every group's differences, (..., groups)."""
    squares = (one - other) ** 2
    means = [squares[..., part].mean(axis=-1) for part in _places(tuple(GROUPS))]
    return np.asarray(np.log(np.stack(means, axis=-1) + _LEAST_SQUARE))


def _places(names: tuple[str, ...]) -> list[slice]:
    ends = np.cumsum(list(GROUPS.values()))
    places = {
        name: slice(int(end) - size, int(end))
        for (name, size), end in zip(GROUPS.items(), ends, strict=True)
    }
    return [places[name] for name in names]
