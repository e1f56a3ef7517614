"""What is foretold of an answer, and how the critic's hopes are corrected."""

import numpy as np
import pytest

from bridge.arrays import Floats
from bridge.estimate.closeness import Closeness
from bridge.models.cards import Foretelling
from bridge.models.critic import LEAST_DISTANCE, QUANTILES
from bridge.search.judge import Expectation
from training.critic.foretelling import fitted


def expectation(*distances: float) -> Expectation:
    return Expectation(np.array(distances, np.float32), np.zeros(len(QUANTILES), np.float32))


NOW = expectation(0.6, 0.8, 1.0, 1.3, 1.7)
ANSWER = expectation(0.1, 0.2, 0.3, 0.5, 0.9)


def test_without_a_correction_the_critics_quantiles_are_told() -> None:
    near = ANSWER.closeness(NOW, Foretelling())
    assert (near.now, near.expected, near.low, near.high) == pytest.approx((1.0, 0.3, 0.1, 0.9))


def test_an_answer_that_does_nothing_is_as_far_as_the_playing() -> None:
    corrected = Foretelling(offset=0.2, slope=1.2, kept=0.5, low=1.1, high=2.0)
    near = NOW.closeness(NOW, corrected)
    assert near.expected == pytest.approx(near.now)
    assert near.now > 1.0


def test_what_is_hoped_for_is_kept_in_part() -> None:
    half = ANSWER.closeness(NOW, Foretelling(kept=0.5))
    assert 0.3 < half.expected < half.now == pytest.approx(1.0)
    assert half.low < half.expected < half.high


def test_means_agree_and_bounds_hold_once_they_are_fitted() -> None:
    """Of searches that promise twice the gain there is, on a scale that is too flat."""
    draw = np.random.default_rng(0)
    true_now = draw.normal(0.3, 0.8, 4_000)
    now = (true_now - 0.3) / 1.3 + draw.normal(0, 0.2, 4_000)
    hoped = draw.uniform(-1.5, 0, 4_000)
    true = true_now + hoped / 2 + draw.normal(0, 0.3, 4_000)
    logarithms = np.stack([now, now + hoped - 0.1, now + hoped, now + hoped + 0.1, true_now, true])
    told = (np.exp(logarithms.T) - LEAST_DISTANCE).astype(np.float32)
    corrected = fitted(told)
    near = [_closeness(row, corrected) for row in told]
    assert np.mean([one.now for one in near]) == pytest.approx(told[:, 4].mean(), rel=0.02)
    assert np.mean([one.expected for one in near]) == pytest.approx(told[:, 5].mean(), rel=0.02)
    within = [one.low <= row[5] <= one.high for one, row in zip(near, told, strict=True)]
    assert np.mean(within) == pytest.approx(0.8, abs=0.02)
    assert 0.3 < corrected.kept < 0.8


def _closeness(row: Floats, corrected: Foretelling) -> Closeness:
    now, low, expected, high = row[:4]
    nothing = expectation(now, now, now, now, now)
    return expectation(low, low, expected, high, high).closeness(nothing, corrected)
