"""UMAP (McInnes, Healy & Melville, arXiv:1802.03426, 2018) onto the plane."""

import warnings

import numpy as np

from bridge.arrays import Floats
from training.figures.compiled import let_numba_keep

let_numba_keep()
with warnings.catch_warnings():
    # umap says that it could do more with TensorFlow.
    warnings.simplefilter("ignore", ImportWarning)
    from umap import UMAP


def onto_plane(vectors: Floats, neighbours: int, least_distance: float, seed: int) -> Floats:
    """Positions (n, 2) of vectors (n, d); the same seed gives the same ones."""
    projection = UMAP(
        n_neighbors=min(neighbours, len(vectors) - 1), min_dist=least_distance, random_state=seed
    )
    with warnings.catch_warnings():
        # umap says that a seed costs it its parallelism.
        warnings.filterwarnings("ignore", "n_jobs value", UserWarning)
        return np.asarray(projection.fit_transform(vectors), np.float32)
