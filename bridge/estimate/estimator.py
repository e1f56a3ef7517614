"""A chain's listener and predictors: what the networks take its setting for."""

from functools import cached_property
from pathlib import Path

import numpy as np

from bridge.analysis.features import FeatureSettings
from bridge.analysis.statistics import Statistics, statistics
from bridge.arrays import Audio
from bridge.chain import Chain, Slot
from bridge.estimate.answer import Answer
from bridge.estimate.ears import Ears
from bridge.estimate.listener import Analysis, ReferenceAnalysis
from bridge.estimate.prior import uniform
from bridge.library import CARD_FILE, MODEL_FILE, Library, open_library
from bridge.models import Prediction, Predictor, needed_encoder
from bridge.models.critic import Critic

HOP_S = 0.05
"""How often to answer while playing, where no model says."""


class Estimator:
    """Answers with the setting of a chain that makes an input sound like a reference.

    A slot without a predictor is held at its start, and every setting of it is taken for as
    likely as another.
    """

    def __init__(
        self, chain: Chain, library: Library | None = None, ears: Ears | None = None
    ) -> None:
        """Raises ModelError where a model is corrupt or does not fit.

        A predictor that needs another encoder than the first slot's predictor is not used: all
        slots must hear alike. `ears` are what estimators of the same library share.
        """
        self.chain = chain
        self.library = library or open_library()
        self._ears = ears or Ears(self.library)
        folders = [self.library.predictor_folder(slot.plugin) for slot in chain.slots]
        needed = [needed_encoder(folder) if folder else None for folder in folders]
        encoder_folder = self.library.encoder_folder(next(filter(None, needed), None))
        self.listener = self._ears.listener(encoder_folder)
        encoder = self.listener.encoder.card
        self.predictors = tuple(
            Predictor(folder, slot.plugin, encoder)
            if folder and its_encoder == encoder.sha256
            else None
            for slot, folder, its_encoder in zip(chain.slots, folders, needed, strict=True)
        )
        """One a slot; None where there is none."""
        used = [encoder_folder, *(folder for folder in folders if folder)]
        self.files: tuple[Path, ...] = tuple(
            folder / name for folder in used for name in (MODEL_FILE, CARD_FILE)
        )
        """What it was loaded from."""

    @property
    def trained(self) -> bool:
        """Whether the networks can answer for the chain.

        They learned what one plugin does by itself, so they answer for a chain of one; of a longer
        chain they only propose.
        """
        return len(self.predictors) == 1 and self.predictors[0] is not None

    @property
    def features(self) -> FeatureSettings:
        """How the models want audio to be analysed."""
        return self.listener.features

    @cached_property
    def critic(self) -> Critic:
        """What judges candidates; opened when it is first needed.

        Raises ModelError where none is there for the encoder, or it is corrupt.
        """
        return self._ears.critic(self.listener.encoder.card.sha256)

    @cached_property
    def hop_s(self) -> float:
        """How often to answer while playing, in seconds."""
        return min((p.card.hop_s for p in self.predictors if p), default=HOP_S)

    def warm_up(self) -> None:
        """Answer once: a first inference is slow; let it happen before it counts."""
        features = self.features
        noise = np.random.default_rng(0).standard_normal(features.window_frames)
        analysis = self.embed(statistics(noise.astype(np.float32), features))
        self.predict(analysis, analysis, features.sample_rate_hz)

    def analyse(
        self, audio: Audio, sample_rate: float, name: str, repeat_short: bool = False
    ) -> ReferenceAnalysis:
        """`Listener.analyse`."""
        return self.listener.analyse(audio, sample_rate, name, repeat_short)

    def embed(self, measured: Statistics) -> Analysis:
        """`Listener.embed`."""
        return self.listener.embed(measured)

    def predictions(
        self, played: Analysis, reference: Analysis, sample_rate: float
    ) -> tuple[Prediction, ...]:
        """What is held of every slot's setting, for a host that runs at `sample_rate` Hz.

        A predictor takes its plugin for the only one in the chain.
        """
        return tuple(
            self._predicted(predictor, slot, played, reference, sample_rate)
            for predictor, slot in zip(self.predictors, self.chain.slots, strict=True)
        )

    def predict(self, played: Analysis, reference: Analysis, sample_rate: float) -> Answer:
        """The networks' answer for a host that runs at `sample_rate` Hz."""
        return Answer.of(self.chain, self.predictions(played, reference, sample_rate))

    def _predicted(
        self,
        predictor: Predictor | None,
        slot: Slot,
        played: Analysis,
        reference: Analysis,
        sample_rate: float,
    ) -> Prediction:
        if predictor is None:
            return uniform(slot)
        return predictor.predict(
            played.embedding,
            reference.embedding,
            played.levels,
            reference.levels,
            sample_rate,
        )
