"""The critic: how far a candidate is expected to be from what the playing should become."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bridge.arrays import Floats
from bridge.errors import ModelError
from bridge.library import MODEL_FILE
from bridge.models.cards import CriticCard, read_card
from bridge.models.loading import open_session

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
"""Of what a critic expects, it tells these."""
LEAST_DISTANCE = 0.05
"""Added to a distance before its logarithm is learned: what is hardly heard counts little."""


@dataclass(frozen=True)
class Judgement:
    """What is expected of n candidates; each (n, len(QUANTILES)), rising."""

    matched: Floats
    """MRSTFT from the target, at its level."""
    raw: Floats
    """MRSTFT from the target."""
    change: Floats
    """Logarithm of how much farther the candidate is than doing nothing, at the target's level;
    below 0 it is nearer."""


class Critic:
    """Comparisons to expected distances; knows no plugin."""

    def __init__(self, folder: Path, encoder_sha256: str) -> None:
        """Raises ModelError where it is missing, corrupt or made for another encoder."""
        self.card = read_card(folder, CriticCard)
        if self.card.encoder_sha256 != encoder_sha256:
            raise ModelError(f"{folder}: the critic was made for another encoder; export it again")
        self._session = open_session(
            folder / MODEL_FILE,
            {"comparison": ("candidates", self.card.comparison_size)},
            {"quantiles": ("candidates", len(Judgement.__annotations__), len(QUANTILES))},
        )

    def judge(self, comparisons: Floats) -> Judgement:
        """Of `bridge.search.comparison.comparison`, (n, size)."""
        (quantiles,) = self._session.run(None, {"comparison": comparisons})
        distances = np.maximum(np.exp(quantiles[:, :2]) - LEAST_DISTANCE, 0)
        return Judgement(distances[:, 0], distances[:, 1], quantiles[:, 2])
