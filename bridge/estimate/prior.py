"""What is held of a slot's setting before anything is rendered: the network's word, or nothing."""

import numpy as np

from bridge.chain import Slot
from bridge.models import Prediction

BINS = 32
"""Over how many bins of its range a uniform prior is spread."""
_KEPT, _OPTIONAL = 0.02, 0.5
"""How probable it is that a slot is left out, where no network says."""


def uniform(slot: Slot) -> Prediction:
    """The prior of a slot without a predictor: its start, and every value alike."""
    predicted = slot.plugin.predicted
    posterior = np.full((len(predicted), BINS), 1 / BINS, np.float32)
    for row, spec in zip(posterior, predicted, strict=True):
        if spec.classes:
            row[:] = 0
            row[: spec.classes] = 1 / spec.classes
    start = np.array(slot.start.predicted, np.float32)
    return Prediction(start, posterior, _OPTIONAL if slot.optional else _KEPT)
