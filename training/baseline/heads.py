"""Predictors on frozen embeddings: the same for every encoder that is compared."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict
from torch import Tensor
from torch.nn.functional import pad

from bridge.arrays import Floats
from bridge.manifest import PluginSpec
from training.joint import SettingLoss
from training.networks import EMBEDDING_SIZE, Predictor
from training.pool import Pool
from training.schedules import one_cycle

Loss = Callable[[tuple[Tensor, Tensor, Tensor], Floats], Tensor]
"""Of what a predictor says and of true settings (n, p), NaN where the reference is dry."""


class HeadSettings(BaseModel):
    """How a predictor is trained on frozen embeddings."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    epochs: int = 40
    batch: int = 64
    learning_rate: float = 1e-3
    weight_decay: float = 2e-2
    point_share: float = 10.0


@dataclass(frozen=True)
class Evidence:
    """What a predictor is given of n cases, and the truth (n, p), NaN for a dry reference."""

    inputs: tuple[Tensor, ...]
    truth: Floats

    @classmethod
    def of(cls, pool: Pool, plugin: str, dry: Tensor, wet: Tensor) -> "Evidence":
        """From embeddings (n, EMBEDDING_SIZE or less) of inputs and of a plugin's references."""
        levels = (pool.dry.levels, pool.wet[plugin].heard.levels, pool.sample_rates[:, None])
        embeddings = (pad(some, (0, EMBEDDING_SIZE - some.shape[1])) for some in (dry, wet))
        return cls((*embeddings, *map(torch.from_numpy, levels)), pool.wet[plugin].truth)


def train_head(plugin: PluginSpec, evidence: Evidence, s: HeadSettings) -> Predictor:
    """A new predictor, trained on the true settings."""
    torch.manual_seed(0)
    predictor = Predictor(plugin.predicted)
    equal = np.ones(len(plugin.predicted), np.float32)
    learn(predictor, SettingLoss(plugin, equal, s.point_share), evidence, s)
    return predictor


def learn(predictor: Predictor, loss: Loss, evidence: Evidence, s: HeadSettings) -> None:
    """Train in place on the true settings, and leave it as it is used."""
    optimiser = torch.optim.AdamW(
        predictor.parameters(), lr=s.learning_rate, weight_decay=s.weight_decay
    )
    count = len(evidence.truth)
    steps = max(count // s.batch, 1)
    schedule = one_cycle(optimiser, s.epochs * steps)
    for epoch in range(s.epochs):
        order = np.random.default_rng((19, epoch)).permutation(count)
        for step in range(steps):
            rows = order[step * s.batch : (step + 1) * s.batch]
            answer = predictor(*(part[rows] for part in evidence.inputs))
            optimiser.zero_grad()
            loss(answer, evidence.truth[rows]).backward()
            optimiser.step()
            schedule.step()
    predictor.eval()


@torch.no_grad()
def errors_of(predictor: Predictor, plugin: PluginSpec, evidence: Evidence) -> dict[str, float]:
    """By symbol: mean absolute error of the wet cases, or the share of wrong classes."""
    points, bins, _ = predictor(*evidence.inputs)
    return _errors(predictor.decode(points, bins).numpy(), plugin, evidence.truth)


def constant_errors(plugin: PluginSpec, seen: Floats, truth: Floats) -> dict[str, float]:
    """Errors of always answering the median, or the commonest class, of the settings seen."""
    known = seen[~np.isnan(seen[:, 0])]
    answer = np.median(known, axis=0)
    for column, spec in enumerate(plugin.predicted):
        if spec.classes:
            values, counts = np.unique(known[:, column], return_counts=True)
            answer[column] = values[counts.argmax()]
    return _errors(np.broadcast_to(answer, truth.shape), plugin, truth)


def _errors(answers: Floats, plugin: PluginSpec, truth: Floats) -> dict[str, float]:
    missed = np.abs(answers - truth)[~np.isnan(truth[:, 0])]
    return {
        spec.symbol: float((column > 1e-3).mean() if spec.classes else column.mean())
        for spec, column in zip(plugin.predicted, missed.T, strict=True)
    }
