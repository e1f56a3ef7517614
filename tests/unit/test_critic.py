"""The critic that is shipped, and what every critic must be."""

import json
from pathlib import Path

import numpy as np
import pytest

from bridge.arrays import Floats
from bridge.errors import ModelError
from bridge.library import CRITIC_FOLDER, MODELS
from bridge.manifest import PluginSpec
from bridge.models import load_encoder
from bridge.models.critic import QUANTILES, Critic, Judgement
from bridge.search.comparison import COMPARISON_SIZE
from tests.stand_ins import write_models
from training.export import TOLERANCE, golden_difference

SHIPPED = MODELS / CRITIC_FOLDER
COUNT = 17


@pytest.fixture(scope="module")
def critic() -> Critic:
    return Critic(SHIPPED, load_encoder().card.sha256)


def comparisons(count: int, size: int) -> Floats:
    """Some that were met in training, and noise around them."""
    with np.load(SHIPPED / "golden.npz") as golden:
        rows = golden["comparison"]
    draw = np.random.default_rng(0)
    rows = rows[draw.integers(len(rows), size=count)]
    return np.asarray(rows + 0.3 * draw.standard_normal((count, size)), np.float32)


def parts(judgement: Judgement) -> list[Floats]:
    return [judgement.matched, judgement.raw, judgement.change]


def test_many_are_judged_as_one_by_one(critic: Critic) -> None:
    rows = comparisons(COUNT, critic.card.comparison_size)
    together = parts(critic.judge(rows))
    for number in range(COUNT):
        alone = parts(critic.judge(rows[number : number + 1]))
        for one, all_ in zip(alone, together, strict=True):
            assert all_.shape == (COUNT, len(QUANTILES))
            assert one[0] == pytest.approx(all_[number], rel=1e-4, abs=1e-4)


def test_candidates_are_told_apart(critic: Critic) -> None:
    for part in parts(critic.judge(comparisons(COUNT, critic.card.comparison_size))):
        assert np.ptp(part[:, len(QUANTILES) // 2]) > 0.01


def test_quantiles_rise_and_distances_are_not_below_0(critic: Critic) -> None:
    rows = 3 * comparisons(200, critic.card.comparison_size)
    judgement = critic.judge(rows)
    for part in parts(judgement):
        assert np.isfinite(part).all()
        assert (np.diff(part, axis=1) >= 0).all()
    assert judgement.matched.min() >= 0
    assert judgement.raw.min() >= 0


def test_its_card_fits_the_encoder_and_what_it_is_shown(critic: Critic) -> None:
    encoder = load_encoder().card
    card = critic.card
    assert card.encoder_sha256 == encoder.sha256
    assert card.comparison_size == COMPARISON_SIZE
    assert (card.features, card.levels) == (encoder.features, encoder.levels)
    assert QUANTILES[0] <= card.cautious <= QUANTILES[-1]
    assert card.cases > 0
    assert card.training_data


def test_the_shipped_one_was_measured(critic: Critic) -> None:
    """Of a critic that `dafx-train critic` has trained in all its rounds."""
    card = critic.card
    assert {"gain_mean", "harmed", "distance_true", "distance_predicted"} <= card.metrics.keys()


def test_it_is_small_and_meets_its_golden_outputs() -> None:
    assert golden_difference(SHIPPED) < TOLERANCE
    assert (SHIPPED / "model.onnx").stat().st_size <= 3e6


def test_one_of_another_encoder_is_refused() -> None:
    with pytest.raises(ModelError, match="made for another encoder"):
        Critic(SHIPPED, "0" * 64)


def test_one_whose_card_or_model_does_not_fit_is_refused(
    tmp_path: Path, overdrive: PluginSpec
) -> None:
    folder = write_models(tmp_path, overdrive) / CRITIC_FOLDER
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps(card | {"comparison_size": 7}))
    with pytest.raises(ModelError, match="inputs are"):
        Critic(folder, card["encoder_sha256"])
    (folder / "card.json").write_text(json.dumps(card | {"sha256": "0" * 64}))
    with pytest.raises(ModelError, match="does not match sha256"):
        Critic(folder, card["encoder_sha256"])
