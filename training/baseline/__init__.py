"""The published method's encoder, a spectrogram β-VAE, kept to be compared with."""

from training.baseline.comparison import BaselineSettings, compare
from training.baseline.heads import HeadSettings
from training.baseline.vae import VaeSettings

__all__ = ["BaselineSettings", "HeadSettings", "VaeSettings", "compare"]
