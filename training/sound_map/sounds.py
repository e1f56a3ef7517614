"""How a plugin's settings sound, whatever is played: learned from all that training has heard.

Every clip of the pool was heard with another setting. A regression of what was heard on the setting
averages over the clips, and leaves what content does. Fisher's linear discriminants (Annals of
Eugenics 7, 1936) of the two are the directions in which settings differ most, in units of what
content alone changes: differences below 1 drown in it.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.linalg
import torch
from torch import Tensor
from torch.nn.functional import mse_loss

from bridge.analysis.features import mel_matrix
from bridge.analysis.statistics import LEVEL_NAMES
from bridge.arrays import Floats
from bridge.models import Encoder
from training.pool import Heard, Wet
from training.sound_map.descent import minimise
from training.sound_map.networks import Coding, ToSound

DIRECTIONS = 12
"""Discriminants that are kept at the most."""
_LEAST_SHARE = 0.02
"""Of the strongest one's power; weaker ones are left out."""
_STEPS, _BATCH = 400, 512
_RIDGE = 10.0
_FLOOR = 1e-2
_LOUDNESS = LEVEL_NAMES.index("k_weighted_db")


@dataclass(frozen=True)
class Examples:
    """n recordings through the plugin, and the other halves of these without it."""

    wet: Floats
    """Embeddings (n, d)."""
    dry: Floats
    """Embeddings (n, d) of the same recordings' dry inputs."""
    gains_db: Floats
    """How much louder the wet one is, K-weighted, (n,)."""
    brighter: Floats
    """By how many octaves its spectral centroid is higher, (n,)."""
    settings: Floats
    """Normalised values (n, p) of the predicted parameters; NaN where the plugin is bypassed."""


@dataclass(frozen=True)
class Sounds:
    """The learned sound of every setting."""

    network: ToSound
    """Codes of settings (n, size) to sounds (n, k); differences are in units of content's."""
    gain: ToSound
    """Codes of settings (n, size) to how much louder they make a recording, (n, 1) in dB."""
    brightness: ToSound
    """Codes of settings (n, size) to how much brighter they make it, (n, 1) in octaves."""
    dry: Tensor
    """The sound of no effect at all, (k,)."""


def embed(heard: Heard, encoder: Encoder) -> Floats:
    """The embeddings of a pool's recordings, (n, d)."""
    vectors = heard.vectors.astype(np.float32)
    return np.stack([encoder.embed(vector).embedding for vector in vectors])


def examples(dry: Heard, dry_embeddings: Floats, wet: Wet, encoder: Encoder) -> Examples:
    """A pool's recordings, all or as many as there are `dry_embeddings`."""
    count = len(dry_embeddings)
    some = Heard(wet.heard.vectors[:count], wet.heard.levels[:count])
    return Examples(
        embed(some, encoder),
        dry_embeddings,
        (some.levels - dry.levels[:count])[:, _LOUDNESS],
        _centroids(some.vectors, encoder) - _centroids(dry.vectors[:count], encoder),
        wet.truth[:count],
    )


def learn(heard: Examples, coding: Coding) -> Sounds:
    """The expected sound of every setting."""
    wet = ~np.isnan(heard.settings[:, 0])
    # What the dry half foretells of the wet one is content's.
    known = np.c_[heard.dry, np.ones(len(heard.dry))]
    said = np.c_[heard.wet, heard.gains_db, heard.brighter]
    weights = np.linalg.solve(
        known[wet].T @ known[wet] + _RIDGE * np.eye(known.shape[1]), known[wet].T @ said[wet]
    )
    rest = said - known @ weights
    mean, scale = rest[wet].mean(axis=0), rest[wet].std(axis=0)
    rest = (rest - mean) / scale
    codes = coding.encode(torch.from_numpy(heard.settings[wet]))
    network = _regress(codes, torch.from_numpy(rest[wet].astype(np.float32)), coding)
    with torch.no_grad():
        expected = network(codes).numpy()
    # Brightness is in the embedding already; it is for the picture of the map.
    compared = len(scale) - 1
    found = discriminants(expected[:, :compared], (rest[wet] - expected)[:, :compared])
    directions = np.pad(found, ((0, 1), (0, 0)))
    gain, brightness = (scale[:, None] * np.eye(len(scale))[:, [column]] for column in (-2, -1))
    return Sounds(
        network.read(directions),
        network.read(gain, float(heard.gains_db[wet].mean())),
        network.read(brightness, float(heard.brighter[wet].mean())),
        torch.from_numpy((rest[~wet].mean(axis=0) @ directions).astype(np.float32)),
    )


def _centroids(vectors: npt.NDArray[np.float16], encoder: Encoder) -> Floats:
    """Spectral centroids in octaves, (n,): the mean of the bands' log frequency by their power."""
    features = encoder.card.features
    matrix = mel_matrix(features)
    bins_hz = np.arange(matrix.shape[1]) * features.sample_rate_hz / features.fft_frames
    octaves = np.log2((matrix @ bins_hz) / matrix.sum(axis=1))
    # The first numbers of a vector are the bands' mean levels, in 20 dB.
    power = 100.0 ** vectors[:, : features.mel_bands].astype(np.float32)
    return np.asarray(power @ octaves / power.sum(axis=1), np.float32)


def discriminants(expected: Floats, rest: Floats) -> Floats:
    """Directions (d, k) in which what was expected (n, d) differs most against the rest (n, d).

    Along each of them the rest has deviation 1; the strongest comes first.
    """
    within = np.cov(rest.T) + _FLOOR * np.eye(rest.shape[1])
    powers, directions = scipy.linalg.eigh(np.cov(expected.T), within)
    powers, directions = powers[::-1], directions[:, ::-1]
    count = int((powers[:DIRECTIONS] >= _LEAST_SHARE * powers[0]).sum())
    return np.asarray(directions[:, :count], np.float32)


def _regress(codes: Tensor, said: Tensor, coding: Coding) -> ToSound:
    torch.manual_seed(0)
    network = ToSound(coding.size, said.shape[1])

    def loss() -> Tensor:
        rows = torch.randint(len(codes), (_BATCH,))
        return mse_loss(network(codes[rows]), said[rows])

    minimise(network, loss, _STEPS, learning_rate=6e-3, weight_decay=1e-2)
    return network
