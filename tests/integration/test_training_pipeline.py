"""The training side on a small real corpus: MMA, FluidSynth, the real plugin, SPSA."""

import json
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
import torch

from bridge.analysis.features import FeatureSettings
from bridge.analysis.metrics import mrstft
from bridge.effects import load_effect
from bridge.manifest import PluginSpec, load_manifest
from training import convergence, corpus
from training.corpus import MusicSource, SpeechSource, Split
from training.errors import TrainingError
from training.evaluate import evaluate
from training.examples import ExampleSource, Task
from training.export import export
from training.fit import Folders, fit, pool_of
from training.networks import Encoder, Predictor
from training.runs import Run, SpsaSettings
from training.spsa import fine_tune, set_up_worker

FEATURES = FeatureSettings()
NEUTRAL = {"drive": 0.0, "muffle": 0.0, "output": 0.5}
RANDOM = Task(
    plugin="mda-overdrive",
    neutral=NEUTRAL,
    half_s=1.0,
    sample_rates_hz=(24_000, 48_000),
    gain_db=(-12, 6),
    clean_share=0.25,
)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four songs on the smallest soundfont."""
    font = "/usr/share/sounds/sf2/TimGM6mb.sf2"
    split = Split(
        "train",
        MusicSource(font, font, "timgm6mb-soundfont", "GPL-2", 11, 4),
        speech=None,
    )
    folder = tmp_path_factory.mktemp("data")
    for _ in range(2):
        corpus.build_split(split, folder / "corpus" / "train", processes=2)
    return folder


def kinds_of(data: Path) -> tuple[str, ...]:
    return tuple({stem.kind for stem in corpus.load_index(data / "corpus", "train")})


@pytest.fixture
def source(data: Path, overdrive: PluginSpec) -> ExampleSource:
    return ExampleSource(RANDOM, overdrive, data / "corpus", "train", 3, kinds_of(data))


def test_the_corpus_is_dry_levelled_audio_with_its_licence(data: Path) -> None:
    stems = corpus.load_index(data / "corpus", "train")
    assert {stem.kind for stem in stems} >= {"drums", "bass"}
    for stem in stems:
        assert stem.licence == "GPL-2"
        assert stem.seconds > corpus.MIN_STEM_S
        assert len(stem.sha256) == 64


def test_examples_repeat_and_true_parameters_score_zero(source: ExampleSource) -> None:
    clean = 0
    for index in range(16):
        example, again = source[index], source[index]
        assert np.array_equal(example.reference, again.reference)
        assert example.truth == again.truth
        wet = load_effect(source.plugin).render(example.dry, example.sample_rate, example.truth)
        assert mrstft(wet[0], example.target[0]) == 0.0
        clean += example.truth.values == NEUTRAL
    assert 0 < clean < 16
    assert {source[index].sample_rate for index in range(16)} == {24_000, 48_000}


FIXED = RANDOM.model_copy(
    update={
        "setting": {"drive": 0.7, "muffle": 0.4, "output": 0.35},
        "clean_share": 0.0,
        "sample_rates_hz": (24_000,),
    }
)


def logged(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


class KilledError(Exception):
    """Stands for a kill between two checkpoints."""


def train_fixed(source: ExampleSource, run: Run, stop_at: int = 0) -> Predictor:
    """SPSA towards one setting from a corner; dies after logging step `stop_at`."""
    torch.manual_seed(0)
    encoder, predictor = Encoder(FEATURES), Predictor(3, start=1.0)
    s = SpsaSettings(
        steps=50, batch=12, learning_rate=5e-3, train_encoder=False, validation_cases=16
    )
    log = run.log

    def log_and_die(stage: str, **figures: float) -> None:
        log(stage, **figures)
        if figures["step"] == stop_at and "error" in figures:
            raise KilledError

    run.log = log_and_die  # type: ignore[method-assign]
    sources = {"train": source, "validation": source}
    with get_context("spawn").Pool(2, set_up_worker, (sources, FEATURES)) as pool:
        fine_tune(encoder, predictor, pool, run, 0, s)
    return predictor


def test_spsa_through_the_plugin_leaves_the_corner_and_survives_a_kill(
    data: Path, overdrive: PluginSpec, tmp_path: Path
) -> None:
    source = ExampleSource(FIXED, overdrive, data / "corpus", "train", 3, kinds_of(data))
    whole = train_fixed(source, Run(tmp_path / "whole"))
    lines = logged(tmp_path / "whole")
    checks = [line["validation_mrstft"] for line in lines if "validation_mrstft" in line]
    errors = [line["error"] for line in lines if "error" in line]
    assert min(checks) < 0.7 * checks[0]
    assert errors[-1] < 0.7 * errors[0]

    with pytest.raises(KilledError):
        train_fixed(source, Run(tmp_path / "killed"), stop_at=25)
    resumed = train_fixed(source, Run(tmp_path / "killed"))
    for expected, found in zip(whole.parameters(), resumed.parameters(), strict=True):
        assert torch.allclose(expected, found, atol=1e-6)


TINY = """
task:
  plugin: mda-overdrive
  neutral: {drive: 0.0, muffle: 0.0, output: 0.5}
  half_s: 2.752
  sample_rates_hz: [24000]
pool: {examples: 64, validation_examples: 16, seed: 1}
vae: {epochs: 1, batch: 16}
regression: {epochs: 1, batch: 16}
spsa: {steps: 2, batch: 4, check_every: 1, validation_cases: 4}
"""


@pytest.mark.timeout(300)
def test_an_experiment_goes_from_corpus_to_table(
    data: Path, overdrive: PluginSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fit, export, evaluate and report on very little: every stage of the real thing runs."""
    (tmp_path / "tiny.yaml").write_text(TINY)
    monkeypatch.setattr("training.runs.EXPERIMENTS", tmp_path)
    kinds = kinds_of(data)
    monkeypatch.setattr("training.evaluate.KINDS", {"everything": kinds})
    monkeypatch.setattr("training.evaluate.HOST_RATES_HZ", (24_000,))
    monkeypatch.setattr("training.convergence.CASES", 8)
    for split in ("validation", "test"):
        (data / "corpus" / split).symlink_to(data / "corpus" / "train")
    manifest = load_manifest(models=None)
    folders = Folders(data, tmp_path / "runs")
    trained = fit("tiny", manifest, folders)
    stages = [line["stage"] for line in logged(folders.runs / "tiny")]
    assert list(dict.fromkeys(stages)) == ["vae", "regression", "spsa-0"]

    again = fit("tiny", manifest, folders)
    for first, second in zip(
        trained.predictors[0].parameters(), again.predictors[0].parameters(), strict=True
    ):
        assert torch.equal(first, second)

    models, results = tmp_path / "models", tmp_path / "results"
    models.mkdir()
    validation = pool_of(trained.experiment, overdrive, folders, "validation")
    predictor = trained.predictors[0]
    rates = trained.experiment.task.sample_rates_hz
    export(
        "tiny", trained.encoder, predictor, overdrive, rates, validation, data / "corpus", models
    )
    evaluate(manifest, overdrive.id, folders, 8, results, models)
    report = json.loads((results / "mda-overdrive.json").read_text())
    scores = report["tables"][0]["mrstft"]
    assert [table["worst_true_parameters"] for table in report["tables"]] == [0.0, 0.0]
    assert scores["do nothing"]["raw"]["mean"] > 0
    assert scores["gain only"]["gain_matched"] == pytest.approx(
        scores["do nothing"]["gain_matched"], abs=2e-3
    )
    assert "| everything | other clip | 24 kHz |" in (results / "mda-overdrive.md").read_text()

    convergence.report("tiny", trained, overdrive, folders, results)
    (start,) = json.loads((results / "tiny.json").read_text())["starts"]
    assert 0 <= start["saturated_share"] <= 1
    assert len(start["curve"]) == 3


def test_a_split_without_its_packages_says_what_to_install(tmp_path: Path) -> None:
    split = Split(
        "train",
        MusicSource("/no.sf2", "/no.sf2", "some-soundfont", "none", 0, 0),
        SpeechSource("/nowhere", "*.wav", "some-voices", "none"),
    )
    with pytest.raises(TrainingError, match="apt install some-voices"):
        corpus.build_split(split, tmp_path, processes=1)
    with pytest.raises(TrainingError, match="dafx-train corpus"):
        corpus.load_index(tmp_path, "train")
