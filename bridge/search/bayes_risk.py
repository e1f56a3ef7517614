"""Which of many candidates to take: the one of least expected distance to what is likely the truth.

Minimum Bayes risk: an outlier that happens to fit does not win, and where little is certain a
cautious answer does.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bridge.analysis.metrics import magnitudes_with_gains
from bridge.analysis.windows import rms_db
from bridge.arrays import Audio, Floats

_FRAMES = (512, 2_048, 8_192)
_EVERY = 16
"""Of the spectra's values; bins are odd in number, so all of them get their turn."""
_MATCHED_DB = -20.0
"""The RMS at which spectra are compared whatever their gain."""


@dataclass(frozen=True)
class RiskTable:
    """What may be chosen (n), what may be true (m), and how far apart these are (n, m).

    `costs` (m,) say how badly each of what may be true fits what was heard, `priors` (m,) how
    probable it was before.
    """

    costs: Floats
    priors: Floats
    distances: Floats

    def best(self, temperature: float) -> int:
        """The choice of least expected distance; the costs count the more, the colder it is."""
        weights = self.priors * np.exp(-(self.costs - self.costs.min()) / temperature)
        return int(np.argmin(self.distances @ weights))


def spectral_features(audio: Audio) -> Floats:
    """Spectra whose `distance` is nearly the MRSTFT, half of it raw and half gain-matched.

    At windows of 512, 2,048 and 8,192 frames; both halves count, as by ear: how it sounds, and
    how loud.
    """
    gains = (1.0, 10 ** ((_MATCHED_DB - rms_db(audio)) / 20))
    parts = []
    for spectra in magnitudes_with_gains(audio, gains, _FRAMES):
        for spectrum in spectra:
            some = spectrum.ravel()[::_EVERY]
            parts += [some / some.size, np.log(some) / some.size]
    return np.asarray(np.concatenate(parts) / (len(_FRAMES) * len(gains)), np.float32)


def distance(one: Floats, other: Floats) -> float:
    """Between two fingerprints."""
    return float(np.abs(one - other).sum())


def distances(ones: Sequence[Floats], others: Sequence[Floats]) -> Floats:
    """Between every one and every other, (n, m)."""
    return np.array([[distance(one, other) for other in others] for one in ones], np.float32)
