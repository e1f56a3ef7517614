"""Estimators of chains of which all, some or no slots have a predictor, by stand-in models."""

import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest

from bridge.analysis.features import FeatureSettings
from bridge.arrays import Audio
from bridge.chain import Chain, ChainSetting, chain_of
from bridge.errors import ModelError
from bridge.estimate.estimator import HOP_S, Estimator
from bridge.estimate.listener import ReferenceAnalysis
from bridge.library import CARD_FILE, ENCODER_FOLDER, MODEL_FILE, Library
from bridge.manifest import Manifest, PluginSpec
from bridge.models.cards import file_sha256
from tests.stand_ins import write_models

FEATURES = FeatureSettings(window_frames=65_536, least_frames=32_768)
RATE = 48_000
UNTRAINED = "pedalboard-gain,pedalboard-ladder"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory, manifest: Manifest) -> Path:
    """Of mda Overdrive and mda Combo, which need the same encoder."""
    folder = tmp_path_factory.mktemp("models")
    write_models(folder, manifest.plugin("mda-overdrive"), 3.0, FEATURES, hop_s=0.1)
    return write_models(folder, manifest.plugin("mda-combo"), -3.0, FEATURES, hop_s=0.2)


def opened(text: str, manifest: Manifest, models: Path) -> Estimator:
    return Estimator(chain_of(text, manifest), Library.of_models(models))


def recordings(
    estimator: Estimator, guitar: tuple[Audio, int]
) -> tuple[ReferenceAnalysis, ReferenceAnalysis]:
    audio, rate = guitar
    played, reference = audio[:, : 4 * rate], audio[:, 6 * rate : 10 * rate]
    return estimator.analyse(played, rate, "played"), estimator.analyse(reference, rate, "other")


def test_a_chain_of_one_with_a_predictor_answers_by_itself(
    manifest: Manifest, models: Path, guitar: tuple[Audio, int]
) -> None:
    estimator = opened("mda-overdrive", manifest, models)
    assert estimator.trained
    assert estimator.hop_s == 0.1
    assert estimator.features == FEATURES
    names = {path.relative_to(models).as_posix() for path in estimator.files}
    assert names == {
        f"{f}/{n}" for f in ("encoder", "mda-overdrive") for n in (MODEL_FILE, CARD_FILE)
    }
    answer = estimator.predict(*recordings(estimator, guitar), RATE)
    assert answer.setting.bypassed == {"mda-overdrive"}
    assert answer.bypass
    assert answer.setting.predicted != ChainSetting.start(estimator.chain).predicted


def test_a_chain_without_predictors_is_held_at_its_start(
    manifest: Manifest, models: Path, guitar: tuple[Audio, int]
) -> None:
    estimator = opened(UNTRAINED, manifest, models)
    assert not estimator.trained
    assert estimator.predictors == (None, None)
    assert estimator.hop_s == HOP_S
    assert {path.parent.name for path in estimator.files} == {ENCODER_FOLDER}
    estimator.warm_up()
    answer = estimator.predict(*recordings(estimator, guitar), RATE)
    assert answer.setting == ChainSetting.start(estimator.chain)
    for parameter, share in zip(estimator.chain.predicted, answer.confidence, strict=True):
        # Every value is as likely as another; at an end of the range there is only one side.
        if classes := parameter.spec.classes:
            assert share == pytest.approx(1 / classes)
        else:
            assert 0.1 - 1e-6 <= share <= 0.2 + 1e-6


def test_a_slot_that_may_be_left_out_is_as_likely_out_as_in(
    manifest: Manifest, models: Path, guitar: tuple[Audio, int]
) -> None:
    estimator = opened("pedalboard-gain,vocal/gate", manifest, models)
    answer = estimator.predict(*recordings(estimator, guitar), RATE)
    kept, optional = answer.bypass_probability
    assert kept < 0.1
    assert optional == 0.5


def test_in_a_mixed_chain_predictors_propose_and_the_others_stay(
    manifest: Manifest, models: Path, guitar: tuple[Audio, int]
) -> None:
    estimator = opened("pedalboard-gain,mda-combo,mda-overdrive", manifest, models)
    none, combo, overdrive = estimator.predictors
    assert none is None
    assert combo
    assert overdrive
    assert (combo.card.plugin, overdrive.card.plugin) == ("mda-combo", "mda-overdrive")
    # Networks that learned single plugins do not answer for a chain.
    assert not estimator.trained
    assert estimator.hop_s == 0.1
    played, reference = recordings(estimator, guitar)
    found = estimator.predictions(played, reference, RATE)
    alone = opened("mda-overdrive", manifest, models)
    (expected,) = alone.predictions(played, reference, RATE)
    assert np.array_equal(found[2].parameters, expected.parameters)
    assert np.array_equal(found[2].posterior, expected.posterior)
    setting = estimator.predict(played, reference, RATE).setting
    assert setting.settings[0] == estimator.chain.slots[0].start
    assert setting.bypassed == {"mda-overdrive"}


@pytest.fixture
def two_encoders(tmp_path: Path, models: Path) -> Path:
    """The same, but mda Combo needs an encoder of its own, which lies beside the other."""
    folder = tmp_path / "models"
    shutil.copytree(models, folder)
    other = folder / f"{ENCODER_FOLDER}-other"
    shutil.copytree(folder / ENCODER_FOLDER, other)
    model = onnx.load(other / MODEL_FILE)
    model.doc_string = "another one"
    onnx.save(model, other / MODEL_FILE)
    sha256 = file_sha256(other / MODEL_FILE)
    _change(other / CARD_FILE, sha256=sha256)
    _change(folder / "mda-combo" / CARD_FILE, encoder_sha256=sha256)
    return folder


def test_a_predictor_that_needs_another_encoder_is_not_used(
    manifest: Manifest, two_encoders: Path, guitar: tuple[Audio, int]
) -> None:
    def encoder_of(estimator: Estimator) -> str:
        return estimator.listener.encoder.card.sha256

    first = opened("mda-overdrive,mda-combo", manifest, two_encoders)
    assert [bool(predictor) for predictor in first.predictors] == [True, False]
    second = opened("mda-combo,mda-overdrive", manifest, two_encoders)
    assert [bool(predictor) for predictor in second.predictors] == [True, False]
    assert encoder_of(first) != encoder_of(second)
    # By itself each has its own.
    assert opened("mda-combo", manifest, two_encoders).trained
    answer = first.predict(*recordings(first, guitar), RATE)
    assert answer.setting.settings[1] == first.chain.slots[1].start


def test_a_missing_encoder_and_a_missing_model_are_told(
    manifest: Manifest, two_encoders: Path, overdrive: PluginSpec
) -> None:
    shutil.rmtree(two_encoders / f"{ENCODER_FOLDER}-other")
    with pytest.raises(ModelError, match="no encoder of sha256"):
        opened("mda-combo", manifest, two_encoders)
    # Beside a slot that needs the one that is there, it is a plugin without a predictor.
    assert opened("mda-overdrive,mda-combo", manifest, two_encoders).predictors[1] is None
    gone = overdrive.model_copy(update={"model": "gone"})
    with pytest.raises(ModelError, match="mda-overdrive: model 'gone' is not below"):
        Estimator(Chain.of_plugin(gone), Library.of_models(two_encoders))
    shutil.rmtree(two_encoders / ENCODER_FOLDER)
    with pytest.raises(ModelError, match="there is no encoder below"):
        opened(UNTRAINED, manifest, two_encoders)


def _change(path: Path, **fields: str) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))
