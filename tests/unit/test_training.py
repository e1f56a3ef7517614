import json
from collections.abc import Sequence
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from typing_extensions import override

from bridge.analysis.statistics import LEVEL_NAMES, SIZE
from bridge.manifest import Manifest, ParamSpec, PluginSpec, Setting
from training import processes, sensitivity
from training.calibration import temperatures
from training.convergence import follows
from training.errors import TrainingError
from training.joint import SettingLoss, bin_targets
from training.networks import BINS, EMBEDDING_SIZE, Encoder, Predictor, clamp_inward
from training.pool import Heard
from training.report.figures import figures_of
from training.runs import EXPERIMENTS, Run, SpsaSettings, load_experiment
from training.spsa import Batch, estimate_gradient


def evidence_of(cases: int) -> tuple[torch.Tensor, ...]:
    """Random evidence for a predictor."""
    draw = torch.Generator().manual_seed(1)
    embeddings = torch.randn(2, cases, EMBEDDING_SIZE, generator=draw)
    levels = torch.randn(2, cases, len(LEVEL_NAMES), generator=draw)
    return (*embeddings, *levels, torch.full((cases, 1), 48_000.0))


@pytest.fixture
def combo(manifest: Manifest) -> PluginSpec:
    """A plugin with an enum of seven classes and six continuous parameters."""
    return manifest.plugin("mda-combo")


def test_networks_have_the_shapes_they_promise(combo: PluginSpec) -> None:
    encoder, predictor = Encoder().eval(), Predictor(combo.predicted, start=0.25).eval()
    assert encoder(torch.zeros(2, SIZE)).shape == (2, EMBEDDING_SIZE)
    points, bins, bypass = predictor(*evidence_of(2))
    count = len(combo.predicted)
    assert torch.equal(points, torch.full((2, count), 0.25))
    assert bins.shape == (2, count, BINS)
    assert bypass.shape == (2, 1)
    assert 200_000 < sum(p.numel() for p in encoder.parameters()) < 2_000_000


def test_an_answer_outside_the_range_keeps_its_way_back() -> None:
    raw = torch.tensor([-0.5, 0.5, 1.5, -0.5, 1.5], requires_grad=True)
    clamped = clamp_inward(raw)
    assert clamped.tolist() == [0.0, 0.5, 1.0, 0.0, 1.0]
    # Descent moves against the gradient: the first two corners are pushed inward, the last out.
    clamped.backward(torch.tensor([-1.0, 1.0, 1.0, 1.0, -1.0]))
    assert raw.grad is not None
    assert raw.grad.tolist() == [-1.0, 1.0, 1.0, 0.0, 0.0]


def test_an_enum_uses_only_the_bins_of_its_classes(combo: PluginSpec) -> None:
    predictor = Predictor(combo.predicted).eval()
    points, bins, _ = predictor(*evidence_of(8))
    masses = bins.exp()
    assert torch.all(masses[:, 0, 7:] == 0)
    assert torch.all(masses[:, 1:] > 0)
    assert torch.allclose(masses.sum(dim=-1), torch.ones(8, len(combo.predicted)))
    answers = predictor.decode(points, bins)
    assert torch.equal(answers[:, 0], masses[:, 0].argmax(dim=-1) / 6)
    assert torch.all(answers[:, 1:] == 0.5)


def test_goals_are_the_class_of_an_enum_and_a_bell_around_a_number() -> None:
    truth = np.array([[0.5, 0.3], [1.0, 1.0]], np.float32)
    goal = bin_targets(truth, [3, 0])
    assert goal[0, 0].tolist() == np.eye(BINS)[1].tolist()
    assert goal[1, 0].tolist() == np.eye(BINS)[2].tolist()
    assert goal.sum(axis=-1) == pytest.approx(1.0)
    centres = (np.arange(BINS) + 0.5) / BINS
    assert goal[0, 1] @ centres == pytest.approx(0.3, abs=1e-3)
    assert goal[1, 1].argmax() == BINS - 1


def answer_to(truth: Sequence[float], dry: float) -> tuple[torch.Tensor, ...]:
    """Points at these values, with no idea of the distributions."""
    bins = torch.full((1, len(truth), BINS), -np.log(BINS))
    return torch.tensor([truth], dtype=torch.float32), bins, torch.tensor([[dry]])


def test_the_loss_weighs_what_is_heard_and_forgives_dry_references(overdrive: PluginSpec) -> None:
    loss = SettingLoss(overdrive, np.array([2.0, 0.5, 0.5], np.float32), point_share=10.0)
    truth = np.array([[0.5, 0.5, 0.5]], np.float32)
    right = float(loss(answer_to([0.5, 0.5, 0.5], -9.0), truth))  # type: ignore[arg-type]
    first = float(loss(answer_to([0.7, 0.5, 0.5], -9.0), truth))  # type: ignore[arg-type]
    second = float(loss(answer_to([0.5, 0.7, 0.5], -9.0), truth))  # type: ignore[arg-type]
    assert first - right == pytest.approx(4 * (second - right), rel=1e-3)
    nothing = np.full((1, 3), np.nan, np.float32)
    assert float(loss(answer_to([0.0, 1.0, 0.0], 9.0), nothing)) < 1e-3  # type: ignore[arg-type]
    assert float(loss(answer_to([0.5, 0.5, 0.5], -9.0), nothing)) > 8  # type: ignore[arg-type]


def test_a_plugin_of_enums_alone_has_a_loss() -> None:
    toggle = ParamSpec(symbol="on", name="On", min=0, max=1, default=0, scale="toggle")
    plugin = PluginSpec.model_validate(
        {"id": "x", "name": "X", "kind": "x", "formats": {"lv2": "x:y"}, "parameters": [toggle]}
    )
    loss = SettingLoss(plugin, np.ones(1, np.float32), point_share=10.0)
    found = loss(answer_to([0.0], -9.0), np.ones((1, 1), np.float32))  # type: ignore[arg-type]
    assert float(found) == pytest.approx(np.log(BINS), rel=1e-3)


def test_temperatures_undo_too_much_confidence() -> None:
    draw = np.random.default_rng(2)
    scores = draw.normal(size=(4_000, 2, BINS))
    honest = np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)
    picked = (honest.cumsum(axis=-1) > draw.random((4_000, 2, 1))).argmax(axis=-1)
    goal = np.eye(BINS)[picked]
    boast = np.exp(scores * [[[2.0], [0.8]]])
    boast /= boast.sum(axis=-1, keepdims=True)
    assert temperatures(boast, goal) == pytest.approx([2.0, 0.8], rel=0.1)


class KnownChanges(Executor):
    """Stands for the workers: what a step of each parameter changes is known."""

    @override
    def submit(self, *_function_and_job: Any, **_options: Any) -> Future[Any]:
        known: Future[Any] = Future()
        known.set_result([1.0, 0.4, 0.0])
        return known


def test_parameters_weigh_what_they_change_but_none_nothing() -> None:
    weights = sensitivity.measure(None, KnownChanges())  # type: ignore[arg-type]
    assert weights[0] == pytest.approx(2.5 * weights[1])
    assert weights[2] == pytest.approx(0.3)


class QuadraticWorkers:
    """Stands for the pool of renderers: the loss is the squared distance to a known setting."""

    def __init__(self, best: np.ndarray) -> None:
        self.best = best

    def starmap(self, _function: object, jobs: Sequence[Any], **_options: object) -> list[Any]:
        def loss(setting: list[float]) -> float:
            assert min(setting) >= 0
            assert max(setting) <= 1
            return float(np.square(np.array(setting) - self.best).sum())

        return [[loss(setting) for setting in settings] for _, settings in jobs]


def batch_of(size: int, clean: int = 0) -> Batch:
    nothing = np.zeros((size, 0), np.float32)
    truth = np.full((size, 3), 0.5, np.float32)
    truth[:clean] = np.nan
    heard = Heard(nothing.astype(np.float16), nothing)
    return Batch(heard, heard, nothing, truth, [(0, nothing, nothing)] * size)


def test_spsa_points_downhill() -> None:
    best, answer = np.array([0.2, 0.9, 0.5]), np.array([0.6, 0.3, 0.5])
    size = 10_000
    gradient, _ = estimate_gradient(
        QuadraticWorkers(best),  # type: ignore[arg-type]
        batch_of(size),
        np.tile(answer, (size, 1)).astype(np.float32),
        SpsaSettings(epsilon=0.05),
        seed=(0, 0),
    )
    assert gradient.sum(axis=0) == pytest.approx(2 * (answer - best), abs=0.06)


def test_spsa_points_inward_at_the_corners() -> None:
    answer = np.array([[0.0, 1.0, 0.5]] * 100, np.float32)
    gradient, _ = estimate_gradient(
        QuadraticWorkers(np.array([0.5, 0.5, 0.5])),  # type: ignore[arg-type]
        batch_of(100),
        answer,
        SpsaSettings(),
        seed=(0, 1),
    )
    assert np.isfinite(gradient).all()
    assert gradient.sum(axis=0)[0] < 0 < gradient.sum(axis=0)[1]


@pytest.mark.parametrize(("clean", "least"), [(4, 0.0), (2, 0.001)])
def test_a_clean_case_teaches_no_setting(clean: int, least: float) -> None:
    answer = np.full((4, 3), 0.4, np.float32)
    gradient, loss = estimate_gradient(
        QuadraticWorkers(np.array([0.5, 0.5, 0.5])),  # type: ignore[arg-type]
        batch_of(4, clean),
        answer,
        SpsaSettings(),
        seed=(0, 2),
    )
    assert np.all(gradient[:clean] == 0)
    assert np.all(gradient[clean:] != 0)
    assert loss >= least


def test_starts_are_judged_by_the_wet_cases_they_answer() -> None:
    nan = np.nan
    truth = np.array([[0.2, 0.5], [0.8, 0.5], [nan, nan], [0.4, 0.5], [nan, nan]])
    answers = np.array([[0.3, 0.5], [0.9, 1.0], [nan, nan], [nan, nan], [0.5, 0.5]])
    found = follows(answers, truth)
    assert found["mean_answer"] == [0.6, 0.75]
    assert found["error"] == [0.1, 0.25]
    assert found["correlation"] == [1.0, None]
    assert found["saturated_share"] == 0.25
    assert (found["clean_bypassed"], found["wet_bypassed"]) == (1, 1)
    assert follows(np.full((5, 2), nan), truth)["saturated_share"] is None


def test_a_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    def parts() -> dict[str, Any]:
        model = nn.Linear(2, 2)
        return {"model": model, "optimiser": torch.optim.AdamW(model.parameters())}

    run, first, second = Run(tmp_path / "run"), parts(), parts()
    assert run.resume("stage", first) == 0
    run.checkpoint("stage", 7, first)
    assert run.resume("stage", second) == 7
    assert torch.equal(first["model"].weight, second["model"].weight)
    assert [path.name for path in run.folder.iterdir()] == ["stage.pt"]


def test_the_best_is_kept_with_its_score(tmp_path: Path) -> None:
    model = nn.Linear(1, 1)
    for score, weight in ((3.0, 1.0), (1.0, 2.0), (2.0, 3.0)):
        nn.init.constant_(model.weight, weight)
        # A new run each time, as after a kill.
        Run(tmp_path).keep_if_best("stage", score, {"model": model})
    Run(tmp_path).best("stage", {"model": model})
    assert model.weight.item() == 2.0


def test_what_a_kill_repeats_counts_once_in_the_history(tmp_path: Path) -> None:
    for loss in (0.5, 0.25):
        run = Run(tmp_path)
        run.log("joint", epoch=1, loss=loss)
        run.log("spsa", step=20, mrstft=1.0)
        run.log("spsa", step=20, validation_mrstft=2.0)
    assert run.history() == {
        "joint": {1: {"loss": 0.25}},
        "spsa": {20: {"mrstft": 1.0, "validation_mrstft": 2.0}},
    }
    assert len(list(run.folder.glob("tensorboard/events.*"))) == 2


@pytest.mark.parametrize("name", sorted(path.stem for path in EXPERIMENTS.glob("*.yaml")))
def test_every_experiment_is_valid_and_fits_the_manifest(name: str, manifest: Manifest) -> None:
    experiment = load_experiment(name)
    if experiment.task is None or experiment.encoder_from is None:
        assert experiment.joint
        return
    assert load_experiment(experiment.encoder_from).joint
    plugin = manifest.plugin(experiment.task.plugin)
    if experiment.task.setting != "random":
        Setting.of_values(plugin, experiment.task.setting)
        assert experiment.task.setting.keys() == {spec.symbol for spec in plugin.predicted}
    assert experiment.spsa
    assert len(experiment.spsa.starts) == 5
    assert {0.0, 1.0} <= set(experiment.spsa.starts)


def test_an_experiment_of_neither_kind_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.runs.EXPERIMENTS", tmp_path)
    (tmp_path / "half.yaml").write_text("task: {plugin: mda-overdrive}\nspsa: {}\n")
    with pytest.raises(TrainingError, match="give either joint, or task"):
        load_experiment("half")
    (tmp_path / "odd.yaml").write_text("joint: {epoch: 3}\n")
    with pytest.raises(TrainingError, match=r"odd\.yaml, joint\.epoch: Extra inputs"):
        load_experiment("odd")


def test_a_run_refuses_other_settings(tmp_path: Path) -> None:
    experiment = load_experiment("overdrive-fixed")
    Run(tmp_path).belongs_to(experiment)
    Run(tmp_path).belongs_to(experiment)
    with pytest.raises(TrainingError, match="other settings"):
        Run(tmp_path).belongs_to(load_experiment("delay-fixed"))


def test_an_unknown_experiment_lists_the_known_ones() -> None:
    with pytest.raises(TrainingError, match="overdrive-fixed"):
        load_experiment("nothing")


def test_alone_a_process_has_every_row_and_its_own_mean() -> None:
    rows, numbers = np.arange(5), torch.tensor([1.0, 2.0])
    processes.average([numbers])
    assert processes.rank() == 0
    assert processes.my_share(rows).tolist() == rows.tolist()
    assert numbers.tolist() == [1.0, 2.0]


def test_curves_have_titles_units_and_a_legend(overdrive: PluginSpec) -> None:
    steps = {
        step: {"mrstft": 1.0, "validation_mrstft": 1.0}
        | {f"answer_{number}": 0.5 for number in range(3)}
        for step in (0, 10)
    }
    history = {"spsa-0": steps, "spsa-1": steps}
    figures = figures_of(history, [overdrive], (0.5, 1.0), [0.7, 0.4, 0.35])
    assert list(figures) == ["Training through the plugin", "Mean answer on validation audio"]
    answers = figures["Mean answer on validation audio"]
    assert [axes.get_title() for axes in answers.axes] == ["Drive", "Muffle", "Output"]
    for figure in figures.values():
        labels = [text.get_text() for text in figure.legends[0].get_texts()]
        assert labels[:2] == ["start 1, at 0.5", "start 2, at 1"]
        for axes in figure.axes:
            assert axes.get_xlabel() == "step"
            assert axes.get_ylabel() in ("MRSTFT", "normalised value")
            colours = [line.get_color() for line in axes.get_lines()]
            assert len(set(colours)) == len(colours)
    truth = answers.axes[0].get_lines()[-1].get_ydata()
    assert json.dumps(list(np.asarray(truth, float))) == "[0.7, 0.7]"
