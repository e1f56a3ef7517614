"""Long-term spectra for people to look at."""

from bridge.analysis.features import FeatureSettings
from bridge.analysis.statistics import Statistics


def spectrum_db(measured: Statistics, features: FeatureSettings) -> list[float]:
    """Mean level of every mel band, in dBFS."""
    level_free_db = 20 * measured.vector[: features.mel_bands]
    return [float(level) for level in level_free_db + measured.levels[0]]
