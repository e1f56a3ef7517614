"""Where the mel bands of the control surface's spectra lie."""

import numpy as np

from bridge.arrays import Floats


def band_hz(bands: int) -> Floats:
    """Blocking the first time: centre frequency of every band, in Hz."""
    # It brings scipy with it, for which no window should wait.
    from bridge.analysis.features import FeatureSettings, mel_matrix

    settings = FeatureSettings(mel_bands=bands)
    weights = mel_matrix(settings)
    hz = np.arange(weights.shape[1]) * settings.sample_rate_hz / settings.fft_frames
    return np.asarray(weights @ hz / weights.sum(axis=1), np.float32)
