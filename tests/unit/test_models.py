import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from bridge.analysis.features import FeatureSettings
from bridge.analysis.statistics import LEVEL_NAMES, SIZE
from bridge.errors import ModelError
from bridge.library import Library
from bridge.manifest import Manifest, PluginSpec
from bridge.models import Encoder, load_encoder, load_predictor
from bridge.models.cards import file_sha256
from training.export import TOLERANCE, export, golden_difference
from training.joint import Networks
from training.networks import Encoder as TorchEncoder
from training.networks import Predictor as TorchPredictor
from training.pool import Heard, Pool, Wet

CASES = 4


@pytest.fixture(scope="module")
def leslie(manifest: Manifest) -> PluginSpec:
    """A plugin with an enum among its parameters."""
    return manifest.plugin("mda-leslie").model_copy(update={"model": "mda-leslie"})


@pytest.fixture(scope="module")
def exported(
    tmp_path_factory: pytest.TempPathFactory, overdrive: PluginSpec, leslie: PluginSpec
) -> Path:
    """An untrained encoder and two predictors, exported as trained ones are."""
    folder = tmp_path_factory.mktemp("models")
    (folder / "corpus" / "train").mkdir(parents=True)
    stem = dict(path="a.flac", kind="bass", seconds=3600, package="p", licence="CC0", sha256="0")
    (folder / "corpus" / "train" / "index.json").write_text(json.dumps([stem]))
    draw = np.random.default_rng(0)

    def heard() -> Heard:
        vectors = draw.standard_normal((CASES, SIZE)).astype(np.float16)
        return Heard(vectors, draw.normal(-20, 6, (CASES, len(LEVEL_NAMES))).astype(np.float32))

    plugins = [overdrive, leslie]
    truths = {p.id: draw.random((CASES, len(p.predicted))).astype(np.float32) for p in plugins}
    for truth in truths.values():
        truth[0] = np.nan
    wet = {name: Wet(heard(), truth) for name, truth in truths.items()}
    torch.manual_seed(0)
    networks = Networks(
        TorchEncoder(), nn.ModuleDict({p.id: TorchPredictor(p.predicted) for p in plugins})
    )
    for predictor in networks.predictors.values():
        nn.init.normal_(predictor.point[-1].weight, std=0.3)
    export(
        "untrained",
        networks,
        plugins,
        (48_000, 44_100),
        FeatureSettings(),
        Pool(heard(), np.full(CASES, 48_000, np.float32), wet),
        folder / "corpus",
        folder,
    )
    return folder


@pytest.fixture
def models(exported: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    for path in exported.rglob("*.*"):
        if path.parent.name != "train":
            copy = tmp_path / path.relative_to(exported)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    return tmp_path


@pytest.mark.parametrize("folder", ["encoder", "mda-overdrive", "mda-leslie"])
def test_onnx_answers_as_pytorch_did(exported: Path, folder: str) -> None:
    assert golden_difference(exported / folder) < TOLERANCE


def test_the_loader_answers_as_pytorch_did(exported: Path, leslie: PluginSpec) -> None:
    encoder = load_encoder(Library.of_models(exported))
    predictor = load_predictor(leslie, encoder, Library.of_models(exported))
    with np.load(exported / "encoder" / "golden.npz") as golden:
        for vector, embedding, style in zip(
            golden["vector"], golden["embedding"], golden["style"], strict=True
        ):
            found = encoder.embed(vector)
            assert np.abs(found.embedding - embedding).max() < TOLERANCE
            assert np.abs(found.style - style).max() < TOLERANCE
    with np.load(exported / "mda-leslie" / "golden.npz") as golden:
        for case in range(CASES):
            answer = predictor.predict(
                golden["input_embedding"][case],
                golden["reference_embedding"][case],
                golden["input_levels"][case],
                golden["reference_levels"][case],
                float(golden["sample_rate"][case, 0]),
            )
            assert np.abs(answer.parameters - golden["parameters"][case]).max() < TOLERANCE
            assert np.abs(answer.posterior - golden["bins"][case]).max() < TOLERANCE
            assert answer.bypass == pytest.approx(golden["bypass"][case, 0], abs=TOLERANCE)


def test_answers_are_values_and_probabilities_of_classes_and_bins(
    exported: Path, leslie: PluginSpec
) -> None:
    predictor = load_predictor(
        leslie, load_encoder(Library.of_models(exported)), Library.of_models(exported)
    )
    draw = np.random.default_rng(0)
    size, levels = predictor.card.embedding_size, len(LEVEL_NAMES)
    for _ in range(10):
        first, second = draw.standard_normal((2, size)) * 30
        quiet, loud = draw.normal(-20, 30, (2, levels))
        answer = predictor.predict(first, second, quiet, loud, 48_000)
        assert ((answer.parameters >= 0) & (answer.parameters <= 1)).all()
        assert answer.posterior.sum(axis=1) == pytest.approx(1, abs=1e-4)
        assert 0 <= answer.bypass <= 1
        for spec, value, row in zip(
            leslie.predicted, answer.parameters, answer.posterior, strict=True
        ):
            if spec.classes:
                assert row[spec.classes :].max() < 1e-6
                assert value == pytest.approx(row.argmax() / (spec.classes - 1))


def test_the_card_says_what_a_user_needs_to_know(exported: Path, overdrive: PluginSpec) -> None:
    card = load_predictor(
        overdrive, load_encoder(Library.of_models(exported)), Library.of_models(exported)
    ).card
    assert (card.sample_rate_hz, card.hop_s) == (24_000, 0.05)
    assert card.window_s == pytest.approx(5.461, abs=1e-3)
    assert [p.symbol for p in card.parameters] == ["drive", "muffle", "output"]
    assert sum(card.statistics.values()) == card.style_size == SIZE
    assert card.training_data[0].licence == "CC0"
    assert card.host_rates_hz == (44_100, 48_000)
    assert {"torch", "onnx", "onnxruntime", "dafx-bridge"} <= card.versions.keys()
    assert set(card.metrics) == {
        "validation_mae_drive",
        "validation_mae_muffle",
        "validation_mae_output",
        "validation_bypass_accuracy",
    }


Change = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda card: card.update(plugin="mda-delay"), "plugin is 'mda-delay'"),
        (lambda card: card["parameters"].reverse(), "parameters is"),
        (lambda card: card["parameters"].pop(), "parameters is"),
        (lambda card: card["parameters"][1].update(max=2.0), r"parameters\.1\.max is 2\.0"),
        (lambda card: card["parameters"][0].update(scale="log"), r"parameters\.0\.scale is 'log'"),
        (lambda card: card.update(schema_version=1), "schema_version"),
        (lambda card: card.update(window_s=1.0), r"window_s is 1\.0"),
        (lambda card: card["features"].update(mel_bands=64), "features is"),
        (lambda card: card.update(encoder_sha256="0" * 64), "encoder_sha256 is"),
        (lambda card: card.update(levels=["rms_db"]), "levels is"),
        (lambda card: card["statistics"].update(echo=1), "statistics is"),
        (lambda card: card.update(bins=16), "outputs are"),
        (lambda card: card.pop("hop_s"), "hop_s: Field required"),
        (lambda card: card.update(mood="good"), "mood: Extra"),
        (lambda card: card.update(sha256="0" * 64), "does not match sha256"),
    ],
)
def test_a_card_that_does_not_fit_is_refused_by_field(
    models: Path, overdrive: PluginSpec, change: Change, field: str
) -> None:
    path = models / "mda-overdrive" / "card.json"
    card = json.loads(path.read_text())
    change(card)
    path.write_text(json.dumps(card))
    with pytest.raises(ModelError, match=field) as caught:
        load_predictor(
            overdrive, load_encoder(Library.of_models(models)), Library.of_models(models)
        )
    assert "mda-overdrive" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_older_card_that_also_weighs_evidence_is_read(
    models: Path, overdrive: PluginSpec
) -> None:
    """A user's own model stays usable; the critic judges for it now."""
    path = models / "mda-overdrive" / "card.json"
    card = json.loads(path.read_text())
    path.write_text(json.dumps(card | {"decision": {"weights": {"echo": 1.0}, "temperature": 0.1}}))
    library = Library.of_models(models)
    found = load_predictor(overdrive, load_encoder(library), library).card
    assert found.plugin == "mda-overdrive"
    assert "decision" not in found.model_dump()


def rehash(folder: Path) -> None:
    card = json.loads((folder / "card.json").read_text())
    card["sha256"] = file_sha256(folder / "model.onnx")
    (folder / "card.json").write_text(json.dumps(card))


def test_corrupt_missing_and_foreign_files_are_refused(models: Path, overdrive: PluginSpec) -> None:
    folder = models / "encoder"
    original = (folder / "model.onnx").read_bytes()
    (folder / "model.onnx").write_bytes(original[:-100])
    with pytest.raises(ModelError, match="corrupt"):
        Encoder(folder)
    (folder / "model.onnx").write_bytes(b"not a model")
    rehash(folder)
    with pytest.raises(ModelError, match="not a model onnxruntime can load"):
        Encoder(folder)
    (folder / "model.onnx").write_bytes((models / "mda-overdrive" / "model.onnx").read_bytes())
    rehash(folder)
    with pytest.raises(ModelError, match="inputs are"):
        Encoder(folder)
    (folder / "model.onnx").unlink()
    with pytest.raises(ModelError, match="no such model"):
        Encoder(folder)
    (folder / "card.json").write_text("{")
    with pytest.raises(ModelError, match="not readable as JSON"):
        Encoder(folder)
    (folder / "card.json").unlink()
    with pytest.raises(ModelError, match="no such model card"):
        Encoder(folder)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda card: card["levels"].pop(), "levels are .* but this version computes"),
        (lambda card: card["statistics"].update(echo=1), "statistics are .* but this version"),
        (lambda card: card.update(style_size=7), "outputs are"),
    ],
)
def test_an_encoder_of_another_version_is_refused(models: Path, change: Change, says: str) -> None:
    path = models / "encoder" / "card.json"
    card = json.loads(path.read_text())
    change(card)
    path.write_text(json.dumps(card))
    with pytest.raises(ModelError, match=says):
        load_encoder(Library.of_models(models))


def test_a_plugin_without_a_model_says_so(exported: Path, overdrive: PluginSpec) -> None:
    plugin = overdrive.model_copy(update={"model": None})
    with pytest.raises(ModelError, match="no model is trained"):
        load_predictor(
            plugin, load_encoder(Library.of_models(exported)), Library.of_models(exported)
        )
