"""Stage 3: training through the real plugin with SPSA (Spall 1992; Martínez Ramírez et al. 2021).

The predictor's answer is perturbed in all parameters at once, both ways; the plugin renders both,
and the difference of their audio losses estimates the gradient. Rendering and losses run in a pool
of worker processes; the network trains in the caller's.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.pool import AsyncResult
from multiprocessing.pool import Pool as Workers
from statistics import mean

import numpy as np
import torch
from torch import Tensor

from bridge.analysis.features import FeatureSettings
from bridge.analysis.metrics import mrstft_each
from bridge.arrays import Audio, Floats
from bridge.manifest import Setting
from training.examples import Example, ExampleSource
from training.networks import Encoder, Predictor, clamp_inward
from training.pool import features_of
from training.runs import Run, SpsaSettings, Stateful

_GRADIENT_LIMIT = 10.0
_AHEAD = 2

_worker: tuple[ExampleSource, FeatureSettings]


@dataclass(frozen=True)
class Batch:
    """A batch's features for the network and its audio for the plugin."""

    pictures: Floats
    levels: Floats
    sample_rates: Floats
    truth: Floats
    audio: list[tuple[int, Audio, Audio]]


def set_up_worker(source: ExampleSource, features: FeatureSettings) -> None:
    """Initialiser of the worker processes."""
    global _worker
    _worker = source, features


def fine_tune(
    encoder: Encoder,
    predictor: Predictor,
    workers: Workers,
    run: Run,
    stage: str,
    s: SpsaSettings,
) -> None:
    """Train in place through the plugin; resumes after the last checkpoint.

    `workers` must have been started with `set_up_worker`.
    """
    weights = [*predictor.parameters()]
    if s.train_encoder:
        weights += encoder.parameters()
    optimiser = torch.optim.AdamW(weights, lr=s.learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, s.steps, s.learning_rate / 20)
    parts: dict[str, Stateful] = {
        "encoder": encoder,
        "predictor": predictor,
        "optimiser": optimiser,
        "schedule": schedule,
    }
    first = run.resume(stage, parts)
    # Running statistics stay as regression left them: SPSA's batches are few.
    encoder.eval()
    predictor.eval()
    losses: list[float] = []
    errors: list[float] = []
    for step, batch in enumerate(_batches(workers, first, s), start=first + 1):
        answer = clamp_inward(_answer(encoder, predictor, batch, s.train_encoder))
        gradient, loss = estimate_gradient(workers, batch, answer.detach().numpy(), s, step)
        optimiser.zero_grad()
        answer.backward(torch.from_numpy(gradient))
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimiser.step()
        schedule.step()
        losses.append(loss)
        errors.append(float(np.abs(answer.detach().numpy() - batch.truth).mean()))
        if step % 25 == 0 or step == s.steps:
            run.checkpoint(stage, step, parts)
            means = answer.detach().mean(dim=0).tolist()
            answers = {f"answer_{number}": value for number, value in enumerate(means)}
            run.log(stage, step=step, mrstft=mean(losses), error=mean(errors), **answers)
            losses, errors = [], []


def estimate_gradient(
    workers: Workers, batch: Batch, answer: Floats, s: SpsaSettings, seed: int
) -> tuple[Floats, float]:
    """SPSA estimate of d MRSTFT / d parameters, (n, p) as a mean over the batch, and the loss."""
    signs = np.random.default_rng((31, seed)).choice([-1.0, 1.0], answer.shape)
    up = np.clip(answer + s.epsilon * signs, 0, 1)
    down = np.clip(answer - s.epsilon * signs, 0, 1)
    jobs = zip(batch.audio, up.tolist(), down.tolist(), strict=True)
    losses = np.array(workers.starmap(_losses, jobs, chunksize=4))
    slope = (losses[:, :1] - losses[:, 1:]) / (up - down)
    gradient = np.clip(slope, -_GRADIENT_LIMIT, _GRADIENT_LIMIT) / len(answer)
    return gradient.astype(np.float32), float(losses.mean())


def _answer(encoder: Encoder, predictor: Predictor, batch: Batch, train_encoder: bool) -> Tensor:
    with torch.set_grad_enabled(train_encoder):
        mean, _ = encoder(torch.from_numpy(batch.pictures).flatten(0, 1))
    embeddings = mean.unflatten(0, (-1, 2))
    levels = torch.from_numpy(batch.levels)
    answer: Tensor = predictor(
        embeddings[:, 0],
        embeddings[:, 1],
        levels[:, 0],
        levels[:, 1],
        torch.from_numpy(batch.sample_rates[:, None]),
    )
    return answer


def _batches(workers: Workers, first: int, s: SpsaSettings) -> Iterator[Batch]:
    """The run's batches in order, drawn a little ahead by the workers."""
    waiting: deque[AsyncResult[list[tuple[Example, Floats, Floats]]]] = deque()
    for step in range(first, s.steps + _AHEAD):
        if step < s.steps:
            indices = range(step * s.batch, (step + 1) * s.batch)
            waiting.append(workers.map_async(_draw, indices, chunksize=4))
        if waiting and (len(waiting) > _AHEAD or step >= s.steps):
            yield _collate(waiting.popleft().get())


def _collate(drawn: list[tuple[Example, Floats, Floats]]) -> Batch:
    examples, pictures, levels = zip(*drawn, strict=True)
    return Batch(
        np.stack(pictures),
        np.stack(levels),
        np.array([example.sample_rate for example in examples], np.float32),
        np.array([example.truth.predicted for example in examples], np.float32),
        [(example.sample_rate, example.dry, example.target) for example in examples],
    )


def _draw(index: int) -> tuple[Example, Floats, Floats]:
    source, features = _worker
    example = source[index]
    return example, *features_of(example, features)


def _losses(
    audio: tuple[int, Audio, Audio], up: list[float], down: list[float]
) -> tuple[float, float]:
    """Audio loss of both perturbed settings."""
    source, _ = _worker
    rate, dry, target = audio
    rendered = [
        source.effect.render(dry, rate, Setting.of_predicted(source.plugin, setting))[0]
        for setting in (up, down)
    ]
    first, second = mrstft_each(rendered, target[0])
    return first, second
