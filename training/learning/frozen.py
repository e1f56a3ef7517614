"""The shipped encoder as training takes it: pools hold its embeddings, and nothing of it moves."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from bridge.models import Encoder as ShippedEncoder
from training.networks import Encoder
from training.pool import Heard, Pool, Wet


class FrozenEncoder(Encoder):
    """Stands for an encoder where the pool's vectors are its embeddings already."""

    def __init__(self) -> None:
        nn.Module.__init__(self)
        self.register_buffer("mean", torch.zeros(1))

    def forward(self, vectors: Tensor) -> Tensor:
        """The embeddings, as they come."""
        return vectors


def embedded(pool: Pool, encoder: ShippedEncoder) -> Pool:
    """The pool with embeddings in the place of statistics."""
    wet: Mapping[str, Wet] = {
        name: replace(wet, heard=_embedded(wet.heard, encoder)) for name, wet in pool.wet.items()
    }
    return replace(pool, dry=_embedded(pool.dry, encoder), wet=wet)


def _embedded(heard: Heard, encoder: ShippedEncoder) -> Heard:
    rows = [encoder.embed(vector).embedding for vector in heard.vectors.astype(np.float32)]
    return replace(heard, vectors=np.stack(rows).astype(np.float16))
