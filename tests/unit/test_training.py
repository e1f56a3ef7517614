from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from bridge.analysis.features import LEVEL_NAMES, FeatureSettings
from training.errors import TrainingError
from training.networks import EMBEDDING_SIZE, Decoder, Encoder, Predictor, clamp_inward
from training.runs import EXPERIMENTS, Run, SpsaSettings, VaeSettings, load_experiment
from training.spsa import Batch, estimate_gradient
from training.vae import cyclic_beta

FEATURES = FeatureSettings()


def test_networks_have_the_shapes_they_promise() -> None:
    encoder, decoder, predictor = Encoder(FEATURES), Decoder(FEATURES), Predictor(3)
    pictures = torch.zeros(2, *FEATURES.picture_shape)
    mean, log_variance = encoder(pictures)
    assert mean.shape == log_variance.shape == (2, EMBEDDING_SIZE)
    assert decoder(mean).shape == pictures.shape
    levels = torch.zeros(2, len(LEVEL_NAMES))
    answer = predictor(mean, mean, levels, levels, torch.full((2, 1), 48_000.0))
    assert torch.equal(answer, torch.full((2, 3), 0.5))
    weights = sum(p.numel() for p in encoder.parameters())
    assert weights < 3_000_000


def test_an_answer_outside_the_range_keeps_its_way_back() -> None:
    raw = torch.tensor([-0.5, 0.5, 1.5, -0.5, 1.5], requires_grad=True)
    clamped = clamp_inward(raw)
    assert clamped.tolist() == [0.0, 0.5, 1.0, 0.0, 1.0]
    # Descent moves against the gradient: the first two corners are pushed inward, the last out.
    clamped.backward(torch.tensor([-1.0, 1.0, 1.0, 1.0, -1.0]))
    assert raw.grad is not None
    assert raw.grad.tolist() == [-1.0, 1.0, 1.0, 0.0, 0.0]


def test_beta_climbs_in_the_first_half_of_every_cycle() -> None:
    s = VaeSettings(cycles=2, beta_low=0.0, beta_high=1.0)
    betas = [cyclic_beta(step, 80, s) for step in range(80)]
    assert betas[:40] == pytest.approx(betas[40:])
    assert betas[0] == 0
    assert betas[10] == pytest.approx(0.5)
    assert betas[20:40] == [1.0] * 20


class QuadraticWorkers:
    """Stands for the pool of renderers: the loss is the squared distance to a known setting."""

    def __init__(self, best: np.ndarray) -> None:
        self.best = best

    def starmap(self, _function: object, jobs: Iterator[Any], **_options: object) -> list[Any]:
        def loss(setting: list[float]) -> float:
            return float(np.square(np.array(setting) - self.best).sum())

        return [[loss(setting) for setting in settings] for _, settings in jobs]


def batch_of(size: int) -> Batch:
    nothing = np.zeros((size, 0), np.float32)
    return Batch(nothing, nothing, nothing, nothing, [(0, nothing, nothing)] * size)


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


def test_spsa_stays_in_range_at_the_corners() -> None:
    answer = np.array([[0.0, 1.0, 0.5]] * 100, np.float32)
    best = np.array([0.5, 0.5, 0.5])
    gradient, _ = estimate_gradient(
        QuadraticWorkers(best),  # type: ignore[arg-type]
        batch_of(100),
        answer,
        SpsaSettings(),
        seed=(0, 1),
    )
    assert np.isfinite(gradient).all()
    assert gradient.sum(axis=0)[0] < 0 < gradient.sum(axis=0)[1]


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


@pytest.mark.parametrize("name", sorted(path.stem for path in EXPERIMENTS.glob("*.yaml")))
def test_every_experiment_is_valid(name: str) -> None:
    assert load_experiment(name).task.plugin == "mda-overdrive"


def test_a_run_refuses_other_settings(tmp_path: Path) -> None:
    experiment = load_experiment("mda-overdrive")
    Run(tmp_path).belongs_to(experiment)
    Run(tmp_path).belongs_to(experiment)
    with pytest.raises(TrainingError, match="other settings"):
        Run(tmp_path).belongs_to(experiment.model_copy(update={"vae": None}))


def test_the_best_is_kept(tmp_path: Path) -> None:
    run, model = Run(tmp_path), nn.Linear(1, 1)
    for score, weight in ((3.0, 1.0), (1.0, 2.0), (2.0, 3.0)):
        nn.init.constant_(model.weight, weight)
        run.keep_if_best("stage", score, {"model": model})
    run.best("stage", {"model": model})
    assert model.weight.item() == 2.0


def test_an_unknown_experiment_lists_the_known_ones() -> None:
    with pytest.raises(TrainingError, match="overdrive-fixed"):
        load_experiment("nothing")
