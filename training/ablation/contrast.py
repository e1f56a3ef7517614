"""The picture encoder learns to put the same setting on different playing together.

Of every clip and plugin there are two pictures with one setting: of the reference, and of the
target. InfoNCE (van den Oord et al. 2018) with a projection that is thrown away afterwards (Chen
et al., ICML 2020) pulls the two together and pushes apart the pictures of other clips, and of
other plugins on the same clip, which the playing alone would not tell apart.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch
from pydantic import BaseModel, ConfigDict
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize

from training.baseline.networks import LATENT, PictureEncoder
from training.baseline.pictures import Pictures
from training.runs import Run, Stateful
from training.schedules import one_cycle

STAGE = "contrast"


class ContrastSettings(BaseModel):
    """How the encoder is trained further."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    epochs: int = 6
    batch: int = 32
    """Clips a step, each with every plugin."""
    learning_rate: float = 5e-4
    temperature: float = 0.1
    size: int = 64
    """Of the projection."""


def train_contrast(
    encoder: PictureEncoder,
    pictures: Pictures,
    clean: Mapping[str, npt.NDArray[np.bool_]],
    run: Run,
    s: ContrastSettings,
) -> None:
    """Train in place on references and targets; resumes after the last whole epoch.

    `clean` says by plugin which clips (n,) have no setting; they are left out.
    """
    torch.manual_seed(0)
    projection = nn.Linear(LATENT, s.size)
    weights = [*encoder.parameters(), *projection.parameters()]
    optimiser = torch.optim.AdamW(weights, lr=s.learning_rate)
    steps = len(pictures.dry) // s.batch
    schedule = one_cycle(optimiser, s.epochs * steps)
    parts: dict[str, Stateful] = {
        "encoder": encoder,
        "projection": projection,
        "optimiser": optimiser,
        "schedule": schedule,
    }
    for epoch in range(run.resume(STAGE, parts), s.epochs):
        order = np.random.default_rng((37, epoch)).permutation(len(pictures.dry))
        encoder.train()
        total = 0.0
        for step in range(steps):
            rows = order[step * s.batch : (step + 1) * s.batch]
            wet = {plugin: rows[~dry[rows]] for plugin, dry in clean.items()}
            views = [pictures.wet[plugin][some] for plugin, some in wet.items()]
            views += [pictures.target[plugin][some] for plugin, some in wet.items()]
            seen = torch.from_numpy(np.concatenate(views).astype(np.float32))
            one, other = projection(encoder(seen)[0]).chunk(2)
            loss = contrastive_loss(one, other, s.temperature)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item()
        run.log(STAGE, epoch=epoch + 1, loss=total / steps)
        run.checkpoint(STAGE, epoch + 1, parts)
    encoder.eval()


def contrastive_loss(one: Tensor, other: Tensor, temperature: float) -> Tensor:
    """InfoNCE both ways: row i of `one` belongs to row i of `other`, (n, d), and to none else."""
    scores = normalize(one) @ normalize(other).T / temperature
    own = torch.arange(len(scores))
    return (cross_entropy(scores, own) + cross_entropy(scores.T, own)) / 2
