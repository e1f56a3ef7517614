"""Colours that the colour-blind can tell apart."""

import numpy as np
import numpy.typing as npt

from bridge.arrays import Floats

# Okabe & Ito, Color universal design, 2008; yellow is left out, as it fades on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
SCALE = "cividis"
"""Nuñez, Anderton & Renslow, PLoS ONE 13, 2018: from dark blue to bright yellow."""

_CORNERS = np.array([[[0, 45, 130], [145, 60, 0]], [[150, 210, 255], [255, 205, 120]]], np.float64)
"""Blue to orange from left to right, dark to light from bottom to top."""


def field(positions: Floats) -> npt.NDArray[np.float64]:
    """A colour for every position (n, 2) in the unit square: RGB in 0..1, (n, 3)."""
    x, y = np.clip(positions, 0, 1).T[:, :, None]
    bottom, top = ((1 - x) * left + x * right for left, right in _CORNERS)
    return np.asarray(((1 - y) * bottom + y * top) / 255)
