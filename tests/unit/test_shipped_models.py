from pathlib import Path

import numpy as np
import pytest

from bridge.manifest import Manifest, Setting
from bridge.models import load_encoder, load_predictor
from bridge.paths import MODELS
from training.export import TOLERANCE, golden_difference
from training.runs import load_experiment

FOLDERS = sorted(path.parent for path in MODELS.glob("*/card.json"))


def test_every_model_of_the_manifest_loads_and_every_folder_is_in_use(manifest: Manifest) -> None:
    encoder = load_encoder()
    used = {"encoder"}
    for plugin in manifest.plugins:
        if plugin.model:
            used.add(plugin.model)
            card = load_predictor(plugin, encoder).card
            assert load_experiment(card.experiment).task.plugin == plugin.id
            assert card.training_data
    assert {folder.name for folder in FOLDERS} == used


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_golden_outputs_are_met(folder: Path) -> None:
    assert golden_difference(folder) < TOLERANCE


def test_answers_are_settings_and_do_not_stick(manifest: Manifest) -> None:
    """Random evidence gives answers inside the range that differ from each other."""
    plugin = manifest.plugin("mda-overdrive")
    predictor = load_predictor(plugin, load_encoder())
    draw = np.random.default_rng(0)
    size, levels = predictor.card.embedding_size, len(predictor.card.levels)
    answers = []
    for _ in range(50):
        first, second = draw.standard_normal((2, size)) * 0.3
        quiet, loud = draw.normal(-20, 6, (2, levels))
        answers.append(predictor.predict(first, second, quiet, loud, 48_000))
        Setting.of_predicted(plugin, answers[-1].tolist())
    assert (np.std(answers, axis=0) > 0.02).all()


def test_the_models_are_small() -> None:
    total = sum(path.stat().st_size for path in MODELS.rglob("*.onnx"))
    assert total < 30e6
