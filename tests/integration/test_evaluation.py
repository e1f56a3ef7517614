"""The evaluation from corpus to tables, with the real plugins and small corpora."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from bridge.analysis.features import FeatureSettings
from bridge.arrays import Audio
from bridge.chain import Chain, ChainSetting
from bridge.effects import load_effect
from bridge.estimate.answer import Answer
from bridge.library import Library
from bridge.manifest import Manifest, PluginSpec
from tests.stand_ins import write_critic
from training.corpus import Stem
from training.errors import TrainingError
from training.evaluation import Settings, bench, evaluate
from training.evaluation.answers import answer_case
from training.evaluation.cases import OwnCases, usable_setting
from training.evaluation.cross_plugin import CrossCases, load_counterparts
from training.evaluation.protocol import SLICES, TRUE
from training.evaluation.results import PluginResults
from training.evaluation.scores import HAS_PESQ
from training.examples import ClipSource
from training.export import export
from training.fit import trainable
from training.joint import Networks
from training.networks import Encoder, Predictor
from training.pool import load_pool

SETTINGS = Settings(cases=6, rendered_cases=3, pesq_cases=2, seed=7)
CRITIC = "1" * 64
KINDS = sorted({kind for kinds in SLICES.values() for kind in kinds})
MANIFEST = Library().manifest
AT_TIMES_UNHEARD = {"pedalboard-noise-gate", "pedalboard-clipping"}
"""Below or above its threshold a sound goes through these as it is."""


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory, guitar: tuple[Audio, int]) -> Path:
    """A test split of one stem of every kind: the demo's guitar, 20 s, each at its own speed."""
    folder = tmp_path_factory.mktemp("corpus")
    (folder / "test").mkdir()
    stems = []
    for number, kind in enumerate(KINDS):
        audio = np.tile(guitar[0][0, number * 5_000 :], 20)[: 20 * 48_000]
        path = f"stem_{kind}.flac"
        soundfile.write(folder / "test" / path, audio, 48_000, subtype="PCM_16")
        stems.append(asdict(Stem(path, kind, 20.0, "demo", "CC0", f"{number:064d}")))
    (folder / "test" / "index.json").write_text(json.dumps(stems))
    return folder


class NoEstimator:
    """Stands for the models: always answers the plugin's default setting, half sure."""

    def __init__(self, plugin: PluginSpec, models: Path) -> None:
        self.chain = Chain.of_plugin(plugin)
        card = SimpleNamespace(sha256=f"{models}", encoder_sha256="0" * 64)
        self.predictors = (SimpleNamespace(card=card),)
        self.critic = SimpleNamespace(card=SimpleNamespace(sha256=CRITIC))

    def analyse(self, audio: Audio, rate: float, name: str, repeat_short: bool) -> None:
        return None

    def predict(self, played: None, reference: None, rate: float) -> Answer:
        setting = ChainSetting.start(self.chain)
        return Answer(setting, (0.5,) * len(setting.predicted), (0.0,))


def always_bypass(estimator: NoEstimator, *_: object) -> Answer:
    """Stands for the refinement: leaves the plugin out."""
    answer = estimator.predict(None, None, 0.0)
    dry = answer.setting.without([estimator.chain.id])
    return replace(answer, setting=dry, bypass_probability=(1.0,))


@pytest.fixture(autouse=True)
def no_models(monkeypatch: pytest.MonkeyPatch) -> None:
    bench._bench.cache_clear()
    monkeypatch.setattr("training.evaluation.bench.estimator_of", NoEstimator)
    monkeypatch.setattr("training.evaluation.results.estimator_of", NoEstimator)
    monkeypatch.setattr("training.evaluation.answers.decide", always_bypass)


def run(
    manifest: Manifest,
    corpus: Path,
    out: Path,
    settings: Settings = SETTINGS,
    models: str = "models",
) -> dict[str, Any]:
    plugin = manifest.plugin("mda-overdrive")
    evaluate(manifest, [plugin], settings, corpus, out, Path(models), processes=1)
    return PluginResults(out / "evaluation" / "mda-overdrive.json", plugin).read()


def test_an_evaluation_goes_from_corpus_to_tables_and_pictures(
    manifest: Manifest, corpus: Path, tmp_path: Path
) -> None:
    slices = run(manifest, corpus, tmp_path)["24000"]
    assert list(slices) == list(SLICES)
    for name, summary in slices.items():
        means = summary["all"]["means"]
        assert means["do nothing"]["mrstft"]["mean"] > 0.1
        assert means["do nothing"]["mrstft"]["n"] == 6
        assert means["gain only"]["mrstft_gain_matched"]["mean"] == pytest.approx(
            means["do nothing"]["mrstft_gain_matched"]["mean"], abs=2e-3
        )
        refined = summary["rendered"]["means"]
        assert refined["network"]["mrstft"]["n"] == 3
        assert refined["network + rendering"] == refined["do nothing"]
        gains = summary["rendered"]["relative_gain"]["network + rendering"]
        assert gains["mrstft"]["mean"] == 0.0
        assert ("pesq" in means["network"]) == (name == "speech" and HAS_PESQ)
        if name == "cross-plugin":
            assert summary["counterparts"] == ["pedalboard Distortion"]
            assert "true parameters" not in {k for k, v in means.items() if v}
            assert "parameters" not in summary
            continue
        assert summary["worst_true_parameters"] == 0.0
        # The answer is always 0, so its error is the truth.
        clips = ClipSource(SETTINGS.clips, corpus, "test", SETTINGS.seed, SLICES[name])
        cases = OwnCases(manifest.plugin("mda-overdrive"), clips)
        truths = [cases[index].truth for index in range(6)]
        drives = [truth.values["drive"] for truth in truths if truth]
        drive = summary["parameters"]["network"]["drive"]["answer"]
        assert drive["mean"] == pytest.approx(np.mean(drives), abs=1e-5)
        assert drive["n"] == len(drives)
        assert summary["bypass"]["network + rendering"]["wet_bypassed"]["mean"] == 1.0

    report = json.loads((tmp_path / "evaluation.json").read_text())["24000"]
    assert report["worst_true_parameters"] == {"mda-overdrive": 0.0}
    assert report["beats_on_every_slice"]["network"]["mrstft, do nothing"] == []
    text = (tmp_path / "evaluation.md").read_text()
    assert "slices and 1 effects, is 0.0." in text
    score = slices["speech"]["all"]["means"]["network"]["mrstft"]
    assert f"| speech | network | 6 | {score['mean']:.3f} ± {score['ci95']:.3f} |" in text
    assert "0.640 / 1.138 (+44 %)" in text
    for picture in ("mrstft", "gain"):
        data = (tmp_path / f"evaluation-24khz-{picture}.png").read_bytes()
        assert data.startswith(b"\x89PNG")


def test_what_was_measured_is_not_measured_again(
    manifest: Manifest, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measure = bench.measure
    measured: list[str] = []
    kept: dict[tuple[str, int, int], bench.Outcome] = {}

    def counting(job: tuple[bench.Work, int]) -> bench.Outcome:
        if job[0].slice == "guitar" and "killed" not in measured:
            measured.append("killed")
            raise KeyboardInterrupt
        measured.append(job[0].slice)
        key = (job[0].slice, job[0].settings.host_rate_hz, job[1])
        if key not in kept:
            kept[key] = measure(job)
        return kept[key]

    monkeypatch.setattr("training.evaluation.run.measure", counting)
    few = replace(SETTINGS, cases=2, rendered_cases=2)
    with pytest.raises(KeyboardInterrupt):
        run(manifest, corpus, tmp_path, few)
    assert measured == ["speech", "speech", "killed"]
    first = run(manifest, corpus, tmp_path, few)
    assert measured[3:] == [name for name in SLICES if name != "speech" for _ in range(2)]

    measured[:] = ["killed"]
    assert run(manifest, corpus, tmp_path, few) == first
    assert measured == ["killed"]

    other_rate = run(manifest, corpus, tmp_path, replace(few, host_rate_hz=48_000))
    assert len(measured) == 11
    assert other_rate["24000"] == first["24000"]
    worst = [s.get("worst_true_parameters", 0.0) for s in other_rate["48000"].values()]
    assert worst == [0.0] * 5

    run(manifest, corpus, tmp_path, few, models="newer")
    assert len(measured) == 21


def test_a_changed_critic_measures_the_rendered_cases_alone(
    manifest: Manifest, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run(manifest, corpus, tmp_path)["24000"]["guitar"]
    monkeypatch.setattr(
        "training.evaluation.answers.decide",
        lambda estimator, *_: estimator.predict(None, None, 0.0),
    )
    assert run(manifest, corpus, tmp_path)["24000"]["guitar"] == first
    monkeypatch.setattr(f"{__name__}.CRITIC", "2" * 64)
    fewer = replace(SETTINGS, rendered_cases=2)
    again = run(manifest, corpus, tmp_path, fewer)["24000"]["guitar"]
    assert again["identity"]["decision_sha256"] == "2" * 64
    assert again["all"] == first["all"]
    assert again["parameters"]["network"] == first["parameters"]["network"]
    refined = again["rendered"]["means"]
    assert refined["network + rendering"] == refined["network"]
    assert refined["network"]["mrstft"]["n"] == 2
    assert again["bypass"]["network + rendering"]["wet_bypassed"]["mean"] == 0.0
    assert again["identity"]["rendered_cases"] == 2


def test_a_broken_result_says_what_to_do(manifest: Manifest, corpus: Path, tmp_path: Path) -> None:
    broken = tmp_path / "evaluation" / "mda-overdrive.json"
    broken.parent.mkdir()
    broken.write_text("{}")
    with pytest.raises(TrainingError, match="delete it"):
        run(manifest, corpus, tmp_path)


def test_a_missing_counterpart_is_reported_and_looked_for_again(
    manifest: Manifest, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = replace(SETTINGS, cases=2, rendered_cases=2)
    none = load_counterparts().model_copy(update={"counterparts": {}})
    with monkeypatch.context() as patch:
        patch.setattr("training.evaluation.run.load_counterparts", lambda: none)
        slices = run(manifest, corpus, tmp_path, few)["24000"]
    assert "no counterpart is listed" in slices["cross-plugin"]["no_counterpart"]
    assert "No slice *cross-plugin*: mda-overdrive" in (tmp_path / "evaluation.md").read_text()
    assert run(manifest, corpus, tmp_path, few)["24000"]["cross-plugin"]["cases"] == 2


@pytest.mark.parametrize("plugin", trainable(MANIFEST), ids=lambda plugin: plugin.id)
@pytest.mark.parametrize("host_rate", [24_000, 48_000])
def test_true_parameters_give_the_target_to_the_bit(
    plugin: PluginSpec, host_rate: int, corpus: Path
) -> None:
    settings = replace(SETTINGS, host_rate_hz=host_rate)
    clips = ClipSource(settings.clips, corpus, "test", 3, ("guitar", "speech"))
    cases, effect = OwnCases(plugin, clips), load_effect(plugin)
    for index in range(4):
        answered = answer_case(
            cases[index],
            effect,
            NoEstimator(plugin, Path()),  # type: ignore[arg-type]
            np.random.default_rng(index),
            rendered=False,
        )
        assert np.array_equal(answered.audio[TRUE], cases[index].target)
        alike = np.array_equal(cases[index].target, cases[index].dry)
        assert alike if cases[index].clean else not alike or plugin.id in AT_TIMES_UNHEARD


def test_cross_plugin_cases_repeat_and_come_from_the_other_effect(
    manifest: Manifest, corpus: Path
) -> None:
    clips = ClipSource(SETTINGS.clips, corpus, "test", 3, ("guitar",))
    delay = manifest.plugin("pedalboard-delay")
    counterparts = [manifest.plugin("pedalboard-distortion"), delay]
    cases, again = CrossCases(counterparts, clips), CrossCases(counterparts, clips)
    for index in range(4):
        case = cases[index]
        assert np.array_equal(case.target, again[index].target)
        assert case.truth is None
        assert not case.clean
        assert not np.array_equal(case.target, case.dry)
    # Of the two, the delay alone starts with the dry sound.
    first = slice(0, 200)
    ratio = cases[1].target[0, first] / np.maximum(np.abs(cases[1].dry[0, first]), 1e-9)
    assert np.ptp(np.abs(ratio[np.abs(cases[1].dry[0, first]) > 1e-3])) < 1e-3


def test_settings_that_silence_are_drawn_again(manifest: Manifest) -> None:
    chorus = manifest.plugin("pedalboard-chorus")
    effect = load_effect(chorus)
    silence = np.zeros((1, 24_000), np.float32)
    with pytest.raises(TrainingError, match="50 settings in a row leave silence"):
        usable_setting(effect, [silence], 24_000, np.random.default_rng(0))


def test_exported_models_are_measured_in_processes_of_their_own(
    manifest: Manifest, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Untrained networks, but the real models, refinement and processes."""
    monkeypatch.undo()
    monkeypatch.setattr("training.evaluation.run.SLICES", ("guitar", "cross-plugin"))
    monkeypatch.setattr("training.pool._CHUNK", 4)
    plugin = manifest.plugin("mda-overdrive").model_copy(update={"model": "overdrive"})
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "validation").symlink_to(corpus / "test")
    for split in ("train", "test"):
        (tmp_path / "corpus" / split).symlink_to(corpus / "test")
    features = FeatureSettings()
    pool = load_pool([plugin], SETTINGS.clips, features, tmp_path, "validation", 1, 4, processes=1)
    networks = Networks(Encoder(), torch.nn.ModuleDict({plugin.id: Predictor(plugin.predicted)}))
    models = tmp_path / "models"
    models.mkdir()
    export("untrained", networks, [plugin], (24_000,), features, pool, tmp_path / "corpus", models)
    write_critic(models)
    few = replace(SETTINGS, cases=2, rendered_cases=1)
    evaluate(manifest, [plugin], few, tmp_path / "corpus", tmp_path, models, processes=2)
    slices = PluginResults(tmp_path / "evaluation" / "mda-overdrive.json", plugin).read()["24000"]
    assert list(slices) == ["guitar", "cross-plugin"]
    assert slices["guitar"]["worst_true_parameters"] == 0.0
    for summary in slices.values():
        assert summary["rendered"]["means"]["network + rendering"]["mrstft"]["mean"] > 0
        assert summary["seconds"]["network + rendering"] > summary["seconds"]["network"]
