"""The baseline's encoder and its decoder: convolutions over log-mel pictures."""

import torch
from torch import Tensor, nn

from training.baseline.pictures import SHAPE

CHANNELS = (16, 32, 64, 128)
LATENT = 64
_HIDDEN = 256
_STRIDE = 2 ** len(CHANNELS)
_BANDS, _COLUMNS = (side // _STRIDE for side in SHAPE)


class PictureEncoder(nn.Module):
    """Pictures (n, *SHAPE) to the mean and log-variance of a latent, each (n, LATENT).

    Strided convolutions, then mean and deviation over time, so that content matters less than
    character; the long-term spectrum is given beside them.
    """

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in zip((1, *CHANNELS), CHANNELS, strict=False):
            layers += [
                nn.Conv2d(before, after, 3, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(after),
                nn.GELU(),
            ]
        self.convolutions = nn.Sequential(*layers)
        self.summary = nn.Sequential(
            nn.Linear(2 * CHANNELS[-1] * _BANDS + 2 * SHAPE[0], _HIDDEN),
            nn.LayerNorm(_HIDDEN),
            nn.GELU(),
        )
        self.mean = nn.Linear(_HIDDEN, LATENT)
        self.log_variance = nn.Linear(_HIDDEN, LATENT)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance of the latent."""
        maps = self.convolutions(pictures[:, None]).flatten(1, 2)
        pooled = torch.cat([_over_time(maps), _over_time(pictures)], dim=1)
        hidden = self.summary(pooled)
        return self.mean(hidden), self.log_variance(hidden).clamp(-8, 8)


def _over_time(maps: Tensor) -> Tensor:
    mean = maps.mean(dim=-1, keepdim=True)
    deviation = ((maps - mean).square().mean(dim=-1) + 1e-5).sqrt()
    return torch.cat([mean.squeeze(-1), deviation], dim=1)


class Decoder(nn.Module):
    """Latents (n, LATENT) to pictures (n, *SHAPE)."""

    def __init__(self) -> None:
        super().__init__()
        self.start = nn.Linear(LATENT, CHANNELS[-1] * _BANDS * _COLUMNS)
        layers: list[nn.Module] = []
        for before, after in zip(CHANNELS[::-1], (*CHANNELS[-2::-1], 1), strict=True):
            layers += [nn.GELU(), nn.ConvTranspose2d(before, after, 4, stride=2, padding=1)]
        self.layers = nn.Sequential(*layers)

    def forward(self, latents: Tensor) -> Tensor:
        """Reconstructed pictures."""
        maps = self.start(latents).unflatten(1, (CHANNELS[-1], _BANDS, _COLUMNS))
        pictures: Tensor = self.layers(maps)
        return pictures.squeeze(1)
