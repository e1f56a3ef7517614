"""Stage 3: training through the real plugin with SPSA (Spall 1992; Martínez Ramírez et al. 2021).

The predictor's answer is perturbed in all parameters at once, both ways; the plugin renders both,
and the difference of their audio losses estimates the gradient. Rendering and losses run in a pool
of worker processes; the network trains in the caller's.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from multiprocessing.pool import AsyncResult
from multiprocessing.pool import Pool as Workers
from statistics import mean

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from bridge.analysis.features import FeatureSettings
from bridge.analysis.metrics import mrstft_each
from bridge.analysis.statistics import Statistics
from bridge.arrays import Audio, Floats
from bridge.manifest import Setting
from training.examples import Example, ExampleSource
from training.networks import Predictor, clamp_inward
from training.pool import Heard, hear
from training.runs import Run, SpsaSettings, Stateful

_GRADIENT_LIMIT = 10.0
_AHEAD = 2

Listen = Callable[[Audio, float, FeatureSettings], Statistics]
"""What an encoder takes, as the vector, and the levels, of audio (1, frames) at a rate in Hz."""

_worker: tuple[Mapping[str, ExampleSource], FeatureSettings, Listen]


@dataclass(frozen=True)
class Batch:
    """What the network hears of n cases, their truth, and their audio for the plugin."""

    dry: Heard
    reference: Heard
    sample_rates: Floats
    truth: Floats
    """(n, p), NaN where target and reference are dry."""
    audio: list[tuple[int, Audio, Audio]]

    @property
    def clean(self) -> npt.NDArray[np.bool_]:
        """Which cases are dry, (n,)."""
        return np.asarray(np.isnan(self.truth[:, 0]))


def set_up_worker(
    sources: Mapping[str, ExampleSource], features: FeatureSettings, listen: Listen = hear
) -> None:
    """Initialiser of the worker processes; `sources` has 'train' and 'validation'."""
    global _worker
    _worker = sources, features, listen


def fine_tune(
    encoder: nn.Module,
    predictor: Predictor,
    workers: Workers,
    run: Run,
    stage: str,
    seed: int,
    s: SpsaSettings,
) -> None:
    """Train in place through the plugin; keeps the step that is best on validation audio.

    `workers` must have been started with `set_up_worker`, and `encoder` makes embeddings
    (n, EMBEDDING_SIZE) of what they listen with; `seed` draws the perturbations. Resumes after the
    last checkpoint.
    """
    trained = [*(predictor.point if s.points_only else predictor).parameters()]
    optimiser = torch.optim.AdamW(trained, lr=s.learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, s.steps, s.learning_rate / 20)
    models: dict[str, Stateful] = {"predictor": predictor}
    parts = models | {"optimiser": optimiser, "schedule": schedule}
    first = run.resume(stage, parts)
    # Running statistics stay as they are: SPSA's batches are few.
    encoder.eval()
    predictor.eval()
    if first < s.steps:
        validation = draw_batch(workers, "validation", s.validation_cases)
        if first == 0:
            if not s.points_only:
                predictor.standardise(evidence(encoder, validation))
            _check(encoder, predictor, workers, validation, run, stage, 0)
    losses: list[float] = []
    errors: list[float] = []
    for step, batch in enumerate(_batches(workers, first, s), start=first):
        points, bins, bypass = predictor(*evidence(encoder, batch))
        answer = clamp_inward(points)
        # What is tried is what would be answered: an enum's class comes from its bins.
        found = predictor.decode(answer.detach(), bins.detach()).numpy()
        gradient, loss = estimate_gradient(workers, batch, found, s, (seed, step))
        optimiser.zero_grad()
        if not s.points_only:
            dry = torch.from_numpy(batch.clean.astype(np.float32))
            binary_cross_entropy_with_logits(bypass[:, 0], dry).backward(retain_graph=True)
        answer.backward(torch.from_numpy(gradient))
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimiser.step()
        schedule.step()
        losses.append(loss)
        missed = np.abs(found - batch.truth)[~batch.clean]
        errors.append(float(missed.mean()) if len(missed) else 0.0)
        if (step + 1) % s.check_every == 0 or step + 1 == s.steps:
            run.log(stage, step=step + 1, mrstft=mean(losses), error=mean(errors))
            _check(encoder, predictor, workers, validation, run, stage, step + 1)
            # Last, so that a run which is killed before it repeats the check.
            run.checkpoint(stage, step + 1, parts)
            losses, errors = [], []
    run.best(stage, models)


def _check(
    encoder: nn.Module,
    predictor: Predictor,
    workers: Workers,
    validation: Batch,
    run: Run,
    stage: str,
    step: int,
) -> None:
    """Score on validation audio, keep the best, log every parameter's mean answer."""
    answers = answers_of(encoder, predictor, validation)
    loss = audio_loss(workers, validation, answers)
    run.keep_if_best(stage, loss, {"predictor": predictor})
    settings = answers[~np.isnan(answers[:, 0])]
    means = settings.mean(axis=0) if len(settings) else []
    figures = {f"answer_{number}": float(value) for number, value in enumerate(means)}
    run.log(stage, step=step, validation_mrstft=loss, **figures)


def draw_batch(workers: Workers, split: str, cases: int) -> Batch:
    """The first `cases` examples of a split."""
    jobs = [(split, index) for index in range(cases)]
    return collate(workers.starmap(_draw, jobs, chunksize=4))


@torch.no_grad()
def answers_of(encoder: nn.Module, predictor: Predictor, batch: Batch) -> Floats:
    """Normalised answers (n, p) to a batch, in 0..1; NaN where the plugin is to be bypassed."""
    points, bins, bypass = predictor(*evidence(encoder, batch))
    found = predictor.decode(points, bins).numpy()
    found[bypass[:, 0].numpy() > 0] = np.nan
    return np.asarray(found)


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
    wet = np.flatnonzero(~batch.clean)
    jobs = [(batch.audio[case], [up[case].tolist(), down[case].tolist()]) for case in wet]
    losses = np.array(workers.starmap(_losses, jobs, chunksize=4)).reshape(-1, 2)
    slope = np.zeros_like(answer)
    slope[wet] = (losses[:, :1] - losses[:, 1:]) / (up - down)[wet]
    gradient = np.clip(slope, -_GRADIENT_LIMIT, _GRADIENT_LIMIT) / len(answer)
    return gradient.astype(np.float32), float(losses.mean()) if len(wet) else 0.0


@torch.no_grad()
def evidence(encoder: nn.Module, batch: Batch) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """What a predictor takes of a batch."""
    vectors = np.concatenate([batch.dry.vectors, batch.reference.vectors]).astype(np.float32)
    played, wanted = encoder(torch.from_numpy(vectors)).chunk(2)
    return (
        played,
        wanted,
        torch.from_numpy(batch.dry.levels),
        torch.from_numpy(batch.reference.levels),
        torch.from_numpy(batch.sample_rates[:, None]),
    )


def _batches(workers: Workers, first: int, s: SpsaSettings) -> Iterator[Batch]:
    """The run's batches in order, drawn a little ahead by the workers."""
    waiting: deque[AsyncResult[list[tuple[Example, Statistics, Statistics]]]] = deque()
    for step in range(first, s.steps + _AHEAD):
        if step < s.steps:
            cases = [("train", step * s.batch + case) for case in range(s.batch)]
            waiting.append(workers.starmap_async(_draw, cases, chunksize=4))
        if waiting and (len(waiting) > _AHEAD or step >= s.steps):
            yield collate(waiting.popleft().get())


def collate(drawn: Sequence[tuple[Example, Statistics, Statistics]]) -> Batch:
    """Examples, with what is heard of their input and their reference, as a batch."""
    examples, dry, reference = zip(*drawn, strict=True)
    return Batch(
        _heard(dry),
        _heard(reference),
        np.array([example.sample_rate for example in examples], np.float32),
        _truths(examples),
        [(example.sample_rate, example.dry, example.target) for example in examples],
    )


def _heard(parts: Sequence[Statistics]) -> Heard:
    vectors = np.stack([part.vector for part in parts]).astype(np.float16)
    return Heard(vectors, np.stack([part.levels for part in parts]))


def _truths(examples: Sequence[Example]) -> Floats:
    width = next((len(e.truth.predicted) for e in examples if e.truth), 1)
    rows = [e.truth.predicted if e.truth else [np.nan] * width for e in examples]
    return np.array(rows, np.float32)


def _draw(split: str, index: int) -> tuple[Example, Statistics, Statistics]:
    sources, features, listen = _worker
    example = sources[split][index]
    rate = example.sample_rate
    return example, listen(example.dry, rate, features), listen(example.reference, rate, features)


def _losses(audio: tuple[int, Audio, Audio], settings: list[list[float]]) -> list[float]:
    """Audio loss of each of several settings; NaN bypasses the plugin."""
    source = _worker[0]["train"]
    rate, dry, target = audio
    rendered = [
        source.render(dry, rate, None if isnan(setting[0]) else _setting(source, setting))[0]
        for setting in settings
    ]
    return mrstft_each(rendered, target[0])


def _setting(source: ExampleSource, normalised: list[float]) -> Setting:
    return Setting.of_predicted(source.plugin, normalised)
