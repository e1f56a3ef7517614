"""Training and test cases: a dry input, a wet reference with other content, and the target.

A case is a pure function of (task, split, seed, index), so a run can stop, resume and be repeated,
and every condition of an evaluation sees the same audio.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from math import ceil
from pathlib import Path
from typing import Annotated, Literal, TypeVar
from zlib import crc32

import numpy as np
import soundfile
from pedalboard import HighShelfFilter, LowShelfFilter, PeakFilter
from pydantic import BaseModel, ConfigDict, Field

from bridge.analysis.metrics import magnitudes, match_rms, spectral_distance
from bridge.arrays import Audio
from bridge.audio.names import file_name
from bridge.audio.resample import resample
from bridge.effects import Effect, load_effect
from bridge.errors import PluginFaultError
from bridge.manifest import PluginSpec, Setting
from training.augmentation import Augmentation, augment
from training.canonical import canonical
from training.corpus import Stem, load_index
from training.errors import TrainingError

KIND_WEIGHTS = {
    "guitar": 0.35,
    "speech": 0.2,
    "bass": 0.15,
    "drums": 0.1,
    "keys": 0.1,
    "other": 0.1,
    "real": 0.1,
}
HALF_S = 131_072 / 24_000
"""Length of a half in the published protocol, and of the models' window."""

_SILENCE_RMS = 0.003
_USABLE_RMS = (1e-3, 10.0)
"""Quieter counts as silence, louder as noise."""

_Drawn = TypeVar("_Drawn")
_MAX_REDRAWS = 50
_NEARLY_DRY_OF = 5
_CHANGE_FFT = (1_024,)


class ClipSettings(BaseModel):
    """How dry audio is cut from the corpus."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind_weights: dict[str, float] = KIND_WEIGHTS
    """How often each kind of recording is taken, where the split has it."""
    sample_rates_hz: tuple[int, ...] = (24_000,)
    gain_db: tuple[float, float] = (0.0, 0.0)
    """Range of the random level change of both halves."""
    halves_s: tuple[float, ...] = (HALF_S,)
    """Lengths to draw a half's from."""
    other_clip_share: Annotated[float, Field(ge=0, le=1)] = 0.0
    """How often the reference's playing is another recording of the same kind."""
    equal_levels: bool = False
    """Whether the other recording is then as loud as what it replaces, so that the reference's
    level says something of the setting, as it does in one recording."""
    speed: tuple[float, float] = (1.0, 1.0)
    """Range of a change of speed, and so of pitch, which makes new instruments of old ones."""
    tone_db: Annotated[float, Field(ge=0)] = 0.0
    """Most that two shelves and a peak of random frequencies boost or cut, likewise."""

    augmentation: Augmentation = Augmentation()
    """How recordings are made to differ; both halves of a clip alike."""

    @property
    def plain(self) -> "ClipSettings":
        """The same without changes of speed, tone and recording: for audio to judge by."""
        return self.model_copy(
            update={"speed": (1.0, 1.0), "tone_db": 0.0, "augmentation": Augmentation()}
        )


@dataclass(frozen=True)
class Clip:
    """Two stretches of dry audio, (1, frames) at `sample_rate` Hz: the input's, the reference's."""

    kind: str
    stem: str
    """The file that the input comes from."""
    sample_rate: int
    dry: Audio
    other: Audio


class ClipSource:
    """Draws clips from one split of the corpus."""

    def __init__(
        self,
        settings: ClipSettings,
        corpus: Path,
        split: str,
        seed: int,
        kinds: tuple[str, ...] | None = None,
    ) -> None:
        """Of these kinds, or of all that have a weight. Raises TrainingError without a corpus."""
        kinds = kinds or tuple(settings.kind_weights)
        self.settings = settings
        self.seed = seed
        self._folder = corpus / split
        self._stems: dict[str, list[Stem]] = {kind: [] for kind in kinds}
        for stem in load_index(corpus, split):
            if stem.kind in self._stems and stem.seconds > 2 * max(settings.halves_s):
                self._stems[stem.kind].append(stem)
        self._stems = {kind: stems for kind, stems in self._stems.items() if stems}
        if not self._stems:
            raise TrainingError(
                f"no {', '.join(kinds)} stems in {self._folder}; rebuild the corpus"
            )

    def __getitem__(self, index: int) -> Clip:
        draw = np.random.default_rng((self.seed, index))
        for _ in range(_MAX_REDRAWS):
            clip = self._drawn(draw)
            # Made to differ as recordings do, a clip can end as next to nothing.
            if min(_rms(clip.dry), _rms(clip.other)) > _SILENCE_RMS:
                return clip
        raise TrainingError(
            f"{self._folder}: {_MAX_REDRAWS} clips in a row are too quiet once they are augmented"
        )

    def _drawn(self, draw: np.random.Generator) -> Clip:
        rate = int(draw.choice(self.settings.sample_rates_hz))
        frames = round(float(draw.choice(self.settings.halves_s)) * rate)
        stem, clip = self._clip(draw, rate, frames, list(self._stems))
        dry, other = clip[:, :frames], clip[:, frames:]
        if draw.random() < self.settings.other_clip_share:
            _, clip = self._clip(draw, rate, frames, [stem.kind])
            loud = other
            other = clip[:, frames:]
            if self.settings.equal_levels:
                other = match_rms(other, loud)
        dry, other = self._augmented(draw, dry, other, rate)
        return Clip(stem.kind, stem.path, rate, dry, other)

    def _augmented(
        self, draw: np.random.Generator, dry: Audio, other: Audio, rate: int
    ) -> tuple[Audio, Audio]:
        """Both halves changed alike: what differs is the recording, and not the style."""
        if self.settings.augmentation.is_off:
            return dry, other
        both = np.concatenate([dry, other], axis=1)
        changed = augment(draw, both, rate, self.settings.augmentation)
        return changed[:, : dry.shape[1]], changed[:, dry.shape[1] :]

    def _clip(
        self, draw: np.random.Generator, rate: int, frames: int, kinds: list[str]
    ) -> tuple[Stem, Audio]:
        weights = np.array([self.settings.kind_weights[kind] for kind in kinds])
        for _ in range(_MAX_REDRAWS):
            kind = kinds[draw.choice(len(kinds), p=weights / weights.sum())]
            stem = self._stems[kind][draw.integers(len(self._stems[kind]))]
            clip = self._read(draw, stem, rate, 2 * frames)
            halves = clip[0].reshape(2, frames)
            if np.sqrt(np.mean(halves**2, axis=1)).min() > _SILENCE_RMS:
                return stem, clip
        raise TrainingError(
            f"{self._folder}: {_MAX_REDRAWS} silent clips in a row; check the corpus"
        )

    def _read(self, draw: np.random.Generator, stem: Stem, rate: int, frames: int) -> Audio:
        path = self._folder / stem.path
        with soundfile.SoundFile(file_name(path)) as file:
            source_rate = file.samplerate * float(
                np.exp(draw.uniform(*np.log(self.settings.speed)))
            )
            source_frames = ceil(frames * source_rate / rate) + 1
            file.seek(int(draw.integers(0, max(1, file.frames - source_frames))))
            audio = file.read(source_frames, dtype="float32", always_2d=True).T
            clip = resample(audio, source_rate, rate)[:, :frames]
        clip = np.pad(clip, ((0, 0), (0, frames - clip.shape[1])))
        clip = self._toned(draw, clip, rate)
        gain = 10 ** (draw.uniform(*self.settings.gain_db) / 20)
        return np.asarray(clip * min(gain, 1 / max(float(np.abs(clip).max()), 1e-9)), np.float32)

    def _toned(self, draw: np.random.Generator, clip: Audio, rate: int) -> Audio:
        if not self.settings.tone_db:
            return clip
        low, peak, high = draw.uniform(-self.settings.tone_db, self.settings.tone_db, 3)
        for tone in (
            LowShelfFilter(draw.uniform(80, 400), low),
            PeakFilter(float(np.exp(draw.uniform(*np.log((300, 4_000))))), peak, 0.7),
            HighShelfFilter(draw.uniform(2_000, 8_000), high),
        ):
            clip = tone(clip, rate)
        return np.asarray(clip, np.float32)


class Task(BaseModel):
    """What is asked of one plugin."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    plugin: str
    setting: dict[str, float] | Literal["random"] = "random"
    """Real values to hold fixed, or 'random': uniform in every normalised range."""
    clean_share: Annotated[float, Field(ge=0, le=1)] = 0.1
    """How often the reference is dry, and the right answer is to bypass the plugin."""
    nearly_dry_share: Annotated[float, Field(ge=0, le=1)] = 0.0
    """How often a random setting is the one of several that changes the sound least."""


@dataclass(frozen=True)
class Example:
    """One case. Audio is (1, frames) at `sample_rate` Hz; target and reference share `truth`.

    `truth` is None where both are dry.
    """

    kind: str
    sample_rate: int
    dry: Audio
    target: Audio
    reference: Audio
    truth: Setting | None


class ExampleSource:
    """Draws the examples of one task."""

    def __init__(self, task: Task, plugin: PluginSpec, clips: ClipSource) -> None:
        """Raises TrainingError for another plugin's task."""
        if task.plugin != plugin.id:
            raise TrainingError(f"the task is for {task.plugin}, not {plugin.id}")
        self.task = task
        self.plugin = plugin
        self.clips = clips

    @cached_property
    def effect(self) -> Effect:
        """The plugin, loaded on first use so that a source can travel to a worker process."""
        return load_effect(self.plugin)

    def __getitem__(self, index: int) -> Example:
        clip = self.clips[index]
        reference, truth = self.reference(index, clip)
        target = self.render(clip.dry, clip.sample_rate, truth)
        return Example(clip.kind, clip.sample_rate, clip.dry, target, reference, truth)

    def render(self, audio: Audio, sample_rate: int, setting: Setting | None) -> Audio:
        """`audio` through the plugin, or as it is where there is no setting."""
        return audio if setting is None else self.effect.render(audio, sample_rate, setting)

    def reference(self, index: int, clip: Clip) -> tuple[Audio, Setting | None]:
        """The clip's other half, made wet, and the setting that did it.

        Settings that leave next to nothing, or far too much, or at which the plugin fails, are
        drawn again.
        """
        draw = np.random.default_rng((self.clips.seed, index, crc32(self.plugin.id.encode())))
        if draw.random() < self.task.clean_share:
            return clip.other, None
        for _ in range(_MAX_REDRAWS):
            truth = self._setting(draw, clip)
            with suppress(PluginFaultError):
                wet = self.effect.render(clip.other, clip.sample_rate, truth)
                if is_usable(wet):
                    return wet, truth
        raise TrainingError(
            f"{self.plugin.id}: {_MAX_REDRAWS} settings in a row fail, or leave silence or noise;"
            " narrow the ranges in the manifest"
        )

    def _setting(self, draw: np.random.Generator, clip: Clip) -> Setting:
        if self.task.setting != "random":
            return Setting.of_values(self.plugin, self.task.setting)
        if self.task.nearly_dry_share and draw.random() < self.task.nearly_dry_share:
            return nearly_dry(lambda: self._random(draw), self.effect.render, clip)
        return self._random(draw)

    def _random(self, draw: np.random.Generator) -> Setting:
        values = draw.random(len(self.plugin.predicted)).tolist()
        return canonical(Setting.of_predicted(self.plugin, values))


def nearly_dry(
    draw_setting: Callable[[], _Drawn], render: Callable[[Audio, int, _Drawn], Audio], clip: Clip
) -> _Drawn:
    """The one of several settings that changes the first second of the other playing least."""
    some = clip.other[:, : clip.sample_rate]
    dry = magnitudes(some[0], _CHANGE_FFT)

    def change(setting: _Drawn) -> float:
        try:
            wet = render(some, clip.sample_rate, setting)[0]
        except PluginFaultError:
            return float("inf")
        if not np.isfinite(wet).all():
            return float("inf")
        return spectral_distance(magnitudes(wet, _CHANGE_FFT), dry)

    return min((draw_setting() for _ in range(_NEARLY_DRY_OF)), key=change)


def is_usable(audio: Audio) -> bool:
    """Whether audio is neither silence nor noise; what is not finite is noise."""
    return _USABLE_RMS[0] < _rms(audio) < _USABLE_RMS[1]


def _rms(audio: Audio) -> float:
    return float(np.sqrt(np.mean(audio**2)))
