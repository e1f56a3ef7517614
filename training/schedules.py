"""How learning rates change while a network trains."""

from torch.optim import Optimizer
from torch.optim.lr_scheduler import OneCycleLR


def one_cycle(optimiser: Optimizer, steps: int) -> OneCycleLR:
    """One rise to the optimiser's own rate and a long fall (Smith & Topin 2018), for `steps`."""
    return OneCycleLR(optimiser, optimiser.defaults["lr"], total_steps=steps + 1)
