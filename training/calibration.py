"""Confidences that mean what they say: one temperature for every parameter's distribution."""

import numpy as np
import torch

from bridge.arrays import Floats
from training.joint import Networks, answers, bin_targets
from training.networks import Predictor
from training.pool import Pool

_TEMPERATURES = np.geomspace(0.5, 4.0, 31)


def calibrate(networks: Networks, pool: Pool) -> None:
    """Give every predictor the temperatures (p,) under which held-out truths are likeliest.

    Temperature scaling, Guo et al. (ICML 2017).
    """
    for name, wet in pool.wet.items():
        predictor: Predictor = networks.predictors[name]  # type: ignore[assignment]
        predictor.temperature.fill_(1.0)
        _, bins, _ = answers(networks, pool, name)
        goal = bin_targets(wet.truth[~wet.clean], predictor.classes.tolist())
        found = temperatures(bins[~wet.clean], goal)
        predictor.temperature.copy_(torch.from_numpy(found))


def temperatures(bins: Floats, goal: Floats) -> Floats:
    """The best temperature of each parameter, (p,), for probabilities and goals (n, p, bins)."""
    scores = np.log(np.maximum(bins, 1e-12))
    losses = []
    for temperature in _TEMPERATURES:
        scaled = scores / temperature
        scaled -= np.log(np.exp(scaled).sum(axis=-1, keepdims=True))
        losses.append(-(goal * scaled).sum(axis=-1).mean(axis=0))
    return np.asarray(_TEMPERATURES[np.argmin(losses, axis=0)], np.float32)
