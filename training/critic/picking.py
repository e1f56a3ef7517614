"""How well a critic chooses: what it would answer in each case, against doing nothing."""

from dataclasses import dataclass

import numpy as np
import torch

from bridge.arrays import Floats
from bridge.models.critic import LEAST_DISTANCE, QUANTILES
from bridge.search.judge import CAUTION
from training.critic.fit import Table
from training.critic.networks import CriticNetwork
from training.critic.rows import KINDS

HARMED = 0.05
"""Farther from the target than doing nothing by so much counts as harm."""
CLEAR = 0.15
"""Doing nothing is farther than this where there is something to gain."""
_CAUTIOUS = tuple(round(float(q), 2) for q in np.arange(0.5, 0.91, 0.05))


@dataclass(frozen=True)
class Picks:
    """One answer a case; distances at the target's level, (n,)."""

    nothing: Floats
    answer: Floats
    predicted: Floats
    """What the critic expects of the answer."""

    @property
    def harmed(self) -> float:
        """The share of answers that are farther than doing nothing."""
        return float(np.mean(self.answer > self.nothing + HARMED))

    @property
    def gains(self) -> Floats:
        """How much of the distance is taken back, where there is something to gain; else one 0."""
        clear = self.nothing > CLEAR
        if not clear.any():
            return np.zeros(1, np.float32)
        return np.asarray(1 - self.answer[clear] / self.nothing[clear])

    def figures(self) -> dict[str, float]:
        """What is logged, and written into the card."""
        figures = {
            "cases": len(self.answer),
            "gain_mean": self.gains.mean(),
            "gain_median": np.median(self.gains),
            "harmed": self.harmed,
            "distance_true": self.answer.mean(),
            "distance_predicted": self.predicted.mean(),
        }
        return {name: round(float(value), 4) for name, value in figures.items()}


def picks(network: CriticNetwork, table: Table, cautious: float) -> Picks:
    """The answers where a setting counts whose change is below 0 at this quantile.

    Targets are left out: no search tries them.
    """
    quantiles = quantiles_of(network, table)
    found = []
    for start, end in zip(table.starts[:-1], table.starts[1:], strict=True):
        tried = np.arange(start, end)[table.kinds[start:end] != KINDS.index("target")]
        distances, expected = table.distances[tried, 0], quantiles[tried]
        best = int(expected[:, :2, CAUTION].mean(axis=1).argmin())
        change = np.interp(cautious, QUANTILES, expected[best, 2])
        dry = int(np.flatnonzero(table.kinds[tried] == KINDS.index("dry"))[0])
        chosen = best if change < 0 else dry
        median = np.exp(expected[chosen, 0, len(QUANTILES) // 2]) - LEAST_DISTANCE
        found.append((distances[dry], distances[chosen], max(median, 0.0)))
    return Picks(*np.array(found, np.float32).T)


def cautious_quantile(network: CriticNetwork, table: Table, harmed: float) -> float:
    """The least quantile with which no more answers than this share do harm; else the greatest."""
    for cautious in _CAUTIOUS:
        if picks(network, table, cautious).harmed <= harmed:
            return cautious
    return _CAUTIOUS[-1]


def quantiles_of(network: CriticNetwork, table: Table) -> Floats:
    """What the network says of every row, (n, heads, quantiles)."""
    with torch.no_grad():
        parts = [
            network(torch.from_numpy(some.astype(np.float32))).numpy()
            for some in np.array_split(table.comparisons, max(1, len(table.comparisons) // 4_096))
        ]
    return np.concatenate(parts)
