import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bridge.analysis.features import LEVEL_NAMES, FeatureSettings
from bridge.errors import ModelError
from bridge.manifest import PluginSpec
from bridge.models import Encoder, load_encoder, load_predictor
from training import networks
from training.export import TOLERANCE, export, golden_difference
from training.pool import Pool

FEATURES = FeatureSettings()
CASES = 4


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory, overdrive: PluginSpec) -> Path:
    """An untrained encoder and predictor, exported as trained ones are."""
    folder = tmp_path_factory.mktemp("models")
    (folder / "corpus" / "train").mkdir(parents=True)
    stem = dict(path="a.flac", kind="bass", seconds=3600, package="p", licence="CC0", sha256="0")
    (folder / "corpus" / "train" / "index.json").write_text(json.dumps([stem]))
    draw = np.random.default_rng(0)
    pictures = draw.standard_normal((CASES, *FEATURES.picture_shape)).astype(np.float16)
    levels = draw.standard_normal((CASES, len(LEVEL_NAMES))).astype(np.float32)
    pool = Pool(
        pictures,
        pictures[::-1],
        levels,
        levels[::-1].copy(),
        np.full(CASES, 48_000, np.float32),
        draw.random((CASES, 3)).astype(np.float32),
    )
    torch.manual_seed(0)
    predictor = networks.Predictor(3)
    torch.nn.init.normal_(predictor.answer.weight, std=0.1)
    export(
        "untrained",
        networks.Encoder(FEATURES),
        predictor,
        overdrive,
        (48_000, 44_100),
        pool,
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


def test_onnx_answers_as_pytorch_did(exported: Path) -> None:
    assert golden_difference(exported / "encoder") < TOLERANCE
    assert golden_difference(exported / "mda-overdrive") < TOLERANCE


def test_the_loader_answers_as_pytorch_did(exported: Path, overdrive: PluginSpec) -> None:
    encoder = load_encoder(exported)
    predictor = load_predictor(overdrive, encoder, exported)
    with np.load(exported / "encoder" / "golden.npz") as golden:
        embeddings = encoder.embed(golden["pictures"])
        assert np.abs(embeddings - golden["embedding"]).max() < TOLERANCE
    with np.load(exported / "mda-overdrive" / "golden.npz") as golden:
        for case in range(CASES):
            answer = predictor.predict(
                golden["input_embedding"][case],
                golden["reference_embedding"][case],
                golden["input_levels"][case],
                golden["reference_levels"][case],
                float(golden["sample_rate"][case, 0]),
            )
            assert np.abs(answer - golden["parameters"][case]).max() < TOLERANCE
            assert ((answer >= 0) & (answer <= 1)).all()


def test_the_card_says_what_a_user_needs_to_know(exported: Path, overdrive: PluginSpec) -> None:
    card = load_predictor(overdrive, load_encoder(exported), exported).card
    assert (card.sample_rate_hz, card.window_s, card.hop_s) == (24_000, 2.752, 0.05)
    assert [p.symbol for p in card.parameters] == ["drive", "muffle", "output"]
    assert card.training_data[0].licence == "CC0"
    assert card.host_rates_hz == (44_100, 48_000)
    assert {"torch", "onnx", "onnxruntime", "dafx-bridge"} <= card.versions.keys()


Change = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda card: card.update(plugin="mda-delay"), "plugin is 'mda-delay'"),
        (lambda card: card["parameters"].reverse(), "parameters is"),
        (lambda card: card["parameters"].pop(), "parameters is"),
        (lambda card: card["parameters"][1].update(max=2.0), r"parameters\.1\.max is 2\.0"),
        (lambda card: card["parameters"][0].update(scale="log"), r"parameters\.0\.scale is 'log'"),
        (lambda card: card.update(schema_version=2), "schema_version"),
        (lambda card: card.update(window_s=1.0), r"window_s is 1\.0"),
        (lambda card: card["features"].update(mel_bands=64), "features is"),
        (lambda card: card.update(encoder_sha256="0" * 64), "encoder_sha256 is"),
        (lambda card: card.update(levels=["rms_db"]), "levels is"),
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
        load_predictor(overdrive, load_encoder(models), models)
    assert "mda-overdrive" in str(caught.value)
    assert "\n" not in str(caught.value)


def rehash(folder: Path) -> None:
    from bridge.models.cards import file_sha256

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


def test_a_plugin_without_a_model_says_so(exported: Path, overdrive: PluginSpec) -> None:
    plugin = overdrive.model_copy(update={"model": None})
    with pytest.raises(ModelError, match="no model is trained"):
        load_predictor(plugin, load_encoder(exported), exported)
