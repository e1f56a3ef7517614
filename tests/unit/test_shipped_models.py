from pathlib import Path

import numpy as np
import pytest

from bridge.kinds import KINDS
from bridge.library import MODELS, Library
from bridge.manifest import Manifest, PluginSpec, Setting
from bridge.models import load_encoder, load_predictor
from training.export import TOLERANCE, golden_difference
from training.runs import load_experiment

FOLDERS = sorted(path.parent for path in MODELS.glob("*/card.json"))


SHIPPED = [plugin for plugin in Library().manifest.plugins if plugin.model]


def test_every_model_of_the_manifest_loads_and_every_folder_is_in_use(manifest: Manifest) -> None:
    encoder = load_encoder()
    used = {"encoder", "critic", "kinds"}
    assert load_predictor(KINDS, encoder).card.training_data
    for plugin in SHIPPED:
        assert plugin.model
        used.add(plugin.model)
        card = load_predictor(plugin, encoder).card
        assert card.experiment == encoder.card.experiment
        assert load_experiment(card.experiment).features == card.features
        assert card.training_data
    assert {folder.name for folder in FOLDERS} == used


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_golden_outputs_are_met(folder: Path) -> None:
    assert golden_difference(folder) < TOLERANCE


@pytest.mark.parametrize("plugin", SHIPPED, ids=lambda plugin: plugin.id)
def test_answers_are_settings_and_do_not_stick(plugin: PluginSpec) -> None:
    """Random evidence gives answers inside the range that differ from each other."""
    predictor = load_predictor(plugin, load_encoder())
    draw = np.random.default_rng(0)
    size, levels = predictor.card.embedding_size, len(predictor.card.levels)
    answers, dry = [], []
    for _ in range(50):
        first, second = draw.standard_normal((2, size))
        quiet, loud = draw.normal(-20, 6, (2, levels))
        answer = predictor.predict(first, second, quiet, loud, 48_000)
        Setting.of_predicted(plugin, answer.parameters.tolist())
        answers.append(answer.posterior @ np.arange(answer.posterior.shape[1]))
        dry.append(answer.bypass)
    assert (np.std(answers, axis=0) > 0.02).all()
    assert np.std(dry) > 0


def test_the_models_are_small() -> None:
    total = sum(path.stat().st_size for path in MODELS.rglob("*.onnx"))
    assert total < 30e6
