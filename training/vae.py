"""Stage 1: the encoder learns to describe pictures, as a β-VAE (Higgins et al. 2017)."""

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import mse_loss

from training.networks import Decoder, Encoder
from training.pool import Pool
from training.runs import Run, Stateful, VaeSettings


def train_encoder(encoder: Encoder, decoder: Decoder, pool: Pool, run: Run, s: VaeSettings) -> None:
    """Train in place on all pictures of the pool; resumes after the last whole epoch."""
    weights = [*encoder.parameters(), *decoder.parameters()]
    optimiser = torch.optim.AdamW(weights, lr=s.learning_rate)
    steps_per_epoch = 2 * len(pool) // s.batch
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, s.learning_rate, total_steps=s.epochs * steps_per_epoch + 1
    )
    parts: dict[str, Stateful] = {
        "encoder": encoder,
        "decoder": decoder,
        "optimiser": optimiser,
        "schedule": schedule,
    }
    first = run.resume("vae", parts)
    for epoch in range(first, s.epochs):
        order = np.random.default_rng((17, epoch)).permutation(2 * len(pool))
        encoder.train()
        sums = np.zeros(2)
        for step in range(steps_per_epoch):
            rows = np.sort(order[step * s.batch : (step + 1) * s.batch])
            pictures = _pictures(pool, rows)
            beta = cyclic_beta(epoch * steps_per_epoch + step, s.epochs * steps_per_epoch, s)
            mean, log_variance = encoder(pictures)
            noise = torch.randn_like(mean) * (log_variance / 2).exp()
            error = mse_loss(decoder(mean + noise), pictures)
            divergence = -0.5 * (1 + log_variance - mean.square() - log_variance.exp()).mean()
            optimiser.zero_grad()
            (error + beta * divergence).backward()
            optimiser.step()
            schedule.step()
            sums += error.item(), divergence.item()
        run.checkpoint("vae", epoch + 1, parts)
        error_mean, divergence_mean = sums / steps_per_epoch
        run.log("vae", epoch=epoch + 1, mse=error_mean, kl_per_dimension=divergence_mean)


def cyclic_beta(step: int, steps: int, s: VaeSettings) -> float:
    """β rises from low to high over the first half of every cycle and stays high in the second."""
    position = step / max(steps, 1) * s.cycles % 1
    return s.beta_low + (s.beta_high - s.beta_low) * min(1.0, 2 * position)


def _pictures(pool: Pool, rows: np.ndarray) -> Tensor:
    count = len(pool)
    picked = [
        pool.input_pictures[rows[rows < count]],
        pool.reference_pictures[rows[rows >= count] - count],
    ]
    return torch.from_numpy(np.concatenate(picked).astype(np.float32))
