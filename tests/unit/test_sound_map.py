"""The exported sound maps: ways between places, settings and sounds, and files that do not fit."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bridge.errors import ManifestError, ModelError
from bridge.estimate.listener import Analysis
from bridge.estimate.sound_map import SoundMap, load_map
from bridge.library import MODELS, Library
from bridge.manifest import Manifest, PluginSpec
from bridge.models import load_encoder
from bridge.models.maps import MAP_FOLDER, MAP_INPUTS
from training.export import TOLERANCE, golden_difference

MAPPED = [
    plugin
    for plugin in Library().manifest.plugins
    if plugin.model and (MODELS / plugin.model / MAP_FOLDER).is_dir()
]


@pytest.fixture(scope="module", params=MAPPED, ids=lambda plugin: plugin.id)
def sound_map(request: pytest.FixtureRequest) -> SoundMap:
    return load_map(request.param)


def settings_along(sound_map: SoundMap, steps: int = 1_000) -> np.ndarray:
    """Predicted parameters (steps + 1, p) on a straight way across the square."""
    places = np.linspace((0.05, 0.2), (0.95, 0.8), steps + 1)
    return np.array([sound_map.setting_at(x, y).predicted for x, y in places])


def test_every_place_is_a_setting_and_a_small_move_is_a_small_change(sound_map: SoundMap) -> None:
    values = settings_along(sound_map)
    classes = np.array([spec.classes for spec in sound_map.plugin.predicted])
    assert (values >= 0).all()
    assert (values <= 1).all()
    assert np.abs(np.diff(values[:, classes == 0], axis=0)).max() < 0.02
    for column, count in zip(values.T, classes, strict=True):
        if count:
            assert np.abs(column * (count - 1) - np.round(column * (count - 1))).max() < 1e-5


def test_the_square_uses_most_of_every_parameter(sound_map: SoundMap) -> None:
    side = np.linspace(0, 1, 24)
    values = np.array([sound_map.setting_at(x, y).predicted for x in side for y in side])
    laid_out = np.ptp(sound_map.settings, axis=0)
    assert (np.ptp(values, axis=0) > 0.6 * laid_out).all()


def test_a_setting_leads_back_to_its_place(sound_map: SoundMap) -> None:
    draw = np.random.default_rng(0)
    places = draw.random((200, 2))
    back = [sound_map.position_of(sound_map.setting_at(x, y)) for x, y in places]
    missed = np.linalg.norm(np.array(back) - places, axis=1)
    # Where the map folds, a setting has two places; random ones are 0.52 apart.
    assert missed.mean() < 0.3


def test_the_background_fills_the_square_and_is_coloured_by_brightness(
    sound_map: SoundMap,
) -> None:
    points, colours = sound_map.points, sound_map.colours
    cells = {tuple(cell) for cell in (points * 8).astype(int).clip(0, 7)}
    assert len(cells) == 64
    assert sound_map.settings.shape == (len(points), len(sound_map.plugin.predicted))
    assert len(sound_map.loudness_db) == len(sound_map.brightness) == len(colours) == len(points)
    order = sound_map.brightness.argsort()
    assert colours[order[0]].sum() < 1 < colours[order[-1]].sum()


def test_golden_outputs_are_met(sound_map: SoundMap) -> None:
    assert sound_map.plugin.model
    folder = MODELS / sound_map.plugin.model / MAP_FOLDER
    assert max(golden_difference(folder, name) for name in MAP_INPUTS) < TOLERANCE


@pytest.fixture(scope="module")
def overdrive_map(overdrive: PluginSpec) -> SoundMap:
    return load_map(overdrive)


def test_places_outside_count_as_those_on_the_edge(overdrive_map: SoundMap) -> None:
    assert overdrive_map.setting_at(-3, 0.4) == overdrive_map.setting_at(0, 0.4)
    assert overdrive_map.setting_at(0.4, 1e9) == overdrive_map.setting_at(0.4, 1)
    with pytest.raises(ManifestError, match="must be a number"):
        overdrive_map.setting_at(float("nan"), 0.5)


def test_a_recording_is_located_in_the_square(overdrive_map: SoundMap) -> None:
    draw = np.random.default_rng(0)
    size = load_encoder().card.embedding_size
    nothing = np.zeros(0, np.float32)
    for scale in (0, 1, 1_000):
        embedding = (scale * draw.standard_normal(size)).astype(np.float32)
        x, y = overdrive_map.locate(Analysis(embedding, nothing, nothing, nothing))
        assert 0 <= x <= 1
        assert 0 <= y <= 1


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """The encoder and mda Overdrive's map, to be spoilt; mda Delay has no map there."""
    for name in ("encoder", f"mda-overdrive/{MAP_FOLDER}"):
        shutil.copytree(MODELS / name, tmp_path / name)
    (tmp_path / "mda-delay").mkdir()
    for name in ("mda-overdrive/card.json", "mda-delay/card.json"):
        shutil.copy(MODELS / name, tmp_path / name)
    return tmp_path


Change = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda card: card.update(plugin="mda-delay"), "plugin is 'mda-delay'"),
        (lambda card: card["parameters"].reverse(), "parameters is"),
        (lambda card: card["parameters"][1].update(max=2.0), r"parameters\.1\.max is 2\.0"),
        (lambda card: card.update(encoder_sha256="0" * 64), "encoder_sha256 is"),
        (lambda card: card.update(embedding_size=7), "embedding_size is 7"),
        (lambda card: card.update(points=3), "positions is"),
        (lambda card: card.update(schema_version=2), "schema_version"),
        (lambda card: card["sha256"].pop("points.npz"), r"points\.npz: does not match"),
        (lambda card: card.pop("sha256"), "sha256: Field required"),
    ],
)
def test_a_map_that_does_not_fit_is_refused_by_field(
    models: Path, overdrive: PluginSpec, change: Change, says: str
) -> None:
    path = models / "mda-overdrive" / MAP_FOLDER / "card.json"
    card = json.loads(path.read_text())
    change(card)
    path.write_text(json.dumps(card))
    with pytest.raises(ModelError, match=says) as caught:
        load_map(overdrive, Library.of_models(models))
    assert "mda-overdrive" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", [*MAP_INPUTS, "points.npz"])
def test_spoilt_and_missing_files_are_refused(
    models: Path, overdrive: PluginSpec, name: str
) -> None:
    path = models / "mda-overdrive" / MAP_FOLDER / name
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(ModelError, match=f"{name}: does not match"):
        load_map(overdrive, Library.of_models(models))
    path.unlink()
    with pytest.raises(ModelError, match=f"{name}: no such file; run `dafx-train sound-map`"):
        load_map(overdrive, Library.of_models(models))


def test_a_plugin_without_a_map_says_so(models: Path, manifest: Manifest) -> None:
    with pytest.raises(ModelError, match="no such model card; run `dafx-train sound-map`"):
        load_map(manifest.plugin("mda-delay"), Library.of_models(models))
    unmodelled = manifest.plugin("mda-delay").model_copy(update={"model": None})
    with pytest.raises(ModelError, match="no model is trained"):
        load_map(unmodelled, Library.of_models(models))
