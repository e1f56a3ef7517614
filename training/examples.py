"""Training and test cases: a dry input, a wet reference with other content, and the target.

A case is a pure function of (task, split, seed, index), so a run can stop, resume and be repeated,
and every condition of an evaluation sees the same audio.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import soundfile
from pydantic import BaseModel, ConfigDict, Field

from bridge.arrays import Audio
from bridge.audio.resample import resample
from bridge.effects import Effect, load_effect
from bridge.manifest import PluginSpec, Setting
from training.corpus import Stem, load_index
from training.errors import TrainingError

KIND_WEIGHTS = {
    "guitar": 0.35,
    "speech": 0.2,
    "bass": 0.15,
    "drums": 0.1,
    "keys": 0.1,
    "other": 0.1,
}
_SILENCE_RMS = 0.003
_MAX_REDRAWS = 50


class Task(BaseModel):
    """What the examples of a run are drawn from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    plugin: str
    setting: dict[str, float] | Literal["random"] = "random"
    """Real values to hold fixed, or 'random': uniform in every normalised range."""
    clean_share: Annotated[float, Field(ge=0, le=1)] = 0.1
    neutral: dict[str, float]
    """The real values at which the plugin changes nothing: the truth of clean targets."""
    sample_rates_hz: tuple[int, ...] = (48_000,)
    gain_db: tuple[float, float] = (0.0, 0.0)
    """Range of the random level change of the dry input."""
    half_s: float


@dataclass(frozen=True)
class Example:
    """One case. Audio is (1, frames) at `sample_rate` Hz; target and reference share `truth`."""

    kind: str
    sample_rate: int
    dry: Audio
    target: Audio
    reference: Audio
    truth: Setting


class ExampleSource:
    """Draws the examples of one task from one split of the corpus."""

    def __init__(
        self,
        task: Task,
        plugin: PluginSpec,
        corpus: Path,
        split: str,
        seed: int,
        kinds: tuple[str, ...] = tuple(KIND_WEIGHTS),
        other_clip: bool = False,
    ) -> None:
        """`other_clip` takes the reference's playing from another recording of the same kind.

        Raises TrainingError without a corpus.
        """
        if task.plugin != plugin.id:
            raise TrainingError(f"the task is for {task.plugin}, not {plugin.id}")
        self.task = task
        self.plugin = plugin
        self._folder = corpus / split
        self._seed = seed
        self._other_clip = other_clip
        self._stems: dict[str, list[Stem]] = {kind: [] for kind in kinds}
        for stem in load_index(corpus, split):
            if stem.kind in self._stems and stem.seconds > 2 * task.half_s:
                self._stems[stem.kind].append(stem)
        self._stems = {kind: stems for kind, stems in self._stems.items() if stems}
        if not self._stems:
            raise TrainingError(
                f"no {', '.join(kinds)} stems in {self._folder}; rebuild the corpus"
            )

    @cached_property
    def effect(self) -> Effect:
        """The plugin, loaded on first use so that a source can travel to a worker process."""
        return load_effect(self.plugin)

    def __getitem__(self, index: int) -> Example:
        draw = np.random.default_rng((self._seed, index))
        rate = int(draw.choice(self.task.sample_rates_hz))
        frames = round(self.task.half_s * rate)
        kind, clip = self._clip(draw, rate, frames, list(self._stems))
        dry, other = clip[:, :frames], clip[:, frames:]
        if self._other_clip:
            _, clip = self._clip(draw, rate, frames, [kind])
            other = clip[:, frames:]
        truth = self._setting(draw)
        target, reference = (self.effect.render(half, rate, truth) for half in (dry, other))
        return Example(kind, rate, dry, target, reference, truth)

    def _setting(self, draw: np.random.Generator) -> Setting:
        if draw.random() < self.task.clean_share:
            return Setting.of_values(self.plugin, self.task.neutral)
        if self.task.setting == "random":
            return Setting.of_predicted(
                self.plugin, draw.random(len(self.plugin.predicted)).tolist()
            )
        return Setting.of_values(self.plugin, self.task.setting)

    def _clip(
        self, draw: np.random.Generator, rate: int, frames: int, kinds: list[str]
    ) -> tuple[str, Audio]:
        weights = np.array([KIND_WEIGHTS[kind] for kind in kinds])
        for _ in range(_MAX_REDRAWS):
            kind = kinds[draw.choice(len(kinds), p=weights / weights.sum())]
            stem = self._stems[kind][draw.integers(len(self._stems[kind]))]
            clip = self._read(draw, stem, rate, 2 * frames)
            halves = clip[0].reshape(2, frames)
            if np.sqrt(np.mean(halves**2, axis=1)).min() > _SILENCE_RMS:
                return kind, clip
        raise TrainingError(
            f"{self._folder}: {_MAX_REDRAWS} silent clips in a row; check the corpus"
        )

    def _read(self, draw: np.random.Generator, stem: Stem, rate: int, frames: int) -> Audio:
        path = self._folder / stem.path
        with soundfile.SoundFile(path) as file:
            source_frames = -(-frames * file.samplerate // rate) + 1
            file.seek(int(draw.integers(0, max(1, file.frames - source_frames))))
            audio = file.read(source_frames, dtype="float32", always_2d=True).T
            clip = resample(audio, file.samplerate, rate)[:, :frames]
        clip = np.pad(clip, ((0, 0), (0, frames - clip.shape[1])))
        gain = 10 ** (draw.uniform(*self.task.gain_db) / 20)
        return np.asarray(clip * min(gain, 1 / max(float(np.abs(clip).max()), 1e-9)), np.float32)
