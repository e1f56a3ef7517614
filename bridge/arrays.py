"""Names for the arrays that travel through the project."""

import numpy as np
import numpy.typing as npt

Audio = npt.NDArray[np.float32]
"""Float32 samples, (channels, frames) or (frames,); full scale is ±1, levels above it are kept."""

Floats = npt.NDArray[np.float32]
"""Any other float32 numbers."""


def finite(audio: Audio) -> Audio:
    """Audio with silence in the place of what is no number, or infinite."""
    return np.nan_to_num(audio, nan=0.0, posinf=0.0, neginf=0.0)
