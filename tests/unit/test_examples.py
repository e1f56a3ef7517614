"""Which clips and settings become examples, on a corpus of one recording."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.arrays import Audio
from bridge.effects import load_effect
from bridge.errors import PluginFaultError
from bridge.manifest import PluginSpec, Setting
from training import examples
from training.augmentation import Augmentation
from training.errors import TrainingError
from training.examples import ClipSettings, ClipSource, ExampleSource, Task, is_usable

RATE_HZ = 24_000
SETTINGS = ClipSettings(halves_s=(0.5,), kind_weights={"bass": 1.0})


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Noise that swells from next to nothing."""
    folder = tmp_path_factory.mktemp("corpus")
    (folder / "train").mkdir()
    seconds = 8
    swelling = np.geomspace(3e-3, 0.3, seconds * RATE_HZ)
    noise = swelling * np.random.default_rng(0).standard_normal(len(swelling))
    soundfile.write(folder / "train" / "a_bass.flac", np.clip(noise, -1, 1), RATE_HZ)
    stem = dict(path="a_bass.flac", kind="bass", seconds=seconds, package="p", licence="CC0")
    (folder / "train" / "index.json").write_text(json.dumps([stem | {"sha256": "0"}]))
    return folder


def test_a_clip_that_augmentation_leaves_too_quiet_is_drawn_again(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def quieter(draw: np.random.Generator, audio: Audio, *_: object) -> Audio:
        return np.asarray(audio * draw.choice([1.0, 0.005]), np.float32)

    augmented = SETTINGS.model_copy(update={"augmentation": Augmentation(equaliser_share=1.0)})
    monkeypatch.setattr(examples, "augment", quieter)
    source = ClipSource(augmented, corpus, "train", 1)
    for index in range(40):
        halves = source[index].dry, source[index].other
        assert min(float(np.sqrt(np.mean(half**2))) for half in halves) > 3e-3
    monkeypatch.setattr(examples, "augment", lambda _draw, audio, *_: audio * np.float32(1e-3))
    with pytest.raises(TrainingError, match="too quiet"):
        source[0]


class Failing(ExampleSource):
    """Its plugin fails wherever drive is above a half, or everywhere."""

    everywhere = False

    def render_or_fail(self, audio: Audio, sample_rate: float, setting: Setting) -> Audio:
        if self.everywhere or setting.predicted[0] > 0.5:
            raise PluginFaultError("the plugin crashed")
        return load_effect(self.plugin).render(audio, sample_rate, setting)


def failing(
    corpus: Path, overdrive: PluginSpec, monkeypatch: pytest.MonkeyPatch, share: float
) -> Failing:
    task = Task(plugin=overdrive.id, clean_share=0.0, nearly_dry_share=share)
    source = Failing(task, overdrive, ClipSource(SETTINGS, corpus, "train", 1))
    monkeypatch.setattr(source.effect, "render", source.render_or_fail)
    return source


@pytest.mark.parametrize("nearly_dry_share", [0.0, 1.0])
def test_a_setting_at_which_the_plugin_fails_is_drawn_again(
    corpus: Path, overdrive: PluginSpec, monkeypatch: pytest.MonkeyPatch, nearly_dry_share: float
) -> None:
    source = failing(corpus, overdrive, monkeypatch, nearly_dry_share)
    for index in range(12):
        wet, truth = source.reference(index, source.clips[index])
        assert truth
        assert truth.predicted[0] <= 0.5
        assert is_usable(wet)


def test_a_plugin_that_always_fails_is_told(
    corpus: Path, overdrive: PluginSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = failing(corpus, overdrive, monkeypatch, 0.0)
    source.everywhere = True
    with pytest.raises(TrainingError, match="settings in a row fail"):
        source.reference(0, source.clips[0])
