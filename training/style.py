"""What content alone changes: the scale on which two recordings' styles are compared."""

import numpy as np
import torch

from bridge.analysis.statistics import GROUPS
from training.networks import Encoder
from training.pool import Pool

_WEIGHTS = dict.fromkeys(GROUPS, 1.0)


def measure_style(encoder: Encoder, pool: Pool) -> None:
    """Set the encoder's style scale from pairs of dry recordings with different content.

    A squared distance of styles is then a weighted mean over the groups of statistics of the mean
    squared difference in units of what content alone makes.
    """
    clean = [wet for wet in pool.wet.values() if wet.clean.any()]
    differences = np.concatenate(
        [
            wet.heard.vectors[wet.clean].astype(np.float32)
            - pool.dry.vectors[wet.clean].astype(np.float32)
            for wet in clean
        ]
    )
    scale = np.sqrt(np.mean(differences**2, axis=0))
    scale = np.maximum(scale, 0.05 * encoder.scale.numpy())
    shares = np.concatenate([np.full(size, _WEIGHTS[name] / size) for name, size in GROUPS.items()])
    shares /= sum(_WEIGHTS.values())
    encoder.style_scale.copy_(torch.from_numpy((np.sqrt(shares) / scale).astype(np.float32)))
