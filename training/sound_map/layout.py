"""Settings laid out in the unit square, so that neighbours sound alike and no place is empty."""

from math import ceil, log2

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.stats import qmc

from bridge.arrays import Floats

_NEIGHBOURS = 30
_LEAST_DISTANCE = 0.3


def lay_out(sounds: Floats, seed: int) -> tuple[Floats, Floats]:
    """Positions (n, 2) in 0..1 of sounds (n, k), and their projection (n, 2) as it was found.

    UMAP finds the neighbourhoods. Its picture has holes, on which nothing can be played; so its
    points are moved onto evenly spread ones, all together by the shortest ways (the assignment
    problem: Kuhn, Nav. Res. Logist. 2, 1955; as in IsoMatch: Fried et al., Comput. Graph. Forum 34,
    2015).
    """
    # Imported here, as it takes seconds that no other command should wait.
    from training.figures.projection import onto_plane

    found = _standard(_turned(onto_plane(sounds, _NEIGHBOURS, _LEAST_DISTANCE, seed)))
    even = qmc.Sobol(2, rng=seed).random_base2(ceil(log2(len(sounds))))[: len(sounds)]
    distances = ((found[:, None] - _standard(even)) ** 2).sum(axis=2)
    _, places = linear_sum_assignment(distances)
    return np.asarray(even[places], np.float32), found


def _turned(points: Floats) -> Floats:
    """Points (n, 2) with their principal axis along x, which fits a square's sides best."""
    centred = points - points.mean(axis=0)
    return np.asarray(centred @ np.linalg.svd(centred, full_matrices=False)[2].T)


def _standard(points: Floats) -> Floats:
    return np.asarray((points - points.mean(axis=0)) / points.std(axis=0), np.float32)
