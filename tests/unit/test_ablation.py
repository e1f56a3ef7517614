"""The ladder of ingredients: its intervals, its rungs, and what only it trains."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from bridge.analysis.statistics import LEVEL_NAMES
from bridge.manifest import Manifest, PluginSpec
from training.ablation import intervals
from training.ablation.contrast import contrastive_loss
from training.ablation.points import point_loss, points_alone
from training.ablation.report import GAIN, summarise, verdict
from training.ablation.rungs import CONSTANT, DO_NOTHING, PICTURE_RUNGS, RUNGS, VAE, stage_of
from training.ablation.scoring import ERROR, MEASURES, Scores
from training.evaluation.protocol import MATCHED, RAW
from training.networks import EMBEDDING_SIZE


def test_a_small_paired_difference_shows_where_the_means_overlap() -> None:
    draw = np.random.default_rng(1)
    hard = draw.gamma(2.0, 1.0, (2, 100))
    other = hard + 0.05 + 0.02 * draw.normal(size=hard.shape)
    one, two = intervals.mean(hard), intervals.mean(other)
    assert one["high"] > two["low"]
    found = intervals.difference(hard, other)
    assert found["low"] < -0.05 < found["high"] < 0
    assert verdict(found) == "better"
    assert verdict(intervals.difference(other, hard)) == "worse"
    assert verdict(intervals.difference(hard, hard)) == "undecided"


def test_an_interval_is_as_wide_as_theory_says_and_nan_has_no_say() -> None:
    values = np.random.default_rng(2).normal(3.0, 1.0, (1, 400))
    found = intervals.mean(values)
    assert (found["high"] - found["low"]) / 2 == pytest.approx(1.96 / 20, rel=0.15)
    holed = np.concatenate([values, np.full((1, 400), np.nan)], axis=1)
    assert intervals.mean(holed)["mean"] == found["mean"]


def test_cases_of_one_clip_are_drawn_together() -> None:
    column = np.random.default_rng(3).normal(size=(1, 100))
    alone, repeated = intervals.mean(column), intervals.mean(np.repeat(column, 4, axis=0))
    assert repeated == alone


def test_every_plugin_counts_the_same_in_the_gain() -> None:
    nothing = np.random.default_rng(4).uniform(1, 2, (2, 20)) * [[100.0], [1.0]]
    found = intervals.relative_gain(nothing * [[1.0], [0.5]], nothing)
    assert found == {"mean": 0.25, "low": 0.25, "high": 0.25}


def test_every_rung_stands_on_an_earlier_one() -> None:
    names = [rung.name for rung in RUNGS]
    assert RUNGS[0].above is None
    for number, rung in enumerate(RUNGS[1:], start=1):
        assert rung.above in names[:number]
    stages = {stage_of(name, "mda-delay") for name in names}
    assert len(stages) == len(set(names)) == len(names)
    assert set(PICTURE_RUNGS) < set(names)


def test_rungs_are_compared_with_the_one_above_them() -> None:
    draw = np.random.default_rng(5)
    base = draw.uniform(1, 2, (2, 16))
    found = {
        rung.name: {measure: base / 2**number for measure in MEASURES}
        for number, rung in enumerate(RUNGS)
    }
    summary = summarise(found, ["one", "other"])
    assert list(summary) == [rung.name for rung in RUNGS]
    assert ERROR not in summary[DO_NOTHING]
    assert "difference" not in summary[DO_NOTHING]
    assert set(summary[CONSTANT]["difference"]) == {RAW, MATCHED}
    assert summary[VAE]["above"] == CONSTANT
    assert summary[VAE]["difference"][ERROR]["mean"] == pytest.approx(-base.mean() / 4, abs=1e-3)
    assert summary[VAE][GAIN][RAW]["mean"] == pytest.approx(0.75)
    other = summary[VAE]["plugins"]["other"][RAW]
    assert other["mean"] == pytest.approx(base[1].mean() / 4, abs=1e-3)


def test_scores_are_kept_until_their_models_change(tmp_path: Path, manifest: Manifest) -> None:
    plugin, other = manifest.plugin("mda-overdrive"), manifest.plugin("mda-delay")
    path = tmp_path / "scores.json"
    cases = [[1.0, 0.5, 0.1], [0.0, 0.0, None]]
    path.write_text(json.dumps({"shipped": {plugin.id: {"version": "a", "cases": cases}}}))
    scores = Scores(path)
    assert scores.has(["shipped"], plugin, "a")
    assert not scores.has(["shipped"], plugin, "b")
    assert not scores.has(["shipped", "+ heads"], plugin, "a")
    assert not scores.has(["shipped"], other, "a")
    values = scores.values("shipped", [plugin])
    assert values[RAW].tolist() == [[1.0, 0.0]]
    assert np.isnan(values[ERROR]).tolist() == [[False, True]]


def test_the_contrastive_loss_is_lower_for_pairs_than_for_strangers() -> None:
    draw = torch.Generator().manual_seed(6)
    one = torch.randn(16, 8, generator=draw)
    other = 3 * one + 0.1 * torch.randn(16, 8, generator=draw)
    matched = contrastive_loss(one, other, 0.1)
    assert matched < 0.1 * contrastive_loss(one, other.roll(1, 0), 0.1)
    assert matched == pytest.approx(contrastive_loss(other, one, 0.1).item())
    same = torch.ones(16, 8)
    assert contrastive_loss(same, same, 0.1).item() == pytest.approx(np.log(16), rel=1e-4)


def test_points_alone_answer_enums_too_and_never_bypass(plugin: PluginSpec) -> None:
    predictor = points_alone(plugin).eval()
    levels = torch.zeros(2, len(LEVEL_NAMES))
    embeddings = torch.randn(2, EMBEDDING_SIZE, generator=torch.Generator().manual_seed(7))
    answer = predictor(embeddings, embeddings, levels, levels, torch.full((2, 1), 24_000.0))
    points, bins, bypass = answer
    assert torch.equal(predictor.decode(points, bins), torch.full((2, 3), 0.5))
    assert torch.all(bypass < -9)
    truth = np.array([[0.5, 0.5, 1.0], [np.nan] * 3], np.float32)
    loss = point_loss(answer, truth)
    # Of three parameters the enum alone is wrong, by 0.5; the dry reference says nothing.
    assert loss.item() == pytest.approx((0.5 - 0.025) / 3)
    loss.backward()
    assert predictor.bins.weight.grad is None
    assert predictor.point[-1].bias.grad is not None
