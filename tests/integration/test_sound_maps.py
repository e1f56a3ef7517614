"""A map built from recordings whose sound is known, and the figures of the exported ones."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from bridge.manifest import Manifest
from tests.integration.commands import run, run_json
from training.cli import app as training_app
from training.figures.hearing import AUDIO
from training.sound_map.building import Built, build
from training.sound_map.judging import CENTRE, LOCATED, REACHED, ROUND_TRIP, judge
from training.sound_map.sounds import Examples

pytestmark = [pytest.mark.xdist_group("training"), pytest.mark.timeout(600)]
EMBEDDING = 12


def heard(seed: int, count: int, parameters: int) -> Examples:
    """Recordings whose embedding is a curved function of the setting beside a content's."""
    draw = np.random.default_rng(seed)
    settings = draw.random((count, parameters)).astype(np.float32)
    settings[::10] = np.nan
    shape = np.random.default_rng(99).standard_normal((parameters, EMBEDDING))
    dry = draw.standard_normal((count, EMBEDDING))
    effect = np.tanh(np.nan_to_num(settings, nan=0.0) @ shape) * 3
    noise = 0.2 * draw.standard_normal((count, EMBEDDING))
    gains = 12 * np.nan_to_num(settings, nan=0.5)[:, -1] - 6
    wet = (dry + effect + noise).astype(np.float32)
    return Examples(
        wet,
        dry.astype(np.float32),
        (gains + 0.5 * draw.standard_normal(count)).astype(np.float32),
        effect[:, 0].astype(np.float32),
        settings,
    )


@pytest.fixture(scope="module")
def built(manifest: Manifest) -> Built:
    return build(manifest.plugin("mda-overdrive"), heard(0, 2_000, 3), points=256)


def test_a_map_is_learned_from_recordings_with_any_content(built: Built) -> None:
    learned = judge(built, heard(1, 400, 3))
    assert learned[REACHED] > 0.6
    assert learned[ROUND_TRIP] < 0.15
    assert learned[LOCATED] < 0.8 * learned[CENTRE]


def test_the_layout_fills_the_square_and_neighbours_sound_alike(built: Built) -> None:
    codes = built.coding.encode(torch.from_numpy(built.settings))
    sounds = built.sounds.network(codes).numpy()
    gaps = np.linalg.norm(built.positions[:, None] - built.positions, axis=2)
    nearest = np.argsort(gaps, axis=1)[:, 1]
    assert np.sort(gaps, axis=1)[:, 1].max() < 0.1
    to_nearest = np.linalg.norm(sounds - sounds[nearest], axis=1).mean()
    to_any = np.linalg.norm(sounds - np.roll(sounds, 7, axis=0), axis=1).mean()
    assert to_nearest < 0.6 * to_any


def test_loudness_over_the_square_is_what_the_recordings_had(built: Built) -> None:
    codes = built.coding.encode(torch.from_numpy(built.settings))
    gains = built.sounds.gain(codes)[:, 0].numpy()
    assert np.abs(gains - (12 * built.settings[:, 2] - 6)).mean() < 1.0


def test_match_says_where_everything_lies(reference_path: Path, tmp_path: Path) -> None:
    arguments = (reference_path.with_name("input.flac"), reference_path, "--budget-s", 0)
    more = ("--plugin", "mda-overdrive", "--out", tmp_path / "wet.wav")
    places = run_json("match", *arguments, *more)["map"]
    assert set(places) == {"input", "reference", "prediction"}
    assert all(0 <= value <= 1 for place in places.values() for value in place)
    # The reference was made with a setting near the prediction, the input with none.
    near, far = (
        np.hypot(*np.subtract(places["prediction"], places[name]))
        for name in ("reference", "input")
    )
    assert near < far
    told = run("match", *arguments, *more).stdout
    assert "sound map, where neighbours sound alike: I input" in told


def test_figures_are_drawn_from_the_exported_models(tmp_path: Path) -> None:
    pictures = ["mda-overdrive-interpolation", "mda-overdrive-domain", "mda-overdrive-map"]
    arguments = ["--plugin", "mda-overdrive", "--audio", str(AUDIO / "guitar.flac")]
    done = CliRunner().invoke(training_app, ["figures", *arguments, "--out", str(tmp_path)])
    assert done.exit_code == 0, done.output
    for name in [*pictures, "effect-map"]:
        assert (tmp_path / f"{name}.png").stat().st_size > 20_000
    measured = json.loads((tmp_path / "effect-map.json").read_text())
    assert measured["effects"]["seen"] == 15
    assert measured["embedding"]["silhouette"] <= 1
    assert measured["UMAP"]["trustworthiness"] > 0.8
