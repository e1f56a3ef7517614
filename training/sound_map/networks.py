"""The networks of a sound map, in PyTorch; all are small and take any batch size."""

from collections.abc import Sequence
from copy import copy

import numpy as np
import torch
from torch import Tensor, nn

from bridge.arrays import Floats
from bridge.manifest import ParamSpec
from training.networks import clamp_inward

_WIDTH = 64
_NARROW = 32
_NATS = 0.1
"""What a nat of a class counts beside a squared error of values in 0..1."""


class Coding(nn.Module):
    """Settings (n, p) as numbers (n, size) that a network can learn: classes take one each."""

    def __init__(self, parameters: Sequence[ParamSpec]) -> None:
        super().__init__()
        self.classes = tuple(spec.classes for spec in parameters)
        self.size = sum(max(classes, 1) for classes in self.classes)

    @property
    def continuous(self) -> list[int]:
        """Columns of a code that are no classes."""
        widths = [max(classes, 1) for classes in self.classes]
        starts = [sum(widths[:number]) for number in range(len(widths))]
        return [start for start, classes in zip(starts, self.classes, strict=True) if not classes]

    def encode(self, settings: Tensor) -> Tensor:
        """Normalised settings (n, p) to codes (n, size); classes are 0 or 1."""
        parts = []
        for number, classes in enumerate(self.classes):
            column = settings[:, number]
            if classes:
                # Halves upward, as the manifest takes them.
                nearest = (column.clamp(0, 1) * (classes - 1) + 0.5).floor()
                parts.append((nearest[:, None] == torch.arange(classes)).float())
            else:
                parts.append(column[:, None])
        return torch.cat(parts, dim=1)

    def soften(self, raw: Tensor) -> Tensor:
        """What a network answers (n, size) as codes: values in 0..1, probabilities of classes."""
        parts = [
            part.softmax(dim=1) if classes else clamp_inward(part)
            for part, classes in self._parts(raw)
        ]
        return torch.cat(parts, dim=1)

    def decode(self, raw: Tensor) -> Tensor:
        """What a network answers (n, size) as settings (n, p): the likeliest class counts."""
        parts = [
            part.argmax(dim=1, keepdim=True).float() / max(classes - 1, 1)
            if classes
            else part.clamp(0, 1)
            for part, classes in self._parts(raw)
        ]
        return torch.cat(parts, dim=1)

    def missed(self, soft: Tensor, codes: Tensor) -> Tensor:
        """Squared error of values, mean, and nats of classes, of softened answers (n, size)."""
        columns = self.continuous
        classes = [column for column in range(self.size) if column not in columns]
        missed = (soft - codes)[:, columns].square().mean() if columns else torch.zeros(())
        crossed = (codes * (soft + 1e-6).log())[:, classes].sum(dim=1).mean()
        return missed - _NATS * crossed

    def _parts(self, raw: Tensor) -> list[tuple[Tensor, int]]:
        parts = raw.split([max(classes, 1) for classes in self.classes], dim=1)
        return list(zip(parts, self.classes, strict=True))


class ToSetting(nn.Module):
    """Positions (n, 2) in 0..1 to what `Coding` softens or decodes, (n, size)."""

    def __init__(self, coding: Coding) -> None:
        super().__init__()
        self.coding = coding
        self.layers = _layers(2, coding.size)

    def forward(self, positions: Tensor) -> Tensor:
        """Raw answers: values around 0.5 for what is continuous, logits for classes."""
        raw: Tensor = self.layers(4 * positions - 2)
        shift = torch.zeros(raw.shape[1])
        shift[self.coding.continuous] = 0.5
        return raw + shift


class ToSound(nn.Module):
    """Codes of settings (n, size) to how they sound, (n, k): the plugin, in smooth."""

    def __init__(self, inputs: int, sounds: int) -> None:
        super().__init__()
        self.layers = _layers(inputs, _WIDTH)
        self.last = nn.Linear(_WIDTH, sounds)

    def forward(self, codes: Tensor) -> Tensor:
        """Sounds, standardised."""
        sounds: Tensor = self.last(nn.functional.gelu(self.layers(4 * codes - 2)))
        return sounds

    def read(self, matrix: Floats, offset: float = 0.0) -> "ToSound":
        """A network that answers with this one's answers times (sounds, k), plus an offset."""
        other = copy(self)
        other._modules = dict(self._modules)
        other.last = nn.Linear(_WIDTH, matrix.shape[1])
        times = torch.from_numpy(matrix.T.astype(np.float32))
        with torch.no_grad():
            other.last.weight.copy_(times @ self.last.weight)
            other.last.bias.copy_(times @ self.last.bias + offset)
        return other.requires_grad_(False)


class ToPosition(nn.Module):
    """Codes of settings (n, size) to positions (n, 2) in 0..1."""

    def __init__(self, coding: Coding) -> None:
        super().__init__()
        self.coding = coding
        self.layers = _layers(coding.size, 2)

    def forward(self, codes: Tensor) -> Tensor:
        """Positions, not clamped."""
        positions: Tensor = self.layers(4 * codes - 2)
        return positions + 0.5


class Locator(nn.Module):
    """Embeddings of recordings (n, d) to positions (n, 2) in 0..1."""

    mean: Tensor
    scale: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("scale", torch.ones(size))
        self.layers = nn.Sequential(nn.Dropout(0.2), _layers(size, 2, _NARROW))

    def standardise(self, embeddings: Tensor) -> None:
        """Take mean and deviation of every number from examples (n, d)."""
        self.mean.copy_(embeddings.mean(dim=0))
        self.scale.copy_(embeddings.std(dim=0).clamp(min=1e-3))

    def forward(self, embeddings: Tensor) -> Tensor:
        """Positions, not clamped."""
        standard = ((embeddings - self.mean) / self.scale).clamp(-5, 5)
        positions: Tensor = self.layers(standard)
        return positions + 0.5


def _layers(inputs: int, outputs: int, width: int = _WIDTH) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(inputs, width),
        nn.GELU(),
        nn.Linear(width, width),
        nn.GELU(),
        nn.Linear(width, outputs),
    )
