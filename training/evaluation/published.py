"""The prior work's table, and ours beside it."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import yaml
from pydantic import BaseModel, ConfigDict

PUBLISHED = Path(__file__).parent / "published.yaml"


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Cell(_Record):
    """Mean MRSTFT of one effect on one data set."""

    trained: float
    untrained_encoder: float
    do_nothing: float

    @property
    def relative_gain(self) -> float:
        """How much lower the trained model scores than doing nothing, as a share of the latter."""
        return 1 - self.trained / self.do_nothing


class Published(_Record):
    """The table by plugin id and data set."""

    data_sets: dict[str, str]
    """Our slice beside which a data set stands."""
    effects: dict[str, dict[str, Cell]]

    def mean_relative_gain(self, data_set: str) -> float:
        """Mean over the effects of `Cell.relative_gain`."""
        return float(np.mean([cells[data_set].relative_gain for cells in self.effects.values()]))

    def relative_gain_of_means(self, data_set: str) -> float:
        """Relative gain of the scores' means over the effects."""
        cells = [effect[data_set] for effect in self.effects.values()]
        return gain_of_means([(cell.trained, cell.do_nothing) for cell in cells])


def gain_of_means(pairs: Sequence[tuple[float, float]]) -> float:
    """Relative gain of the mean of the first ones over the mean of the second ones."""
    answers, baselines = zip(*pairs, strict=True)
    return 1 - _mean(answers) / _mean(baselines)


def load_published(path: Path = PUBLISHED) -> Published:
    """Read the table."""
    return Published.model_validate(yaml.safe_load(path.read_text()))


def _mean(values: Iterable[float]) -> float:
    return float(np.mean(list(values)))
