import numpy as np
import pytest

from bridge.analysis.metrics import mrstft
from bridge.search.bayes_risk import RiskTable, distance, spectral_features


def risk_table(costs: list[float]) -> RiskTable:
    """The first truth is far from the other two, which are near one another."""
    apart = np.array([[0, 3, 3], [3, 0, 0.2], [3, 0.2, 0], [2.0, 2.0, 2.0]], np.float32)
    return RiskTable(np.array(costs, np.float32), np.ones(3, np.float32), apart)


def test_where_the_evidence_is_sure_the_likeliest_wins() -> None:
    assert risk_table([0.0, 0.5, 0.5]).best(temperature=0.05) == 0


def test_an_outlier_that_happens_to_fit_does_not_win() -> None:
    assert risk_table([0.0, 0.1, 0.1]).best(temperature=0.2) in (1, 2)


def test_where_nothing_is_sure_the_middle_wins() -> None:
    unsure = risk_table([0.0, 5.0, 5.0])
    apart = np.array([[0, 4, 4], [4, 0, 4], [4, 4, 0], [1.5, 1.5, 1.5]], np.float32)
    split = RiskTable(np.zeros(3, np.float32), np.ones(3, np.float32), apart)
    assert unsure.best(temperature=0.1) == 0
    assert split.best(temperature=1.0) == 3


def test_a_prior_counts_like_evidence() -> None:
    apart = np.array([[0, 1], [1, 0]], np.float32)
    believed = RiskTable(np.zeros(2, np.float32), np.array([0.1, 0.9], np.float32), apart)
    assert believed.best(temperature=0.1) == 1


def test_spectral_features_are_as_far_apart_as_the_sounds() -> None:
    draw = np.random.default_rng(0)
    one, other = (0.1 * draw.standard_normal(48_000).astype(np.float32) for _ in range(2))
    quieter = other * np.float32(0.3)
    near, far = (
        distance(spectral_features(one), spectral_features(some)) for some in (other, quieter)
    )
    assert distance(spectral_features(one), spectral_features(one)) == 0
    assert near == pytest.approx(mrstft(one, other), rel=0.2)
    assert far > near


def test_half_of_the_spectral_features_are_deaf_to_a_gain() -> None:
    one = 0.1 * np.random.default_rng(0).standard_normal(48_000).astype(np.float32)
    quieter = one * np.float32(0.5)
    apart = distance(spectral_features(one), spectral_features(quieter))
    assert apart == pytest.approx(mrstft(quieter, one) / 2, rel=0.2)
