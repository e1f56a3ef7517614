"""Names for the arrays that travel through the project."""

import numpy as np
import numpy.typing as npt

Audio = npt.NDArray[np.float32]
"""Float32 samples, (channels, frames) or (frames,); full scale is ±1, levels above it are kept."""

Floats = npt.NDArray[np.float32]
"""Any other float32 numbers."""


LOUDEST = np.float32(1e6)
"""No sample is larger, +120 dBFS: what is, is as broken as what is no number."""


def usable(audio: Audio) -> bool:
    """Whether all samples are numbers, and none is beyond `LOUDEST`."""
    return bool(np.abs(audio).max(initial=0.0) <= LOUDEST)


def finite(audio: Audio) -> Audio:
    """Audio with silence in the place of what is no number, or beyond `LOUDEST`."""
    return np.where(np.abs(audio) <= LOUDEST, audio, np.float32(0))
