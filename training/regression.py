"""Stage 2: encoder and predictor learn the true parameters, which are known as we rendered them."""

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import smooth_l1_loss

from training.networks import Encoder, Predictor
from training.pool import Pool
from training.runs import RegressionSettings, Run, Stateful


def train_regression(
    encoder: Encoder,
    predictor: Predictor,
    pool: Pool,
    validation: Pool,
    run: Run,
    s: RegressionSettings,
) -> None:
    """Train in place; keeps the epoch that is best on validation and resumes after a stop."""
    weights = [*encoder.parameters(), *predictor.parameters()]
    optimiser = torch.optim.AdamW(weights, lr=s.learning_rate, weight_decay=s.weight_decay)
    steps_per_epoch = len(pool) // s.batch
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, s.learning_rate, total_steps=s.epochs * steps_per_epoch + 1
    )
    parts: dict[str, Stateful] = {
        "encoder": encoder,
        "predictor": predictor,
        "optimiser": optimiser,
        "schedule": schedule,
    }
    models: dict[str, Stateful] = {"encoder": encoder, "predictor": predictor}
    first = run.resume("regression", parts)
    for epoch in range(first, s.epochs):
        order = np.random.default_rng((23, epoch)).permutation(len(pool))
        encoder.train()
        predictor.train()
        total = 0.0
        for step in range(steps_per_epoch):
            rows = np.sort(order[step * s.batch : (step + 1) * s.batch])
            answer = predict(encoder, predictor, pool, rows)
            loss = smooth_l1_loss(answer, torch.from_numpy(pool.truth[rows]), beta=0.05)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item()
        error = parameter_error(encoder, predictor, validation)
        run.keep_if_best("regression", error.mean(), models)
        run.checkpoint("regression", epoch + 1, parts)
        by_parameter = {f"error_{number}": value for number, value in enumerate(error)}
        run.log("regression", epoch=epoch + 1, loss=total / steps_per_epoch, **by_parameter)
    run.best("regression", models)


def predict(encoder: Encoder, predictor: Predictor, pool: Pool, rows: np.ndarray) -> Tensor:
    """Unclamped answers (n, p) for rows of a pool."""
    pictures = np.concatenate([pool.input_pictures[rows], pool.reference_pictures[rows]])
    mean, _ = encoder(torch.from_numpy(pictures.astype(np.float32)))
    answer: Tensor = predictor(
        *mean.chunk(2),
        torch.from_numpy(pool.input_levels[rows]),
        torch.from_numpy(pool.reference_levels[rows]),
        torch.from_numpy(pool.sample_rates[rows, None]),
    )
    return answer


@torch.no_grad()
def parameter_error(encoder: Encoder, predictor: Predictor, pool: Pool) -> np.ndarray:
    """Mean absolute error of each normalised parameter over a pool, shape (p,)."""
    encoder.eval()
    predictor.eval()
    rows = np.array_split(np.arange(len(pool)), max(1, len(pool) // 256))
    answers = [predict(encoder, predictor, pool, part).clamp(0, 1).numpy() for part in rows]
    return np.asarray(np.abs(np.concatenate(answers) - pool.truth).mean(axis=0))
