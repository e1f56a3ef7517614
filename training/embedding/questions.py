"""What is asked of the embeddings; every question can be answered in a process of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bridge.arrays import Floats
from bridge.manifest import ParamSpec, PluginSpec
from training.embedding.information import Values, best_coordinate, entropy, lower_bound
from training.embedding.probe import FOREST, LINEAR, probe
from training.embedding.sounds import Recordings, Sounds
from training.evaluation.intervals import Json

FIXED, RANDOM, ALL = "published, fixed setting", "published, random settings", "all and dry"
"""Between what to tell: the prior work's effects, each at one setting as there, or at random ones;
or all effects at random settings, and no effect."""

WET, DIFFERENCE, PRINCIPAL = "wet alone", "wet minus dry", "PCA of the spectrum"
"""By what: a reference's embedding, as in the prior work; how that differs from the input's, which
predictors know too; to compare with, the reference's log-mel statistics."""

DRY = "dry"
BEST, SHUFFLED, ENTROPY = "best_coordinate", "best_coordinate_shuffled", "entropy"


@dataclass(frozen=True)
class EffectQuestion:
    """Which effect is heard?"""

    task: str
    features: str
    classifier: str
    sounds: Mapping[str, Floats]
    """By class, (n, d)."""
    stems: npt.NDArray[np.str_]

    def answer(self) -> Json:
        """What was asked, and what `probe` says."""
        asked = {"task": self.task, "features": self.features, "classifier": self.classifier}
        principal = self.features == PRINCIPAL
        return asked | probe(self.sounds, self.stems, self.classifier, principal)


@dataclass(frozen=True)
class ParameterQuestion:
    """How many bits are known about one parameter?"""

    plugin: str
    spec: ParamSpec
    features: Mapping[str, Floats]
    """`WET` and `DIFFERENCE`, (n, d)."""
    truth: Floats
    """Normalised values (n,)."""
    stems: npt.NDArray[np.str_]

    def answer(self) -> Json:
        """In bits: bounds with their intervals, the best coordinate, for a class its entropy."""
        values: Values = self.truth.astype(np.float64)
        found: Json = {"plugin": self.plugin, "symbol": self.spec.symbol, "name": self.spec.name}
        if self.spec.classes:
            values = np.array([self.spec.class_of(value) for value in values], np.int64)
            found[ENTROPY] = round(entropy(values), 6)
        for name, vectors in self.features.items():
            found[name] = lower_bound(vectors, values, self.stems)
        shuffled = np.random.default_rng(0).permutation(values)
        for name, some in ((BEST, values), (SHUFFLED, shuffled)):
            found[name] = round(best_coordinate(self.features[WET], some), 6)
        return found


def effect_questions(heard: Recordings) -> list[EffectQuestion]:
    """Every task from every feature; the prior work's forest where its effects are told apart."""
    published = {name: heard.wet[name] for name in heard.middle}
    tasks = {
        FIXED: (heard.middle, (FOREST, LINEAR)),
        RANDOM: (published, (FOREST, LINEAR)),
        ALL: ({DRY: heard.dry, **heard.wet}, (LINEAR,)),
    }
    return [
        EffectQuestion(task, features, classifier, told, heard.stems)
        for task, (sounds, classifiers) in tasks.items()
        if len(sounds) > 1
        for features, told in _features(heard.played, sounds).items()
        for classifier in classifiers
    ]


def parameter_questions(
    plugins: Sequence[PluginSpec], heard: Recordings
) -> list[ParameterQuestion]:
    """Every predicted parameter of every plugin."""
    return [
        ParameterQuestion(
            plugin.id,
            spec,
            {
                WET: heard.wet[plugin.id].embedding,
                DIFFERENCE: heard.wet[plugin.id].embedding - heard.played.embedding,
            },
            heard.truth[plugin.id][:, number],
            heard.stems,
        )
        for plugin in plugins
        for number, spec in enumerate(plugin.predicted)
    ]


def _features(played: Sounds, sounds: Mapping[str, Sounds]) -> dict[str, dict[str, Floats]]:
    return {
        WET: {name: sound.embedding for name, sound in sounds.items()},
        DIFFERENCE: {name: sound.embedding - played.embedding for name, sound in sounds.items()},
        PRINCIPAL: {name: sound.spectrum for name, sound in sounds.items()},
    }
