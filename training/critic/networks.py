"""The critic, in PyTorch. Takes any batch size."""

import torch
from torch import Tensor, nn

from bridge.models.critic import QUANTILES

HEADS = 3
"""Logarithms of the distance at the target's level, of the raw one, and of the change."""
_HIDDEN = 256
_LIMIT = 6.0
_MIDDLE = QUANTILES.index(0.5)


class CriticNetwork(nn.Module):
    """Comparisons (n, size) to quantiles (n, HEADS, len(QUANTILES)), which never cross."""

    mean: Tensor
    scale: Tensor

    def __init__(self, size: int, dropout: float = 0.15) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("scale", torch.ones(size))
        self.first = nn.Sequential(
            nn.Dropout(dropout / 3), nn.Linear(size, _HIDDEN), nn.LayerNorm(_HIDDEN), nn.GELU()
        )
        self.second = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(_HIDDEN, _HIDDEN), nn.LayerNorm(_HIDDEN), nn.GELU()
        )
        self.last = nn.Sequential(nn.Dropout(dropout), nn.Linear(_HIDDEN, HEADS * len(QUANTILES)))

    def standardise(self, comparisons: Tensor) -> None:
        """Take mean and deviation of every number from examples (n, size)."""
        self.mean.copy_(comparisons.mean(dim=0))
        self.scale.copy_(comparisons.std(dim=0).clamp(min=1e-3))

    def forward(self, comparisons: Tensor) -> Tensor:
        """Quantiles of what is expected."""
        x = ((comparisons - self.mean) / self.scale).clamp(-_LIMIT, _LIMIT)
        hidden = self.first(x)
        hidden = hidden + self.second(hidden)
        raw = self.last(hidden).unflatten(1, (HEADS, len(QUANTILES)))
        steps = nn.functional.softplus(raw)
        middle = raw[..., _MIDDLE : _MIDDLE + 1]
        below = steps[..., :_MIDDLE].flip(-1).cumsum(-1).flip(-1)
        above = steps[..., _MIDDLE + 1 :].cumsum(-1)
        return torch.cat([middle - below, middle, middle + above], dim=-1)
