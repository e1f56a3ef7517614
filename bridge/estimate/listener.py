"""What a recording sounds like: statistics and the encoder's embedding. Knows no plugin."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from bridge.analysis.cepstral_comb import cepstral_comb
from bridge.analysis.features import FeatureSettings
from bridge.analysis.statistics import LEVEL_NAMES, Statistics, statistics
from bridge.analysis.windows import active_windows, at_feature_rate, fill_window
from bridge.arrays import Audio, Floats
from bridge.models import Encoder

_RMS = LEVEL_NAMES.index("rms_db")
_ALIKE_DB = 3.0
"""Windows count the less, the farther their level is from what is compared, by a bell this wide."""


@dataclass(frozen=True)
class Analysis:
    """What is known of a window: embedding, style, levels, and how prominent its echoes are."""

    embedding: Floats
    style: Floats
    levels: Floats
    echoes: Floats

    def towards(self, other: Self, share: float) -> Self:
        """This one at share 0, the other at 1, between them their weighted mean."""
        return replace(
            self,
            embedding=self.embedding + share * (other.embedding - self.embedding),
            style=self.style + share * (other.style - self.style),
            levels=self.levels + share * (other.levels - self.levels),
            echoes=self.echoes + share * (other.echoes - self.echoes),
        )


@dataclass(frozen=True)
class ReferenceAnalysis(Analysis):
    """What is known of a whole recording: the mean of its windows, these, and its cepstral comb."""

    cepstral_comb: Floats
    windows: tuple[Analysis, ...]
    """In their order, silent ones left out."""

    def like(self, below_db: float) -> Analysis:
        """The mean of the windows that lie about as far below the loudest one, in dB.

        Like is compared with like: quiet playing drives an effect less than loud playing does.
        """
        below = np.array([window.levels[_RMS] for window in self.windows])
        apart = np.abs(below.max() - below - below_db)
        # The nearest window counts in any case.
        weights = np.exp(-0.5 * ((apart - apart.min()) / _ALIKE_DB) ** 2)
        return _mean(self.windows, weights / weights.sum())


def _mean(windows: Sequence[Analysis], weights: Floats) -> Analysis:
    """Of windows, by their weights (n,), which sum to 1."""
    return Analysis(
        np.tensordot(weights, [w.embedding for w in windows], 1).astype(np.float32),
        np.tensordot(weights, [w.style for w in windows], 1).astype(np.float32),
        np.tensordot(weights, [w.levels for w in windows], 1).astype(np.float32),
        np.tensordot(weights, [w.echoes for w in windows], 1).astype(np.float32),
    )


class Listener:
    """Analyses recordings with one encoder."""

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder

    @property
    def features(self) -> FeatureSettings:
        """How the encoder wants audio to be analysed."""
        return self.encoder.card.features

    def analyse(
        self, audio: Audio, sample_rate: float, name: str, repeat_short: bool = False
    ) -> ReferenceAnalysis:
        """A whole recording of shape (channels, frames).

        Raises AudioError, with `name`, where it is silent, or shorter than the models need and not
        to be repeated.
        """
        mono = at_feature_rate(audio, sample_rate, self.features)
        if repeat_short and len(mono):
            mono = fill_window(mono, self.features)
        parts = [statistics(w, self.features) for w in active_windows(mono, self.features, name)]
        mean = self.embed(
            Statistics(
                np.mean([part.vector for part in parts], axis=0),
                np.mean([part.levels for part in parts], axis=0),
                np.mean([part.echoes for part in parts], axis=0),
            )
        )
        return ReferenceAnalysis(
            mean.embedding,
            mean.style,
            mean.levels,
            mean.echoes,
            cepstral_comb(mono),
            tuple(map(self.embed, parts)),
        )

    def embed(self, measured: Statistics) -> Analysis:
        """What the encoder makes of statistics."""
        embedded = self.encoder.embed(measured.vector)
        return Analysis(embedded.embedding, embedded.style, measured.levels, measured.echoes)
