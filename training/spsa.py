"""Stage 3: training through the real plugin with SPSA (Spall 1992; Martínez Ramírez et al. 2021).

The predictor's answer is perturbed in all parameters at once, both ways; the plugin renders both,
and the difference of their audio losses estimates the gradient. Rendering and losses run in a pool
of worker processes; the network trains in the caller's.
"""

from collections import deque
from collections.abc import Iterator, Mapping
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

_worker: tuple[Mapping[str, ExampleSource], FeatureSettings]


@dataclass(frozen=True)
class Batch:
    """A batch's features for the network and its audio for the plugin."""

    pictures: Floats
    levels: Floats
    sample_rates: Floats
    truth: Floats
    audio: list[tuple[int, Audio, Audio]]


def set_up_worker(sources: Mapping[str, ExampleSource], features: FeatureSettings) -> None:
    """Initialiser of the worker processes; `sources` has 'train' and 'validation'."""
    global _worker
    _worker = sources, features


def fine_tune(
    encoder: Encoder,
    predictor: Predictor,
    workers: Workers,
    run: Run,
    start: int,
    s: SpsaSettings,
) -> None:
    """Train in place through the plugin; keeps the step that is best on validation audio.

    `workers` must have been started with `set_up_worker`; `start` numbers the run's predictors
    and seeds their perturbations. Resumes after the last checkpoint.
    """
    stage = f"spsa-{start}"
    weights = [*predictor.parameters()]
    if s.train_encoder:
        weights += encoder.parameters()
    optimiser = torch.optim.AdamW(weights, lr=s.learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, s.steps, s.learning_rate / 20)
    models: dict[str, Stateful] = {"encoder": encoder, "predictor": predictor}
    parts = models | {"optimiser": optimiser, "schedule": schedule}
    first = run.resume(stage, parts)
    # Running statistics stay as regression left them: SPSA's batches are few.
    encoder.eval()
    predictor.eval()
    if first < s.steps:
        validation = draw_batch(workers, "validation", s.validation_cases)
    losses: list[float] = []
    errors: list[float] = []
    for step, batch in enumerate(_batches(workers, first, s), start=first):
        if step % s.check_every == 0:
            loss = audio_loss(workers, validation, answers_of(encoder, predictor, validation))
            run.keep_if_best(stage, loss, models)
            run.log(stage, step=step, validation_mrstft=loss)
        answer = clamp_inward(_answer(encoder, predictor, batch, s.train_encoder))
        found = answer.detach().numpy()
        gradient, loss = estimate_gradient(workers, batch, found, s, (start, step))
        optimiser.zero_grad()
        answer.backward(torch.from_numpy(gradient))
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimiser.step()
        schedule.step()
        losses.append(loss)
        errors.append(float(np.abs(found - batch.truth).mean()))
        if (step + 1) % s.check_every == 0:
            run.checkpoint(stage, step + 1, parts)
            run.log(stage, step=step + 1, mrstft=mean(losses), error=mean(errors))
            losses, errors = [], []
    if first < s.steps:
        run.checkpoint(stage, s.steps, parts)
        loss = audio_loss(workers, validation, answers_of(encoder, predictor, validation))
        run.keep_if_best(stage, loss, models)
        run.log(stage, step=s.steps, validation_mrstft=loss)
    run.best(stage, models)


def draw_batch(workers: Workers, split: str, cases: int) -> Batch:
    """The first `cases` examples of a split."""
    jobs = [(split, index) for index in range(cases)]
    return _collate(workers.starmap(_draw, jobs, chunksize=4))


@torch.no_grad()
def answers_of(encoder: Encoder, predictor: Predictor, batch: Batch) -> Floats:
    """Normalised answers (n, p) to a batch, in 0..1."""
    return np.asarray(_answer(encoder, predictor, batch, False).clamp(0, 1).numpy())


def audio_loss(workers: Workers, batch: Batch, answers: Floats) -> float:
    """Mean MRSTFT of what the plugin makes of a batch's answers."""
    pairs = zip(batch.audio, answers.tolist(), strict=True)
    jobs = [(audio, [answer]) for audio, answer in pairs]
    return float(np.mean(workers.starmap(_losses, jobs, chunksize=4)))


def estimate_gradient(
    workers: Workers, batch: Batch, answer: Floats, s: SpsaSettings, seed: tuple[int, int]
) -> tuple[Floats, float]:
    """SPSA estimate of d MRSTFT / d parameters, (n, p) as a mean over the batch, and the loss."""
    signs = np.random.default_rng((31, *seed)).choice([-1.0, 1.0], answer.shape)
    up = np.clip(answer + s.epsilon * signs, 0, 1)
    down = np.clip(answer - s.epsilon * signs, 0, 1)
    jobs = [
        (audio, list(pair))
        for audio, *pair in zip(batch.audio, up.tolist(), down.tolist(), strict=True)
    ]
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
            cases = [("train", step * s.batch + case) for case in range(s.batch)]
            waiting.append(workers.starmap_async(_draw, cases, chunksize=4))
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


def _draw(split: str, index: int) -> tuple[Example, Floats, Floats]:
    sources, features = _worker
    example = sources[split][index]
    return example, *features_of(example, features)


def _losses(audio: tuple[int, Audio, Audio], settings: list[list[float]]) -> list[float]:
    """Audio loss of each of several settings."""
    source = _worker[0]["train"]
    rate, dry, target = audio
    rendered = [
        source.effect.render(dry, rate, Setting.of_predicted(source.plugin, setting))[0]
        for setting in settings
    ]
    return mrstft_each(rendered, target[0])
