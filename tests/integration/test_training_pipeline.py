"""The training side on a small real corpus: MMA, FluidSynth, the real plugins, SPSA."""

import io
import json
import re
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from bridge.analysis.features import FeatureSettings
from bridge.analysis.metrics import mrstft
from bridge.arrays import Audio
from bridge.effects import load_effect
from bridge.library import CARD_FILE, Library
from bridge.manifest import Manifest, PluginSpec, Setting
from tests.integration.tiny_training import CASES, CHUNK, SENSITIVITY_CASES
from tests.stand_ins import write_models
from training import corpus, embedding, sensitivity
from training.canonical import canonical
from training.corpus import MusicSource, SpeechSource, Split
from training.errors import TrainingError
from training.estimators import estimator_of, predictor_of
from training.examples import ClipSettings, ClipSource, ExampleSource, Task
from training.fit import Folders, Trained, export_run, fit, pools_of
from training.joint import Networks, parameter_errors
from training.networks import Encoder, Predictor
from training.pool import load_pool
from training.report import write_report
from training.report.cases import ALONE_CASES, RATE_HZ
from training.runs import Run, SpsaSettings
from training.spsa import fine_tune, set_up_worker
from training.workers import executor

pytestmark = [pytest.mark.xdist_group("training"), pytest.mark.timeout(300)]
CLIPS = ClipSettings(sample_rates_hz=(24_000, 48_000), gain_db=(-12, 6), halves_s=(1.0,))
PLUGINS = ("mda-overdrive", "mda-combo")
JOINT = """
clips: {sample_rates_hz: [24000, 48000], halves_s: [2.75], gain_db: [-12, 6]}
pool: {clips: 32, validation_clips: 16, seed: 1}
joint: {epochs: 6, batch: 16}
spsa: {steps: 2, batch: 2, check_every: 1, validation_cases: 4, points_only: true}
"""
ALONE = """
clips: {halves_s: [2.75]}
task: {plugin: mda-delay, clean_share: 0.25}
encoder_from: both
spsa: {steps: 2, batch: 4, check_every: 1, validation_cases: 4, starts: [0.5, 1.0]}
"""


def source_of(task: Task, plugin: PluginSpec, data: Path, clips: ClipSettings) -> ExampleSource:
    return ExampleSource(task, plugin, ClipSource(clips, data / "corpus", "train", 3))


def test_the_corpus_is_dry_levelled_audio_with_its_licence(tiny_data: Path) -> None:
    stems = corpus.load_index(tiny_data / "corpus", "train")
    assert {stem.kind for stem in stems} >= {"drums", "bass"}
    for stem in stems:
        assert stem.licence == "GPL-2"
        assert stem.seconds > corpus.MIN_STEM_S
        assert len(stem.sha256) == 64


def test_examples_repeat_and_true_parameters_score_zero(
    tiny_data: Path, overdrive: PluginSpec
) -> None:
    task = Task(plugin=overdrive.id, clean_share=0.25)
    source = source_of(task, overdrive, tiny_data, CLIPS)
    clean = 0
    for index in range(16):
        example, again = source[index], source[index]
        assert np.array_equal(example.reference, again.reference)
        assert example.truth == again.truth
        wet = source.render(example.dry, example.sample_rate, example.truth)
        assert mrstft(wet[0], example.target[0]) == 0.0
        clean += example.truth is None
        assert (example.truth is None) == np.array_equal(example.target, example.dry)
    assert 0 < clean < 16
    assert {source[index].sample_rate for index in range(16)} == {24_000, 48_000}


def test_settings_of_a_delay_that_sound_alike_have_one_name(
    manifest: Manifest, guitar: tuple[Audio, int]
) -> None:
    plugin = manifest.plugin("mda-delay")
    effect, (audio, rate) = load_effect(plugin), guitar
    draw, moved = np.random.default_rng(5), 0
    for _ in range(24):
        setting = Setting.of_predicted(plugin, draw.random(len(plugin.predicted)).tolist())
        named = canonical(setting)
        assert canonical(named) == named
        moved += named != setting
        piece = audio[:, : 2 * rate]
        assert np.array_equal(
            effect.render(piece, rate, setting), effect.render(piece, rate, named)
        )
    assert moved > 6


def test_settings_are_often_nearly_dry_where_that_is_asked_for(
    tiny_data: Path, overdrive: PluginSpec
) -> None:
    def changes(share: float) -> float:
        task = Task(plugin=overdrive.id, clean_share=0.0, nearly_dry_share=share)
        source = source_of(task, overdrive, tiny_data, CLIPS)
        examples = [source[index] for index in range(8)]
        return float(np.mean([mrstft(one.target[0], one.dry[0]) for one in examples]))

    assert changes(1.0) < 0.7 * changes(0.0)


def test_what_is_heard_more_weighs_more(tiny_data: Path, overdrive: PluginSpec) -> None:
    source = source_of(Task(plugin=overdrive.id), overdrive, tiny_data, CLIPS)
    with executor(1) as workers:
        weights = dict(
            zip(
                [p.symbol for p in overdrive.predicted],
                sensitivity.measure(source, workers),
                strict=True,
            )
        )
    assert weights["output"] > weights["muffle"]
    assert np.mean(list(weights.values())) == pytest.approx(1.0, abs=0.05)


def test_spsa_through_the_plugin_leaves_a_saturated_corner(
    tiny_data: Path, overdrive: PluginSpec, tmp_path: Path
) -> None:
    setting = {"drive": 0.7, "muffle": 0.4, "output": 0.35}
    task = Task(plugin=overdrive.id, setting=setting, clean_share=0.0)
    source = source_of(task, overdrive, tiny_data, ClipSettings(halves_s=(1.0,)))
    torch.manual_seed(0)
    encoder, predictor = Encoder(), Predictor(overdrive.predicted, start=1.0)
    s = SpsaSettings(steps=30, batch=8, learning_rate=1e-2, validation_cases=8, check_every=15)
    run = Run(tmp_path)
    workload = ({"train": source, "validation": source}, FeatureSettings())
    with get_context("spawn").Pool(2, set_up_worker, workload) as workers:
        fine_tune(encoder, predictor, workers, run, "spsa-0", 0, s)
    steps = run.history()["spsa-0"]
    assert list(steps) == [0, 15, 30]
    assert steps[0]["answer_0"] == pytest.approx(1.0, abs=1e-3)
    scores = [figures["validation_mrstft"] for figures in steps.values()]
    assert min(scores) < 0.7 * scores[0]
    assert steps[30]["error"] < 0.8 * steps[15]["error"]


def test_an_embedding_is_questioned(tiny_data: Path, manifest: Manifest, tmp_path: Path) -> None:
    plugins = [manifest.plugin(name) for name in PLUGINS]
    models = write_models(tmp_path / "models", plugins[0])
    embedding.measure(plugins, tiny_data / "corpus", tmp_path, 16, models)
    found = json.loads((tmp_path / "embedding.json").read_text())
    accuracies = {
        (answer["task"], answer["features"], answer["classifier"]): answer["accuracy"]["mean"]
        for answer in found["effects"]
    }
    assert len(accuracies) == 15
    assert accuracies["published, fixed setting", "PCA of the spectrum", "random forest"] > 0.75
    assert [(entry["plugin"], entry["symbol"]) for entry in found["parameters"]] == [
        (plugin.id, spec.symbol) for plugin in plugins for spec in plugin.predicted
    ]
    model = next(entry for entry in found["parameters"] if entry["symbol"] == "model")
    assert model["wet alone"]["mean"] < model["entropy"] < np.log2(7)
    page = (tmp_path / "embedding.md").read_text()
    assert page.count("\n| mda Combo |") == 1 + len(plugins[1].predicted)
    assert (tmp_path / "embedding.png").stat().st_size > 20_000


@dataclass(frozen=True)
class Done:
    """What the small experiment `both` ended with."""

    trained: Trained
    manifest: Manifest
    folders: Folders


@pytest.fixture(scope="module")
def both(tiny_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Done]:
    folder = tmp_path_factory.mktemp("both")
    (folder / "both.yaml").write_text(JOINT)
    (folder / "alone.yaml").write_text(ALONE)
    whole = Library().manifest
    chosen = [whole.plugin(name).model_copy(update={"model": name}) for name in PLUGINS]
    others = [whole.plugin("mda-delay").model_copy(update={"model": None})]
    manifest = Manifest(schema=1, plugins=(*chosen, *others))
    folders = Folders(tiny_data, folder / "runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("training.runs.EXPERIMENTS", folder)
        patch.setattr("training.pool._CHUNK", CHUNK)
        patch.setattr("training.sensitivity.CASES", SENSITIVITY_CASES)
        patch.setattr("training.convergence.CASES", CASES)
        # A report's pictures, of a few values of each parameter.
        patch.setattr("training.figures.sweeps.STEPS", 5)
        with pytest.raises(TrainingError, match="dafx-train fit both"):
            fit("alone", manifest, folders)
        # Two workers are tried in test_training_processes.
        yield Done(fit("both", manifest, folders, workers=1), manifest, folders)


def test_all_plugins_are_trained_together_then_each_alone(both: Done) -> None:
    run = Run(both.folders.runs / "both")
    history = run.history()
    assert list(history) == ["joint", "spsa-mda-overdrive", "spsa-mda-combo"]
    losses = [figures["loss"] for figures in history["joint"].values()]
    assert losses[-1] < 0.85 * losses[0]
    weights = json.loads((run.folder / "sensitivity.json").read_text())
    assert {name: len(found) for name, found in weights.items()} == {
        plugin.id: len(plugin.predicted) for plugin in both.manifest.plugins if plugin.model
    }
    for predictor in both.trained.predictors.values():
        assert not torch.equal(predictor.temperature, torch.ones_like(predictor.temperature))
    assert not torch.equal(both.trained.encoder.style_scale, torch.ones(1))


def test_a_finished_run_is_brought_back_as_it_is(both: Done) -> None:
    before = (both.folders.runs / "both" / "log.jsonl").read_text()
    again = fit("both", both.manifest, both.folders)
    for name, predictor in both.trained.predictors.items():
        for first, second in zip(
            predictor.state_dict().values(),
            again.predictors[name].state_dict().values(),
            strict=True,
        ):
            assert torch.equal(first, second)
    assert (both.folders.runs / "both" / "log.jsonl").read_text() == before


def test_pools_are_kept_and_grow(both: Done) -> None:
    experiment = both.trained.experiment
    plugins = both.manifest.plugins[:1]
    pool, validation = pools_of(experiment, plugins, both.folders)
    assert (len(pool), len(validation)) == (32, 16)
    files = sorted(both.folders.data.glob("pools/*/*.npz"))
    longer = load_pool(
        plugins, experiment.clips, experiment.features, both.folders.data, "train", 1, 40
    )
    assert np.array_equal(longer.dry.vectors[:32], pool.dry.vectors)
    assert len(sorted(both.folders.data.glob("pools/*/*.npz"))) == len(files) + 2


def test_an_exported_model_loads_and_answers(
    both: Done, guitar: tuple[Audio, int], tmp_path: Path
) -> None:
    export_run("both", both.trained, both.manifest, both.folders, tmp_path)
    audio, rate = guitar
    for plugin in both.manifest.plugins[:2]:
        estimator = estimator_of(plugin, tmp_path)
        heard = estimator.analyse(audio, rate, "guitar", repeat_short=True)
        answer = estimator.predict(heard, heard, rate)
        assert len(answer.confidence) == len(plugin.predicted)
        assert all(0 <= confidence <= 1 for confidence in answer.confidence)
        card = predictor_of(estimator).card
        metrics = card.metrics
        assert all(f"_{p.symbol}" in " ".join(metrics) for p in plugin.predicted)
        assert card.host_rates_hz == (24_000, 48_000)
    combo = json.loads((tmp_path / "mda-combo" / CARD_FILE).read_text())
    assert "validation_class_error_model" in combo["metrics"]

    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*")}
    # Another encoder would leave the overdrive's predictor without its own.
    other = Trained(
        both.trained.experiment, Encoder(), {"mda-combo": both.trained.predictors["mda-combo"]}
    )
    with pytest.raises(TrainingError, match="mda-overdrive needs the encoder"):
        export_run("both", other, both.manifest, both.folders, tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*")} == before


def test_the_report_holds_all_it_shows(
    both: Done, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        # An earlier report, whose place the next one takes; the costly pictures are left out.
        patch.setattr("training.report.latent_figures", lambda *_: {})
        write_report("both", both.trained, both.manifest, both.folders, tmp_path / "page.html")
    write_report("both", both.trained, both.manifest, both.folders, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert "Run report: both" in page
    assert "epochs: 6" in page
    sounds = re.findall(r'src="data:audio/flac;base64,([^"]+)"', page)
    assert len(sounds) == 4 * len(PLUGINS)
    for sound in sounds:
        audio, rate = soundfile.read(io.BytesIO(b64decode(sound)))
        assert rate == RATE_HZ
        assert len(audio) == pytest.approx(2.75 * RATE_HZ, abs=2)
        assert 0 < np.abs(audio).max() < 1
    assert not re.search(r'(src|href)="(?!data:)', page)
    for title in ("Joint training", "Training through the plugins"):
        assert f'<img alt="{title}"' in page
    for plugin in both.manifest.plugins[:2]:
        for spec in plugin.predicted:
            assert f"<td>{spec.name}</td>" in page

    folder = both.folders.runs / "both"
    scalars, shown = (
        EventAccumulator(str(folder / name)).Reload()
        for name in ("tensorboard", "report/tensorboard")
    )
    assert {"joint/loss", "spsa-mda-combo/validation_mrstft"} <= set(scalars.Tags()["scalars"])
    assert [event.step for event in scalars.Scalars("joint/loss")] == [1, 2, 3, 4, 5, 6]
    assert len(shown.Images("Joint training")) == 1
    assert len(shown.Tags()["audio"]) == 4 * len(PLUGINS)


def test_the_starts_of_one_plugin_are_compared(both: Done, tmp_path: Path) -> None:
    trained = fit("alone", both.manifest, both.folders, workers=1)
    page = write_report("alone", trained, both.manifest, both.folders, tables=tmp_path)
    assert page == both.folders.runs / "alone" / "report" / "index.html"
    assert page.read_text().count("<audio") == 4 * ALONE_CASES
    result = json.loads((tmp_path / "alone.json").read_text())
    assert result["cases"] == CASES
    assert 0 < result["clean_cases"] < CASES
    for start in result["starts"]:
        assert [step for step, _ in start["curve"]] == [0, 1, 2]
        given = result["cases"] - result["clean_cases"] - start["wet_bypassed"]
        assert (start["saturated_share"] is None) == (given == 0)
        assert start["clean_bypassed"] <= result["clean_cases"]
    table = (tmp_path / "alone.md").read_text()
    assert "| mean answer | mean truth | start 0.5 | start 1 |" in table
    with pytest.raises(TrainingError, match="export a joint experiment"):
        export_run("alone", trained, both.manifest, both.folders, tmp_path)


def test_validation_errors_are_of_the_wet_references(both: Done) -> None:
    plugins = both.manifest.plugins[:2]
    _, validation = pools_of(both.trained.experiment, plugins, both.folders)
    networks = Networks(both.trained.encoder, torch.nn.ModuleDict(both.trained.predictors))
    errors = parameter_errors(networks, validation)
    assert all(wet.clean.any() for wet in validation.wet.values())
    for plugin in plugins:
        assert errors[plugin.id].shape == (len(plugin.predicted),)
        # Of an enum it is the share of wrong classes.
        most = [1.0 if spec.classes else 0.7 for spec in plugin.predicted]
        assert np.all((errors[plugin.id] > 0) & (errors[plugin.id] < most))


def test_a_split_without_its_packages_says_what_to_install(tmp_path: Path) -> None:
    split = Split(
        "train",
        (MusicSource("/no.sf2", "/no.sf2", "some-soundfont", "none", 0, 0),),
        SpeechSource("/nowhere", "*.wav", "some-voices", "none"),
    )
    with pytest.raises(TrainingError, match="apt install some-voices"):
        corpus.build_split(split, tmp_path, processes=1)
    with pytest.raises(TrainingError, match="dafx-train corpus"):
        corpus.load_index(tmp_path, "train")
