"""The critic, in PyTorch. Takes any batch size."""

import torch
from torch import Tensor, nn

from bridge.models.critic import QUANTILES
from bridge.search.comparison import COMPARISON_SIZE, PAIR_SIZE, PAIRS

HEADS = 3
"""Logarithms of the distance at the target's level, of the raw one, and of the change."""
_PAIR_HIDDEN, _HIDDEN = 192, 256
_LIMIT = 6.0
_MIDDLE = QUANTILES.index(0.5)
_PAIRED = PAIRS * PAIR_SIZE


class CriticNetwork(nn.Module):
    """Comparisons (n, COMPARISON_SIZE) to quantiles (n, HEADS, len(QUANTILES)), which never cross.

    How far apart two recordings are means the same for each pair, so all pairs share their first
    layer.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, dropout: float = 0.3) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(COMPARISON_SIZE))
        self.register_buffer("scale", torch.ones(COMPARISON_SIZE))
        self.pair = _layer(PAIR_SIZE, _PAIR_HIDDEN, dropout / 3)
        self.first = _layer(PAIRS * _PAIR_HIDDEN + COMPARISON_SIZE - _PAIRED, _HIDDEN, dropout)
        self.second = _layer(_HIDDEN, _HIDDEN, dropout)
        self.last = nn.Sequential(nn.Dropout(dropout), nn.Linear(_HIDDEN, HEADS * len(QUANTILES)))

    def standardise(self, comparisons: Tensor) -> None:
        """Take mean and deviation of every number from examples (n, COMPARISON_SIZE)."""
        for found, kept in (
            (comparisons.mean(dim=0), self.mean),
            (comparisons.std(dim=0).clamp(min=1e-3), self.scale),
        ):
            kept.copy_(found)
            alike = found[:_PAIRED].unflatten(0, (PAIRS, PAIR_SIZE)).mean(dim=0)
            kept[:_PAIRED] = alike.repeat(PAIRS)

    def forward(self, comparisons: Tensor) -> Tensor:
        """Quantiles of what is expected."""
        x = ((comparisons - self.mean) / self.scale).clamp(-_LIMIT, _LIMIT)
        pairs = self.pair(x[:, :_PAIRED].unflatten(1, (PAIRS, PAIR_SIZE))).flatten(1)
        hidden = self.first(torch.cat([pairs, x[:, _PAIRED:]], dim=1))
        hidden = hidden + self.second(hidden)
        raw = self.last(hidden).unflatten(1, (HEADS, len(QUANTILES)))
        steps = nn.functional.softplus(raw)
        middle = raw[..., _MIDDLE : _MIDDLE + 1]
        below = steps[..., :_MIDDLE].flip(-1).cumsum(-1).flip(-1)
        above = steps[..., _MIDDLE + 1 :].cumsum(-1)
        return torch.cat([middle - below, middle, middle + above], dim=-1)


def _layer(inputs: int, outputs: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(
        nn.Dropout(dropout), nn.Linear(inputs, outputs), nn.LayerNorm(outputs), nn.GELU()
    )
