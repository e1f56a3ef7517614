"""Test recordings through every effect, as embeddings; each clip in a process of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bridge.analysis.statistics import GROUPS
from bridge.arrays import Audio, Floats
from bridge.library import Library
from bridge.manifest import PluginSpec, Setting
from bridge.models import load_encoder
from training.embedding.published import EFFECTS
from training.evaluation.protocol import PROTOCOL_RATE_HZ
from training.examples import HALF_S, ClipSettings, ClipSource, ExampleSource, Task
from training.pool import hear

CLIPS = ClipSettings(sample_rates_hz=(PROTOCOL_RATE_HZ,), halves_s=(HALF_S,))
"""As the published protocol cuts audio: both halves from one recording, at the corpus's level."""

_STARTS = np.cumsum([0, *GROUPS.values()])
_SPECTRUM = slice(*_STARTS[list(GROUPS).index("spectrum") :][:2])


@dataclass(frozen=True)
class Sounds:
    """n recordings: embeddings (n, d) and, to compare with, log-mel statistics (n, k)."""

    embedding: Floats
    spectrum: Floats


@dataclass(frozen=True)
class Recordings:
    """n clips of test audio, and the effects on them by plugin id."""

    stems: npt.NDArray[np.str_]
    """The file that each clip comes from, (n,)."""
    played: Sounds
    """The dry inputs."""
    dry: Sounds
    """The references before any effect: the same recordings, but not the same notes."""
    wet: Mapping[str, Sounds]
    """The references, each with a random setting."""
    truth: Mapping[str, Floats]
    """The predicted parameters' normalised values in these settings, (n, p)."""
    middle: Mapping[str, Sounds]
    """The references through the published probe's effects, all with the setting `middle_of`."""


@dataclass(frozen=True)
class Work:
    """What to listen to; small enough to send to a process with every clip."""

    plugins: tuple[PluginSpec, ...]
    corpus: Path
    models: Path
    seed: int


@dataclass(frozen=True)
class _Clip:
    """One clip's row in each array of `Recordings`; a sound is a pair of vectors."""

    stem: str
    played: tuple[Floats, Floats]
    dry: tuple[Floats, Floats]
    wet: Mapping[str, tuple[Floats, Floats]]
    truth: Mapping[str, Sequence[float]]
    middle: Mapping[str, tuple[Floats, Floats]]


def listen(job: tuple[Work, int]) -> _Clip:
    """One clip by number; plugins and encoder are loaded once in a process.

    Raises BridgeError where plugins, encoder or corpus are missing.
    """
    work, index = job
    return _listener(work).clip(index)


def gather(clips: Sequence[_Clip]) -> Recordings:
    """The clips as arrays."""

    def together(pairs: Sequence[tuple[Floats, Floats]]) -> Sounds:
        embedding, spectrum = zip(*pairs, strict=True)
        return Sounds(np.stack(embedding), np.stack(spectrum))

    return Recordings(
        np.array([clip.stem for clip in clips]),
        together([clip.played for clip in clips]),
        together([clip.dry for clip in clips]),
        {name: together([clip.wet[name] for clip in clips]) for name in clips[0].wet},
        {name: np.array([clip.truth[name] for clip in clips]) for name in clips[0].truth},
        {name: together([clip.middle[name] for clip in clips]) for name in clips[0].middle},
    )


def middle_of(plugin: PluginSpec) -> Setting:
    """The published probe's setting: all but switches in the middle of their range."""
    values = {p.symbol: p.to_real(0.5) for p in plugin.parameters if p.scale != "toggle"}
    return Setting.of_values(plugin, values)


class _Listener:
    def __init__(self, work: Work) -> None:
        self._encoder = load_encoder(Library.of_models(work.models))
        self._clips = ClipSource(CLIPS, work.corpus, "test", work.seed)
        self._sources = [
            ExampleSource(Task(plugin=plugin.id, clean_share=0.0), plugin, self._clips)
            for plugin in work.plugins
        ]

    def clip(self, index: int) -> _Clip:
        clip = self._clips[index]
        wet, truth, middle = {}, {}, {}
        for source in self._sources:
            name = source.plugin.id
            audio, setting = source.reference(index, clip)
            wet[name] = self._sound(audio)
            truth[name] = setting.predicted if setting else ()
            if name in EFFECTS:
                fixed = source.render(clip.other, clip.sample_rate, middle_of(source.plugin))
                middle[name] = self._sound(fixed)
        played, dry = self._sound(clip.dry), self._sound(clip.other)
        return _Clip(clip.stem, played, dry, wet, truth, middle)

    def _sound(self, audio: Audio) -> tuple[Floats, Floats]:
        vector = hear(audio, PROTOCOL_RATE_HZ, self._encoder.card.features).vector
        return self._encoder.embed(vector).embedding, vector[_SPECTRUM]


@lru_cache(maxsize=1)
def _listener(work: Work) -> _Listener:
    return _Listener(work)
