"""The baseline's encoder learns to describe pictures, as a β-VAE (Higgins et al. 2017).

β is annealed in cycles (Fu et al. 2019), as Grant (AES 155, 2023) found that it must be.
"""

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict
from torch import Tensor
from torch.nn.functional import mse_loss

from bridge.arrays import Floats
from training.baseline.networks import Decoder, PictureEncoder
from training.baseline.pictures import Stack
from training.runs import Run, Stateful
from training.schedules import one_cycle

STAGE = "vae"


class VaeSettings(BaseModel):
    """How the β-VAE is trained."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    epochs: int = 12
    batch: int = 64
    learning_rate: float = 1e-3
    cycles: int = 4
    beta_low: float = 1e-4
    beta_high: float = 5e-3


def train_vae(encoder: PictureEncoder, pictures: Stack, run: Run, s: VaeSettings) -> None:
    """Train in place on pictures (n, *SHAPE); resumes after the last whole epoch."""
    decoder = Decoder()
    weights = [*encoder.parameters(), *decoder.parameters()]
    optimiser = torch.optim.AdamW(weights, lr=s.learning_rate)
    steps = len(pictures) // s.batch
    schedule = one_cycle(optimiser, s.epochs * steps)
    parts: dict[str, Stateful] = {
        "encoder": encoder,
        "decoder": decoder,
        "optimiser": optimiser,
        "schedule": schedule,
    }
    for epoch in range(run.resume(STAGE, parts), s.epochs):
        torch.manual_seed(epoch)
        order = np.random.default_rng((17, epoch)).permutation(len(pictures))
        encoder.train()
        sums = np.zeros(2)
        for step in range(steps):
            rows = np.sort(order[step * s.batch : (step + 1) * s.batch])
            seen = _tensor(pictures[rows])
            beta = cyclic_beta(epoch * steps + step, s.epochs * steps, s)
            mean, log_variance = encoder(seen)
            noise = torch.randn_like(mean) * (log_variance / 2).exp()
            error = mse_loss(decoder(mean + noise), seen)
            divergence = -0.5 * (1 + log_variance - mean.square() - log_variance.exp()).mean()
            optimiser.zero_grad()
            (error + beta * divergence).backward()
            optimiser.step()
            schedule.step()
            sums += error.item(), divergence.item()
        error_mean, divergence_mean = sums / steps
        run.log(STAGE, epoch=epoch + 1, mse=error_mean, kl_per_dimension=divergence_mean)
        run.checkpoint(STAGE, epoch + 1, parts)
    encoder.eval()


def cyclic_beta(step: int, steps: int, s: VaeSettings) -> float:
    """β rises from low to high over the first half of every cycle and stays high in the second."""
    position = step / max(steps, 1) * s.cycles % 1
    return s.beta_low + (s.beta_high - s.beta_low) * min(1.0, 2 * position)


@torch.no_grad()
def latents(encoder: PictureEncoder, pictures: Stack) -> Tensor:
    """The means of the latents, (n, LATENT), which say the same every time; never a sample."""
    parts = np.array_split(pictures, max(1, len(pictures) // 256))
    return torch.cat([encoder(_tensor(part))[0] for part in parts])


def _tensor(pictures: Stack) -> Tensor:
    floats: Floats = pictures.astype(np.float32)
    return torch.from_numpy(floats)
