"""Names for the arrays that travel through the project."""

import numpy as np
import numpy.typing as npt

Audio = npt.NDArray[np.float32]
"""Float32 samples, (channels, frames) or (frames,); full scale is ±1, levels above it are kept."""

Floats = npt.NDArray[np.float32]
"""Any other float32 numbers."""
