"""The encoder and the predictor, in PyTorch. Both take any batch size."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from bridge.analysis.statistics import CEPSTRUM_LAGS, GROUPS, LEVEL_NAMES, SIZE
from bridge.arrays import Floats
from bridge.manifest import ParamSpec

BINS = 32
"""Bins of every parameter's distribution; an enum's or toggle's classes take the first ones."""

LINEAR = 192
CURVED = 96
EMBEDDING_SIZE = LINEAR + CURVED + 3 * 2 * 6
_PROFILES = {"cepstrum": (2, CEPSTRUM_LAGS), "echo": (1, GROUPS["echo"]), "carrier": (1, 1024)}
_POINTERS = 6
_HIDDEN = 256
_LIMIT = 6.0


class Encoder(nn.Module):
    """Statistics (n, SIZE) to embeddings (n, EMBEDDING_SIZE).

    Three parts side by side: a linear one, so that the difference of two embeddings is an embedding
    of the difference; a curved one; and pointers, which say where along the lags of the cepstrum
    and of the echoes, and along the carrier's frequency, something stands out.
    """

    mean: Tensor
    scale: Tensor
    style_scale: Tensor

    def __init__(self, dropout: float = 0.1) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(SIZE))
        self.register_buffer("scale", torch.ones(SIZE))
        self.register_buffer("style_scale", torch.ones(SIZE))
        self.gaps = nn.Dropout(dropout)
        self.linear = nn.Linear(SIZE, LINEAR)
        self.curved = nn.Sequential(
            nn.Linear(SIZE, 384),
            nn.LayerNorm(384),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(384, CURVED),
        )
        self.pointers = nn.ModuleDict({name: Pointers(*shape) for name, shape in _PROFILES.items()})

    def standardise(self, vectors: Floats) -> None:
        """Take mean and deviation of every number from examples (n, SIZE)."""
        self.mean.copy_(torch.from_numpy(vectors.mean(axis=0)))
        self.scale.copy_(torch.from_numpy(np.maximum(vectors.std(axis=0), 1e-3)))

    def style(self, vectors: Tensor) -> Tensor:
        """Statistics scaled so that distances compare styles, whatever was played."""
        return (vectors - self.mean) * self.style_scale

    def forward(self, vectors: Tensor) -> Tensor:
        """Embeddings."""
        x = ((vectors - self.mean) / self.scale).clamp(-_LIMIT, _LIMIT)
        parts = [self.linear(self.gaps(x)), self.curved(self.gaps(x))]
        start = 0
        for name, size in GROUPS.items():
            if name in _PROFILES:
                parts.append(self.pointers[name](x[:, start : start + size]))
            start += size
        return torch.cat(parts, dim=1)


class Pointers(nn.Module):
    """Learned peaks of a profile (n, rows · length): where each is, -1..1, and how high."""

    places: Tensor

    def __init__(self, rows: int, length: int) -> None:
        super().__init__()
        self._shape = (rows, length)
        self.gain = nn.Parameter(torch.linspace(0.5, 3.0, _POINTERS)[:, None].repeat(1, rows))
        self.prior = nn.Parameter(torch.randn(_POINTERS, length) * 0.3)
        self.register_buffer("places", torch.linspace(-1, 1, length), persistent=False)

    def forward(self, profile: Tensor) -> Tensor:
        """Places and heights, (n, 2 · pointers)."""
        rows = profile.unflatten(1, self._shape)
        scores = torch.einsum("kr,nrl->nkl", self.gain, rows) + self.prior
        weights = torch.softmax(scores, dim=-1)
        heights = torch.einsum("nkl,nl->nk", weights, rows[:, 0])
        return torch.cat([3 * (weights @ self.places), heights], dim=1)


class Predictor(nn.Module):
    """Two embeddings, two sets of levels and the host's rate to what is known of the setting.

    For every parameter a distribution over `BINS` bins, which admits several answers, and a point,
    which starts at `start` for every input. The point is linear, not a sigmoid, so its gradient
    never fades at the ends of the range; `clamp_inward` keeps it there. Beside them the logit that
    the reference is dry.
    """

    temperature: Tensor
    hidden_bins: Tensor
    classes: Tensor

    def __init__(
        self,
        parameters: Sequence[ParamSpec],
        start: float = 0.5,
        dropout: float = 0.3,
        hidden: int = _HIDDEN,
    ) -> None:
        super().__init__()
        count = len(parameters)
        width = 2 * (EMBEDDING_SIZE + len(LEVEL_NAMES)) + 1
        self.evidence = nn.BatchNorm1d(width, affine=False, momentum=0.02)
        self.trunk = nn.Sequential(
            nn.Linear(width, hidden),
            nn.LayerNorm(hidden),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, hidden),
            nn.LayerNorm(hidden),
            nn.GELU(),
            nn.Dropout(dropout),
        )
        self.bins = nn.Linear(hidden, count * BINS)
        self.bypass = nn.Linear(hidden, 1)
        last = nn.Linear(96, count)
        nn.init.zeros_(last.weight)
        nn.init.constant_(last.bias, start)
        self.point = nn.Sequential(nn.Linear(hidden, 96), nn.GELU(), last)
        self.register_buffer("temperature", torch.ones(count))
        self.register_buffer("hidden_bins", hidden_bins(parameters), persistent=False)
        classes = torch.tensor([parameter.classes for parameter in parameters])
        self.register_buffer("classes", classes, persistent=False)

    def forward(
        self,
        input_embedding: Tensor,
        reference_embedding: Tensor,
        input_levels: Tensor,
        reference_levels: Tensor,
        sample_rate: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Points (n, p), not clamped; log-probabilities of bins (n, p, BINS); bypass logits (n, 1).

        Embeddings (n, EMBEDDING_SIZE), levels (n, k) in dB, sample_rate (n, 1) in Hz.
        """
        evidence = _evidence(
            input_embedding, reference_embedding, input_levels, reference_levels, sample_rate
        )
        hidden = self.trunk(self.evidence(evidence))
        scores = self.bins(hidden).unflatten(1, (-1, BINS)) / self.temperature[:, None]
        masked = scores.masked_fill(self.hidden_bins, -1e4)
        return self.point(hidden), torch.log_softmax(masked, dim=-1), self.bypass(hidden)

    @torch.no_grad()
    def standardise(self, inputs: tuple[Tensor, ...]) -> None:
        """Take mean and variance of the evidence from what `forward` would be given."""
        evidence = _evidence(*inputs)
        self.evidence.running_mean = evidence.mean(dim=0)
        self.evidence.running_var = evidence.var(dim=0).clamp(min=1e-4)

    def decode(self, points: Tensor, bins: Tensor) -> Tensor:
        """Normalised answers (n, p): points clamped, and the likeliest class of an enum."""
        likeliest = bins.argmax(dim=-1) / (self.classes - 1).clamp(min=1)
        return torch.where(self.classes > 0, likeliest, points.clamp(0, 1))


def _evidence(
    input_embedding: Tensor,
    reference_embedding: Tensor,
    input_levels: Tensor,
    reference_levels: Tensor,
    sample_rate: Tensor,
) -> Tensor:
    return torch.cat(
        [
            reference_embedding - input_embedding,
            reference_embedding,
            reference_levels - input_levels,
            reference_levels,
            torch.log2(sample_rate.clamp(8_000, 192_000) / 48_000),
        ],
        dim=1,
    )


def hidden_bins(parameters: Sequence[ParamSpec]) -> Tensor:
    """Which bins a parameter does not use, (p, BINS): those beyond the classes of an enum."""
    hidden = torch.zeros(len(parameters), BINS, dtype=torch.bool)
    for row, parameter in zip(hidden, parameters, strict=True):
        if parameter.classes:
            row[parameter.classes :] = True
    return hidden


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
