"""The picture encoder in the place of the statistics' encoder."""

from dataclasses import replace

from torch import Tensor, nn
from torch.nn.functional import pad

from bridge.analysis.features import FeatureSettings
from bridge.analysis.statistics import Statistics
from bridge.analysis.windows import at_feature_rate
from bridge.arrays import Audio
from training.baseline.networks import LATENT, PictureEncoder
from training.baseline.pictures import SETTINGS, picture
from training.networks import EMBEDDING_SIZE
from training.pool import hear


class Eye(nn.Module):
    """Pictures (n, *SHAPE) to the means of their latents, (n, EMBEDDING_SIZE) with zeros behind."""

    def __init__(self, encoder: PictureEncoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, pictures: Tensor) -> Tensor:
        """Embeddings."""
        return pad(self.encoder(pictures)[0], (0, EMBEDDING_SIZE - LATENT))


def see(audio: Audio, sample_rate: float, features: FeatureSettings) -> Statistics:
    """The picture of (1, frames) audio in the vector's place, and the levels that are heard."""
    seen = picture(at_feature_rate(audio, sample_rate, SETTINGS))
    return replace(hear(audio, sample_rate, features), vector=seen)
