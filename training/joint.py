"""Stage 1: one encoder and every plugin's predictor learn the true settings, which are known.

Each step takes one set of clips; every plugin's predictor sees its own references to them, and the
encoder, which they share, learns from all.

With several processes (`torchrun`) each takes its share of the clips and gradients are averaged. So
are the running statistics, after every epoch: their means over the shares are unbiased estimates of
the whole batch's, as torch keeps the unbiased variance.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, smooth_l1_loss

from bridge.arrays import Floats
from bridge.manifest import PluginSpec
from training.errors import TrainingError
from training.networks import BINS, Encoder, Predictor
from training.pool import Heard, Pool
from training.processes import average, device, my_share, rank, wait
from training.runs import JointSettings, Run, Stateful
from training.schedules import one_cycle

_SAME_CLASS = 1e-3
"""Normalised values of one class are no farther apart."""


@dataclass(frozen=True)
class Networks:
    """What is trained: one encoder, one predictor for each plugin id."""

    encoder: Encoder
    predictors: nn.ModuleDict

    def parts(self) -> dict[str, Stateful]:
        """For a checkpoint."""
        return {"encoder": self.encoder, "predictors": self.predictors}

    def train(self, on: bool) -> None:
        """Switch dropout and running statistics."""
        self.encoder.train(on)
        self.predictors.train(on)

    def to(self, place: torch.device) -> None:
        """Move them in place."""
        self.encoder.to(place)
        self.predictors.to(place)

    def running(self) -> list[Tensor]:
        """Statistics that training keeps beside the weights."""
        buffers = [*self.encoder.buffers(), *self.predictors.buffers()]
        return [buffer for buffer in buffers if buffer.is_floating_point()]


def train_joint(
    networks: Networks,
    plugins: Mapping[str, PluginSpec],
    weights: Mapping[str, Floats],
    pool: Pool,
    validation: Pool,
    run: Run,
    s: JointSettings,
) -> None:
    """Train in place; keeps the epoch that is best on validation and resumes after a stop.

    `weights` says how much each parameter of a plugin matters to the ear, (p,), mean 1. Raises
    TrainingError where the pool is smaller than a batch.
    """
    if len(pool) < s.batch:
        raise TrainingError(f"{len(pool)} clips are less than a batch of {s.batch}; give more")
    networks.to(device())
    trained = [*networks.encoder.parameters(), *networks.predictors.parameters()]
    optimiser = torch.optim.AdamW(trained, lr=s.learning_rate, weight_decay=s.weight_decay)
    steps = len(pool) // s.batch
    schedule = one_cycle(optimiser, s.epochs * steps)
    parts = networks.parts() | {"optimiser": optimiser, "schedule": schedule}
    losses = {
        name: SettingLoss(plugin, weights[name], s.point_share) for name, plugin in plugins.items()
    }
    first = run.resume("joint", parts)
    for epoch in range(first, s.epochs):
        draw = np.random.default_rng((23, epoch))
        order = draw.permutation(len(pool))
        # Dropout is a function of the epoch, so that a run which stopped goes on as if it had not.
        torch.manual_seed(np.random.default_rng((29, epoch, rank())).integers(2**63).item())
        networks.train(True)
        total = torch.zeros((), device=device())
        for step in range(steps):
            rows = order[step * s.batch : (step + 1) * s.batch]
            # Any playing can stand before any reference, so some inputs change places.
            others = np.where(draw.random(len(rows)) < s.swap_share, draw.permutation(rows), rows)
            missed = _step_loss(networks, losses, pool, my_share(rows), my_share(others))
            optimiser.zero_grad()
            missed.backward()
            average([weight.grad for weight in trained if weight.grad is not None])
            torch.nn.utils.clip_grad_norm_(trained, s.gradient_limit)
            optimiser.step()
            schedule.step()
            total += missed.detach()
        average([total, *networks.running()])
        errors = parameter_errors(networks, validation)
        if rank() == 0:
            score = float(np.mean([(e * weights[n]).mean() for n, e in errors.items()]))
            run.keep_if_best("joint", score, networks.parts())
            loss = total.item() / steps
            by_plugin = {name: float(error.mean()) for name, error in errors.items()}
            run.log("joint", epoch=epoch + 1, loss=loss, weighted=score, **by_plugin)
            # Last, so that a run which is killed before it repeats the whole epoch.
            run.checkpoint("joint", epoch + 1, parts)
    wait()
    run.best("joint", networks.parts())
    networks.to(torch.device("cpu"))


class SettingLoss:
    """How far a predictor's answers are from the true settings of one plugin."""

    def __init__(self, plugin: PluginSpec, weights: Floats, point_share: float) -> None:
        self._weights = torch.from_numpy(weights)
        self._continuous = torch.tensor([p.classes == 0 for p in plugin.predicted])
        self._classes = [p.classes for p in plugin.predicted]
        self._point_share = point_share

    def __call__(self, answer: tuple[Tensor, Tensor, Tensor], truth: Floats) -> Tensor:
        """`truth` (n, p) normalised, NaN where the reference is dry."""
        points, bins, bypass = answer
        place = points.device
        weights = self._weights.to(place)
        clean = np.isnan(truth[:, 0])
        wet = torch.from_numpy(~clean).to(place)
        true = torch.from_numpy(truth[~clean]).to(place)
        goal = torch.from_numpy(bin_targets(truth[~clean], self._classes)).to(place)
        crossed = -(goal * bins[wet]).sum(dim=-1) * weights
        missed = smooth_l1_loss(points[wet], true, beta=0.05, reduction="none") * weights
        dry = binary_cross_entropy_with_logits(bypass[:, 0], (~wet).float())
        return _mean(crossed) + self._point_share * _mean(missed[:, self._continuous]) + dry


def _mean(losses: Tensor) -> Tensor:
    """Mean, and 0 of none: a share of a batch can be all dry, a plugin all enums."""
    return losses.sum() / max(losses.numel(), 1)


def bin_targets(truth: Floats, classes: list[int]) -> Floats:
    """Goals (n, p, BINS): the class of an enum, else a bell of one bin's width around the truth."""
    centres = (np.arange(BINS) + 0.5) / BINS
    goal = np.exp(-0.5 * ((truth[..., None] - centres) * BINS) ** 2)
    for column, count in enumerate(classes):
        if count:
            classes_of = np.round(truth[:, column] * (count - 1)).astype(int)
            goal[:, column] = np.eye(BINS)[classes_of]
    return np.asarray(goal / goal.sum(axis=-1, keepdims=True), np.float32)


def _step_loss(
    networks: Networks,
    losses: Mapping[str, SettingLoss],
    pool: Pool,
    rows: np.ndarray,
    others: np.ndarray,
) -> Tensor:
    place = networks.encoder.mean.device
    heard = [pool.wet[name].heard for name in losses]
    vectors = np.concatenate([pool.dry.vectors[others], *(h.vectors[rows] for h in heard)])
    played, *wet = networks.encoder(_placed(vectors, place)).split(len(rows))
    parts = []
    for reference, (name, loss) in zip(wet, losses.items(), strict=True):
        answer = networks.predictors[name](
            played,
            reference,
            _placed(pool.dry.levels[others], place),
            _placed(pool.wet[name].heard.levels[rows], place),
            _placed(pool.sample_rates[rows, None], place),
        )
        parts.append(loss(answer, pool.wet[name].truth[rows]))
    return torch.stack(parts).mean()


def _placed(array: np.ndarray, place: torch.device) -> Tensor:
    return torch.from_numpy(array.astype(np.float32, copy=False)).to(place)


@torch.no_grad()
def embed(encoder: Encoder, heard: Heard) -> Tensor:
    """Embeddings (n, EMBEDDING_SIZE) of recordings."""
    encoder.eval()
    parts = np.array_split(heard.vectors, max(1, len(heard) // 1024))
    return torch.cat([encoder(_placed(part, encoder.mean.device)) for part in parts])


@torch.no_grad()
def answers(networks: Networks, pool: Pool, plugin: str) -> tuple[Floats, Floats, Floats]:
    """Points (n, p) in 0..1, probabilities of bins (n, p, BINS) and of bypass (n,) over a pool."""
    networks.train(False)
    wet, place = pool.wet[plugin], networks.encoder.mean.device
    points, bins, bypass = networks.predictors[plugin](
        embed(networks.encoder, pool.dry),
        embed(networks.encoder, wet.heard),
        _placed(pool.dry.levels, place),
        _placed(wet.heard.levels, place),
        _placed(pool.sample_rates[:, None], place),
    )
    found = points.clamp(0, 1), bins.exp(), torch.sigmoid(bypass[:, 0])
    values, masses, dry = (tensor.cpu().numpy() for tensor in found)
    return values, masses, dry


@torch.no_grad()
def parameter_errors(networks: Networks, pool: Pool) -> dict[str, Floats]:
    """Over the wet references of a pool, (p,) by plugin: the mean absolute error of every point.

    Of an enum or a toggle, the share of wrong classes.
    """
    errors = {}
    for name, wet in pool.wet.items():
        points, bins, _ = answers(networks, pool, name)
        predictor: Predictor = networks.predictors[name]  # type: ignore[assignment]
        place = predictor.classes.device
        decoded = predictor.decode(_placed(points, place), _placed(bins, place)).cpu().numpy()
        difference = np.abs(decoded - wet.truth)[~wet.clean]
        classes = predictor.classes.cpu().numpy() > 0
        wrong = np.where(classes, difference > _SAME_CLASS, difference)
        errors[name] = wrong.mean(axis=0)
    return errors
