"""Gradient descent, as all networks of a map learn."""

from collections.abc import Callable
from math import inf

import torch
from torch import Tensor, nn

from training.schedules import one_cycle


def minimise(
    network: nn.Module,
    loss: Callable[[], Tensor],
    steps: int,
    learning_rate: float,
    weight_decay: float,
    gradient_limit: float = inf,
) -> None:
    """Train in place by AdamW (Loshchilov & Hutter, ICLR 2019); `loss` draws a batch each time."""
    optimiser = torch.optim.AdamW(network.parameters(), lr=learning_rate, weight_decay=weight_decay)
    schedule = one_cycle(optimiser, steps)
    for _ in range(steps):
        missed = loss()
        optimiser.zero_grad()
        missed.backward()
        nn.utils.clip_grad_norm_(network.parameters(), gradient_limit)
        optimiser.step()
        schedule.step()
    network.requires_grad_(False)
