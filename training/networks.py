"""The encoder, its decoder for β-VAE training, and the predictor, in PyTorch.

All take any batch size; the encoder's picture has a fixed shape, given by the feature settings.
"""

import torch
from torch import Tensor, nn

from bridge.analysis.features import LEVEL_NAMES, FeatureSettings

CHANNELS = (16, 32, 64, 128)
EMBEDDING_SIZE = 64
HIDDEN = 256
_STRIDE = 2 ** len(CHANNELS)


class Encoder(nn.Module):
    """Pictures (n, bands, columns) to the mean and log-variance of a latent, each (n, 64).

    Strided convolutions, then mean and deviation over time, so that content matters less than
    character; the long-term spectrum is given beside them.
    """

    def __init__(self, features: FeatureSettings) -> None:
        super().__init__()
        self.features = features
        bands, columns = features.picture_shape
        if bands % _STRIDE or columns % _STRIDE:
            raise ValueError(
                f"picture sides must be multiples of {_STRIDE}, not {bands} and {columns}"
            )
        layers: list[nn.Module] = []
        for before, after in zip((1, *CHANNELS), CHANNELS, strict=False):
            layers += [
                nn.Conv2d(before, after, 3, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(after),
                nn.GELU(),
            ]
        self.convolutions = nn.Sequential(*layers)
        self.summary = nn.Sequential(
            nn.Linear(2 * CHANNELS[-1] * (bands // _STRIDE) + 2 * bands, HIDDEN),
            nn.LayerNorm(HIDDEN),
            nn.GELU(),
        )
        self.mean = nn.Linear(HIDDEN, EMBEDDING_SIZE)
        self.log_variance = nn.Linear(HIDDEN, EMBEDDING_SIZE)

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
    """Latents (n, 64) to pictures (n, bands, columns)."""

    def __init__(self, features: FeatureSettings) -> None:
        super().__init__()
        bands, columns = features.picture_shape
        self._shape = (CHANNELS[-1], bands // _STRIDE, columns // _STRIDE)
        self.start = nn.Linear(EMBEDDING_SIZE, self._shape[0] * self._shape[1] * self._shape[2])
        layers: list[nn.Module] = []
        for before, after in zip(CHANNELS[::-1], (*CHANNELS[-2::-1], 1), strict=True):
            layers += [nn.GELU(), nn.ConvTranspose2d(before, after, 4, stride=2, padding=1)]
        self.layers = nn.Sequential(*layers)

    def forward(self, latents: Tensor) -> Tensor:
        """Reconstructed pictures."""
        pictures: Tensor = self.layers(self.start(latents).unflatten(1, self._shape))
        return pictures.squeeze(1)


class Predictor(nn.Module):
    """Embeddings, levels and host rate to normalised parameters (n, p), not yet clamped.

    The answer starts at 0.5 for every input. It is linear, not a sigmoid, so its gradient never
    fades at the ends of the range; `clamp_inward` keeps it there.
    """

    def __init__(self, parameters: int, start: float = 0.5, dropout: float = 0.1) -> None:
        super().__init__()
        width = 3 * (EMBEDDING_SIZE + len(LEVEL_NAMES)) + 1
        self.layers = nn.Sequential(
            nn.Linear(width, HIDDEN),
            nn.LayerNorm(HIDDEN),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(HIDDEN, HIDDEN),
            nn.LayerNorm(HIDDEN),
            nn.GELU(),
            nn.Dropout(dropout),
        )
        self.answer = nn.Linear(HIDDEN, parameters)
        nn.init.zeros_(self.answer.weight)
        nn.init.constant_(self.answer.bias, start)

    def forward(
        self,
        input_embedding: Tensor,
        reference_embedding: Tensor,
        input_levels: Tensor,
        reference_levels: Tensor,
        sample_rate: Tensor,
    ) -> Tensor:
        """Embeddings (n, 64), levels (n, k) in dB, sample_rate (n, 1) in Hz."""
        levels, wanted = input_levels / 20, reference_levels / 20
        octaves = torch.log2(sample_rate.clamp(8_000, 192_000) / 48_000)
        evidence = [
            input_embedding,
            reference_embedding,
            reference_embedding - input_embedding,
            levels,
            wanted,
            wanted - levels,
            octaves,
        ]
        answer: Tensor = self.answer(self.layers(torch.cat(evidence, dim=1)))
        return answer


class _ClampInward(torch.autograd.Function):
    """Clamp to 0..1 whose gradient still passes outside the range where it points back in."""

    @staticmethod
    def forward(ctx, raw: Tensor) -> Tensor:  # type: ignore[no-untyped-def]
        ctx.save_for_backward(raw)
        return raw.clamp(0, 1)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:  # type: ignore[no-untyped-def]
        (raw,) = ctx.saved_tensors
        outward = ((raw < 0) & (gradient > 0)) | ((raw > 1) & (gradient < 0))
        return gradient.masked_fill(outward, 0)


def clamp_inward(raw: Tensor) -> Tensor:
    """`raw` clamped to 0..1 without ever losing the way back: no answer saturates."""
    clamped: Tensor = _ClampInward.apply(raw)
    return clamped
