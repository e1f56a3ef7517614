"""Rows to learn judging from: how every candidate of a scene sounds, and how far from each target.

A few processes write chunks of scenes below the data folder; a kill loses the chunks in work only.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.progress import track

from bridge.analysis.echoes import similarity
from bridge.analysis.metrics import LEAST_MAGNITUDE, powers, rms_gain
from bridge.analysis.statistics import statistics
from bridge.analysis.windows import at_feature_rate, rms_db
from bridge.arrays import Audio, Floats
from bridge.chain import Chain, ChainSetting
from bridge.estimate.estimator import Estimator
from bridge.estimate.listener import Analysis, ReferenceAnalysis
from bridge.library import Library
from bridge.models import Prediction
from bridge.search.proposals import proposals
from bridge.search.render_search import Search
from bridge.search.surprise import Surprises
from training.critic.scenes import Scene, SceneSource, effect_of, random_setting
from training.workers import as_done, executor

CHUNK = 16
KINDS = ("dry", "target", "near", "random", "proposed", "winner")
"""Where a candidate comes from; a row keeps the number."""
_NEAR = (0.03, 0.1)
"""Deviations of normalised values from a setting that made a reference."""
_NEARED, _RANDOM, _PROPOSED = 2, 2, 2
SEARCHED, _EVOLVED = 2, 40
"""For how many of a scene's references there is a search, and how long CMA-ES goes on."""
_WINNERS = (0.0, 0.02, 0.08, 0.3, 0.7)
"""Places, 0..1, among all that a search has tried, whose candidates become rows."""
_SILENT_DB = -80.0
_EVERY = 7
"""Of the spectra's values for a distance; bins are odd in number, so all get their turn."""
_KEPT = ("style", "levels")


@dataclass(frozen=True)
class Candidate:
    """What is judged."""

    kind: str
    audio: Audio
    """(1, frames)."""
    setting: ChainSetting | None
    """None where the chain itself cannot make it."""


Candidates = Callable[["Heard"], Iterator[Candidate]]
"""What is judged beside doing nothing and the targets."""
Rows = Callable[["Heard"], dict[str, npt.NDArray[Any]]]
"""What is kept of a scene."""


@dataclass(frozen=True)
class Heard:
    """What the search would hear of a scene."""

    scene: Scene
    estimator: Estimator
    played: Analysis
    references: tuple[ReferenceAnalysis, ...]

    @classmethod
    def of(cls, scene: Scene, library: Library) -> "Heard":
        """A scene through the library's models."""
        estimator = estimator_of_chain(scene.chain, library)
        references = [
            estimator.analyse(made.reference, scene.sample_rate, "reference", repeat_short=True)
            for made in scene.made
        ]
        mono = at_feature_rate(scene.excerpt.audio, scene.sample_rate, estimator.features)
        played = estimator.embed(statistics(mono, estimator.features))
        return cls(scene, estimator, played, tuple(references))

    def like(self, number: int) -> Analysis:
        """What of a reference is like the excerpt."""
        return self.references[number].like(self.scene.excerpt.below_db)

    def predictions(self, number: int) -> tuple[Prediction, ...]:
        """What the predictors hold of the setting that made a reference."""
        return self.estimator.predictions(self.played, self.like(number), self.scene.sample_rate)

    def surprises(self, number: int) -> Surprises:
        """How settings agree with what the predictors hold of a reference."""
        return Surprises(self.scene.chain, self.predictions(number))


@lru_cache(maxsize=32)
def estimator_of_chain(chain: Chain, library: Library) -> Estimator:
    """A chain's models, loaded once in a process."""
    return Estimator(chain, library)


def candidates(heard: Heard) -> Iterator[Candidate]:
    """Settings near those that made references, and far."""
    scene = heard.scene
    draw = np.random.default_rng((scene.index, 17))
    settings: list[tuple[str, ChainSetting]] = []
    for made in [made for made in scene.made if made.setting][:_NEARED]:
        for deviation in _NEAR:
            settings.append(("near", _near(draw, made.setting, deviation)))
    settings += [("random", random_setting(draw, scene.chain)) for _ in range(_RANDOM)]
    proposed = proposals(heard.estimator, heard.predictions(0), draw)[:_PROPOSED]
    settings += [("proposed", setting) for setting in proposed]
    effect = effect_of(scene.chain)
    for kind, setting in settings:
        wet = effect.render(scene.excerpt.audio, scene.sample_rate, setting)
        yield Candidate(kind, wet, setting)


def winners(heard: Heard) -> Iterator[Candidate]:
    """What searches with the critic so far think best, and some of what they have tried."""
    scene, effect = heard.scene, effect_of(heard.scene.chain)
    for number in range(SEARCHED):
        search = searched(heard, number)
        ranked = sorted((c for c in search.candidates if not c.bypass), key=lambda c: c.cost)
        places = {round(place * (len(ranked) - 1)) for place in _WINNERS} if ranked else set()
        for place in sorted(places):
            setting = ranked[place].setting
            wet = effect.render(scene.excerpt.audio, scene.sample_rate, setting)
            yield Candidate("winner", wet, setting)


def searched(heard: Heard, number: int) -> Search:
    """A search for one of a scene's references, when it has tried what it would."""
    scene = heard.scene
    search = Search(
        heard.estimator,
        effect_of(scene.chain),
        scene.playing,
        scene.sample_rate,
        heard.references[number],
        seed=scene.index,
    )
    search.explore(most=_EVOLVED)
    return search


def _near(
    draw: np.random.Generator, setting: ChainSetting | None, deviation: float
) -> ChainSetting:
    if setting is None:
        raise ValueError("only what the chain itself made has a setting")
    values = np.array(setting.predicted)
    some = draw.random(len(values)) < 0.7
    values = np.clip(values + some * deviation * draw.standard_normal(len(values)), 0, 1)
    return ChainSetting.of_predicted(setting.chain, values.tolist(), setting.bypassed)


def write_rows(
    source: SceneSource,
    library: Library,
    folder: Path,
    indices: range,
    make: Rows,
    processes: int = 2,
) -> None:
    """Write the chunks of these scenes that are not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    jobs = [
        (source, library, chunk, make, path)
        for start in range(indices.start, indices.stop, CHUNK)
        if not (path := folder / f"{start:08d}.npz").exists()
        for chunk in [range(start, min(start + CHUNK, indices.stop))]
    ]
    if jobs:
        with executor(processes) as workers:
            list(track(as_done(workers, _write_chunk, jobs), "rows", total=len(jobs)))


def _write_chunk(job: tuple[SceneSource, Library, range, Rows, Path]) -> None:
    source, library, indices, make, path = job
    arrays: dict[str, npt.NDArray[Any]] = {}
    for index in indices:
        for name, values in make(Heard.of(source[index], library)).items():
            arrays[f"{index}.{name}"] = values
    partial = path.with_suffix(".partial.npz")
    np.savez(partial, allow_pickle=False, **arrays)
    partial.rename(path)


def rows_of(heard: Heard, judged: Candidates) -> dict[str, npt.NDArray[Any]]:
    """What is kept of a scene of m references and n candidates, the first of which is dry.

    `distance` and `echo_similarity` are (m, n, 2): at the target's level and raw; of the reference
    to the candidate and to the playing. `surprises` is (m, n, len(SURPRISES)).
    """
    scene, features = heard.scene, heard.estimator.features
    dry = ChainSetting.start(scene.chain).all_left_out()
    given = [Candidate("dry", scene.excerpt.audio, dry)]
    given += [Candidate("target", made.target, made.setting) for made in scene.made]
    some = [candidate for candidate in (*given, *judged(heard)) if _is_sound(candidate.audio)]
    monos = [at_feature_rate(one.audio, scene.sample_rate, features) for one in some]
    sounds = [heard.estimator.embed(statistics(mono, features)) for mono in monos]
    references = [heard.like(number) for number in range(len(scene.made))]
    plain = [similarity(heard.played.echoes, reference.echoes) for reference in references]
    arrays: dict[str, npt.NDArray[Any]] = {
        "kind": np.array([KINDS.index(one.kind) for one in some], np.int8),
        "maker": np.array([made.maker for made in scene.made], "U10"),
        "chain": np.array(scene.chain.id, "U100"),
        "distance": distances(monos, len(scene.made)),
        "echo_similarity": np.array(
            [
                [(similarity(sound.echoes, reference.echoes), alike) for sound in sounds]
                for reference, alike in zip(references, plain, strict=True)
            ],
            np.float32,
        ),
        "surprises": np.array(
            [
                [surprises.of(one.setting) for one in some]
                for surprises in map(heard.surprises, range(len(scene.made)))
            ],
            np.float32,
        ),
    }
    for name in _KEPT:
        arrays[f"candidate_{name}"] = _half([getattr(sound, name) for sound in sounds])
        arrays[f"reference_{name}"] = _half([getattr(reference, name) for reference in references])
        arrays[f"played_{name}"] = _half([getattr(heard.played, name)])
    return arrays


def _is_sound(audio: Audio) -> bool:
    return bool(np.isfinite(audio).all()) and rms_db(audio) >= _SILENT_DB


def distances(monos: Sequence[Audio], targets: int) -> Floats:
    """MRSTFT of every candidate to each target, at the target's level and raw; (m, n, 2).

    The targets are the first candidates after the playing itself.
    """
    spectra = [_Spectra.of(mono) for mono in monos]
    plain = [sound.at_gain(1.0) for sound in spectra]
    wanted = list(zip(monos, plain, strict=True))[1 : 1 + targets]
    found = np.zeros((targets, len(monos), 2), np.float32)
    for place, (target, goal) in enumerate(wanted):
        for number, (mono, sound) in enumerate(zip(monos, spectra, strict=True)):
            matched = sound.at_gain(float(rms_gain(mono, target)))
            found[place, number] = matched.distance(goal), plain[number].distance(goal)
    return found


@dataclass(frozen=True)
class _Spectra:
    """Some of the values that `mrstft` compares, and their logarithms: far fewer are as good."""

    sizes: Floats
    logarithms: Floats
    weights: Floats
    """What each counts, so that all resolutions count alike."""

    @classmethod
    def of(cls, mono: Audio) -> "_Spectra":
        some = [power.ravel()[::_EVERY] for power in powers(mono)]
        sizes = np.sqrt(np.concatenate(some))
        weights = [np.full(part.size, 1 / (part.size * len(some)), np.float32) for part in some]
        return cls(sizes, np.log(sizes + np.float32(1e-12)), np.concatenate(weights))

    def at_gain(self, gain: float) -> "_Spectra":
        """As if the sound were so many times as loud."""
        least = np.float32(LEAST_MAGNITUDE)
        return _Spectra(
            np.maximum(self.sizes * np.float32(gain), least),
            np.maximum(self.logarithms + np.float32(np.log(gain)), np.log(least)),
            self.weights,
        )

    def distance(self, other: "_Spectra") -> float:
        apart = np.abs(self.sizes - other.sizes)
        apart += np.abs(self.logarithms - other.logarithms)
        return float(apart @ self.weights)


def _half(values: Sequence[Floats]) -> npt.NDArray[np.float16]:
    return np.clip(np.stack(values), -60_000, 60_000).astype(np.float16)
