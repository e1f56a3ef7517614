"""Every rung of the ladder, as small as it can be, through the real plugin and ONNX models."""

import json
from pathlib import Path

import numpy as np
import pytest

from bridge.errors import ModelError
from tests.integration.tiny_training import CHUNK, TinyLibrary
from training.ablation import AblationSettings, ContrastSettings, ablate
from training.ablation.rungs import CONSTANT, DO_NOTHING, RUNGS
from training.baseline import HeadSettings, VaeSettings
from training.baseline.pictures import load_pictures, picture
from training.errors import TrainingError
from training.examples import ClipSource, ExampleSource, Task
from training.fit import Folders
from training.runs import JointSettings, SpsaSettings, load_experiment

pytestmark = [pytest.mark.xdist_group("training"), pytest.mark.timeout(300)]
JOINT = """
clips: {sample_rates_hz: [24000], halves_s: [2.75]}
pool: {clips: 32, validation_clips: 16, seed: 1}
joint: {epochs: 1, batch: 8}
"""
THROUGH = SpsaSettings(steps=1, batch=2, check_every=1, validation_cases=2)
SETTINGS = AblationSettings(
    plugins=("mda-overdrive",),
    clips=16,
    vae_clips=8,
    validation_clips=16,
    cases=3,
    vae=VaeSettings(epochs=1, batch=8),
    contrast=ContrastSettings(epochs=1, batch=8),
    heads=HeadSettings(epochs=1, batch=8),
    alone=THROUGH,
    tuned=THROUGH.model_copy(update={"points_only": True}),
    joint=JointSettings(epochs=1, batch=8),
)


def test_the_ladder_is_climbed_once(
    tiny_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "base.yaml").write_text(JOINT)
    monkeypatch.setattr("training.runs.EXPERIMENTS", tmp_path)
    monkeypatch.setattr("training.pool._CHUNK", CHUNK)
    monkeypatch.setattr("training.baseline.pictures._CHUNK", CHUNK)
    manifest, folders = TinyLibrary().manifest, Folders(tiny_data, tmp_path / "runs")
    run = folders.runs / "base-ablation"
    with pytest.raises(ModelError):
        ablate("base", manifest, folders, SETTINGS, tmp_path, models=tmp_path)
    assert not run.exists()
    ablate("base", manifest, folders, SETTINGS, tmp_path, processes=1)
    log, scores = (run / "log.jsonl").read_text(), run / "scores.json"
    report = json.loads((tmp_path / "ablation.json").read_text())
    rungs = report["rungs"]
    assert list(rungs) == [rung.name for rung in RUNGS]
    assert len({entry["mrstft"]["mean"] for entry in rungs.values()}) > 6
    for name, entry in rungs.items():
        assert entry["mrstft"]["low"] <= entry["mrstft"]["mean"] <= entry["mrstft"]["high"]
        if name != DO_NOTHING:
            assert 0 < entry["parameter_error"]["mean"] < 0.8
    assert rungs["shipped + rendering"]["mrstft"]["mean"] < rungs[CONSTANT]["mrstft"]["mean"]
    assert "| shipped + rendering | shipped |" in (tmp_path / "ablation.md").read_text()
    assert (tmp_path / "ablation.png").read_bytes().startswith(b"\x89PNG")

    # What a kill has left out is measured again, from the checkpoints, and comes out the same.
    known = json.loads(scores.read_text())
    lost = known.pop("+ heads")
    scores.write_text(json.dumps(known))
    ablate("base", manifest, folders, SETTINGS, tmp_path, processes=1)
    assert (run / "log.jsonl").read_text() == log
    assert json.loads(scores.read_text())["+ heads"] == lost

    other = SETTINGS.model_copy(update={"cases": 4})
    with pytest.raises(TrainingError, match="other settings"):
        ablate("base", manifest, folders, other, tmp_path)


def test_a_target_is_seen_with_the_setting_of_its_reference(
    tiny_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "base.yaml").write_text(JOINT)
    monkeypatch.setattr("training.runs.EXPERIMENTS", tmp_path)
    monkeypatch.setattr("training.baseline.pictures._CHUNK", 2)
    plugin, clips = TinyLibrary().manifest.plugin("mda-overdrive"), load_experiment("base").clips
    pictures = load_pictures([plugin], clips, tiny_data, "train", 1, 2, targets=True)
    source = ExampleSource(
        Task(plugin=plugin.id), plugin, ClipSource(clips, tiny_data / "corpus", "train", 1)
    )
    for index in range(2):
        example = source[index]
        for stack, audio in (
            (pictures.dry, example.dry),
            (pictures.wet[plugin.id], example.reference),
            (pictures.target[plugin.id], example.target),
        ):
            seen = stack[index].astype(np.float32)
            assert seen == pytest.approx(picture(audio[0]), abs=2e-3)
