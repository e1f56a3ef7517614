"""What learning leaves in the user's layer, and when it keeps what it learned."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.errors import ManifestError
from bridge.library import CARD_FILE, MANIFEST, MODELS, SHIPPED, Layer, Library
from bridge.manifest import PluginSpec, read_manifest
from tests.user_table import USER_TABLE
from training.corpus import load_index
from training.errors import TrainingError
from training.learning.audio import BUNDLED, build_corpus
from training.learning.entries import name_model
from training.learning.installing import keep_ears
from training.learning.judging import Case, Verdict

FLOW = """\
schema: 1
# mine
plugins:
  - {id: my-gain, name: G, kind: gain, formats: {builtin: Gain}, parameters: [
      {symbol: gain_db, name: Gain, min: -24.0, max: 24.0, default: 0.0, scale: linear}]}
"""


@pytest.fixture
def own(tmp_path: Path) -> Layer:
    return Layer(tmp_path / MANIFEST.name, tmp_path / "models")


def gain_of(text: str, own: Layer) -> PluginSpec:
    own.manifest.write_text(text)
    return read_manifest(own.manifest).plugin("my-gain")


@pytest.mark.parametrize(
    "text", [USER_TABLE, FLOW, USER_TABLE.replace("kind: gain\n", "kind: gain # so\n", 1)]
)
def test_an_entry_names_its_model_and_nothing_else_changes(text: str, own: Layer) -> None:
    plugin = gain_of(text, own)
    name_model(own, plugin, "learned-my-gain")
    named = read_manifest(own.manifest)
    assert named.plugin("my-gain") == plugin.model_copy(update={"model": "learned-my-gain"})
    for line in text.splitlines():
        assert line.partition("id: my-gain")[0] in own.manifest.read_text()
    name_model(own, plugin, "another")
    assert read_manifest(own.manifest).plugin("my-gain").model == "another"
    name_model(own, plugin, None)
    assert read_manifest(own.manifest).plugin("my-gain") == plugin


@pytest.mark.parametrize("text", ["", "schema: 1\n", USER_TABLE])
def test_a_shipped_plugin_gets_an_entry_of_the_users(
    text: str, own: Layer, overdrive: PluginSpec
) -> None:
    if text:
        own.manifest.write_text(text)
    name_model(own, overdrive, "learned-mda-overdrive")
    table = read_manifest(own.manifest)
    assert table.plugin(overdrive.id) == overdrive.model_copy(
        update={"model": "learned-mda-overdrive"}
    )
    assert len(table.plugins) == 1 + text.count("my-gain\n")
    assert [rig.id for rig in table.rigs] == (["my-rig"] if "rigs" in text else [])


def test_a_table_that_is_none_is_left_alone(own: Layer, overdrive: PluginSpec) -> None:
    own.manifest.write_text("plugins: [")
    with pytest.raises(ManifestError, match="not valid YAML"):
        name_model(own, overdrive, "x")
    assert own.manifest.read_text() == "plugins: ["


def test_copies_of_encoder_and_critic_are_there_after_an_update(own: Layer) -> None:
    before = Library((SHIPPED, own))
    sha256 = json.loads((MODELS / "encoder" / CARD_FILE).read_text())["sha256"]
    keep_ears(before, own.models, sha256)
    # While they are shipped, the copies are not used.
    assert before.encoder_folder().parent == MODELS
    assert before.encoder_folder(sha256).parent == MODELS
    assert before.critic_folder(sha256).parent == MODELS
    updated = Library((Layer(MANIFEST, own.models.parent / "new"), own))
    assert updated.encoder_folder(sha256).name == f"kept-encoder-{sha256[:12]}"
    assert updated.critic_folder(sha256).name == f"kept-critic-{sha256[:12]}"
    for name in ("kept-encoder", "kept-critic"):
        assert (own.models / f"{name}-{sha256[:12]}" / CARD_FILE).is_file()


def case(alone: float, learned: float, matched: tuple[float, float] = (0.5, 0.5)) -> Case:
    return Case(1.0, alone, learned, *matched, nothing_matched=1.0)


def test_it_is_kept_only_where_it_brings_answers_nearer_and_does_no_more_harm() -> None:
    better = Verdict((case(0.6, 0.3), case(0.4, 0.5)))
    assert better.gains == pytest.approx((0.5, 0.6))
    assert better.better
    assert not Verdict((case(0.3, 0.6), case(0.5, 0.4))).better
    assert not Verdict((case(0.5, 0.5),)).better
    harmful = Verdict((case(0.6, 0.1, (0.5, 1.2)), case(0.6, 0.1, (0.5, 1.2)), case(0.6, 0.1)))
    assert harmful.harmed == pytest.approx((0, 2 / 3))
    assert not harmful.better


def noise(folder: Path, name: str, seconds: float) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    audio = np.random.default_rng(len(name)).standard_normal(round(48_000 * seconds)) * 0.1
    soundfile.write(folder / name, audio, 48_000)


def test_own_recordings_are_learned_from_beside_the_bundled_and_held_back(tmp_path: Path) -> None:
    noise(tmp_path / "own" / "guitar", "a.wav", 150.0)
    skipped = build_corpus(tmp_path / "corpus", [tmp_path / "own"], 11.0)
    assert skipped == []
    train, held = (load_index(tmp_path / "corpus", split) for split in ("train", "validation"))
    bundled = len(list(BUNDLED.rglob("*.ogg")))
    assert bundled > 15
    assert len(train) == bundled + 1
    assert [(stem.kind, stem.package) for stem in held] == [("guitar", "own recordings")]
    assert {stem.sha256 for stem in train}.isdisjoint(stem.sha256 for stem in held)
    for split, stems in (("train", train), ("validation", held)):
        assert all((tmp_path / "corpus" / split / stem.path).is_file() for stem in stems)


def test_without_own_recordings_some_of_the_bundled_are_held_back(tmp_path: Path) -> None:
    assert build_corpus(tmp_path, [], 11.0) == []
    train, held = (load_index(tmp_path, split) for split in ("train", "validation"))
    assert len(held) >= 4
    assert len(train) > 3 * len(held)
    assert {stem.sha256 for stem in train}.isdisjoint(stem.sha256 for stem in held)


def test_too_little_audio_is_refused_and_said(tmp_path: Path) -> None:
    noise(tmp_path / "own", "short.wav", 8.0)
    with pytest.raises(TrainingError, match="give --audio DIR"):
        build_corpus(tmp_path / "corpus", [tmp_path / "own"], 11.0)
    with pytest.raises(TrainingError, match="is not a folder"):
        build_corpus(tmp_path / "corpus", [tmp_path / "none"], 11.0)
