"""Encoder and predictor as one: analyse recordings, answer with a setting."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from bridge.analysis.cepstral_comb import cepstral_comb
from bridge.analysis.features import FeatureSettings
from bridge.analysis.statistics import Statistics, statistics
from bridge.analysis.windows import active_windows, at_feature_rate, fill_window
from bridge.arrays import Audio, Floats
from bridge.estimate.answer import Answer
from bridge.library import Library, open_library
from bridge.manifest import PluginSpec
from bridge.models import (
    Encoder,
    Prediction,
    PredictorCard,
    encoder_of,
    load_predictor,
    model_files,
)


@dataclass(frozen=True)
class Analysis:
    """What is known of a window: embedding, style, levels, and how sharply it echoes."""

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
    """What is known of a whole recording: the mean of its windows, and how it resonates."""

    cepstral_comb: Floats


class Matcher:
    """Predicts the setting of one plugin that makes an input sound like a reference."""

    def __init__(self, plugin: PluginSpec, library: Library | None = None) -> None:
        """Raises ModelError where no fitting model is exported for the plugin."""
        self.plugin = plugin
        self.library = library or open_library()
        self.files = model_files(plugin, self.library)
        """What it was loaded from."""
        self._encoder = Encoder(encoder_of(plugin, self.library))
        self._predictor = load_predictor(plugin, self._encoder, self.library)

    @property
    def card(self) -> PredictorCard:
        """The predictor's card."""
        return self._predictor.card

    @property
    def features(self) -> FeatureSettings:
        """How the models want to hear audio."""
        return self._encoder.card.features

    @property
    def hop_s(self) -> float:
        """How often to ask while playing, in seconds."""
        return self._predictor.card.hop_s

    def warm_up(self) -> None:
        """Answer once: a first inference is slow; let it happen before it counts."""
        features = self.features
        noise = np.random.default_rng(0).standard_normal(features.window_frames)
        analysis = self.embed(statistics(noise.astype(np.float32), features))
        self.predict(analysis, analysis, features.sample_rate_hz)

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
        heard = self.embed(
            Statistics(
                np.mean([part.vector for part in parts], axis=0),
                np.mean([part.levels for part in parts], axis=0),
                np.mean([part.echoes for part in parts], axis=0),
            )
        )
        return ReferenceAnalysis(
            heard.embedding, heard.style, heard.levels, heard.echoes, cepstral_comb(mono)
        )

    def embed(self, heard: Statistics) -> Analysis:
        """What the models make of statistics."""
        embedded = self._encoder.embed(heard.vector)
        return Analysis(embedded.embedding, embedded.style, heard.levels, heard.echoes)

    def ask(self, played: Analysis, reference: Analysis, sample_rate: float) -> Prediction:
        """All the predictor says, for a host that runs at `sample_rate` Hz."""
        return self._predictor.predict(
            played.embedding,
            reference.embedding,
            played.levels,
            reference.levels,
            sample_rate,
        )

    def predict(self, played: Analysis, reference: Analysis, sample_rate: float) -> Answer:
        """The network's answer for a host that runs at `sample_rate` Hz."""
        return Answer.of(self.plugin, self.ask(played, reference, sample_rate))
