import numpy as np
import pytest

from bridge.analysis.metrics import mrstft
from bridge.engine.risk import Outlook, distance, fingerprint


def outlook(costs: list[float]) -> Outlook:
    """The first truth is far from the other two, which are near one another."""
    apart = np.array([[0, 3, 3], [3, 0, 0.2], [3, 0.2, 0], [2.0, 2.0, 2.0]], np.float32)
    return Outlook(np.array(costs, np.float32), np.ones(3, np.float32), apart)


def test_where_the_evidence_is_sure_the_likeliest_wins() -> None:
    assert outlook([0.0, 0.5, 0.5]).best(temperature=0.05) == 0


def test_an_outlier_that_happens_to_fit_does_not_win() -> None:
    assert outlook([0.0, 0.1, 0.1]).best(temperature=0.2) in (1, 2)


def test_where_nothing_is_sure_the_middle_wins() -> None:
    unsure = outlook([0.0, 5.0, 5.0])
    apart = np.array([[0, 4, 4], [4, 0, 4], [4, 4, 0], [1.5, 1.5, 1.5]], np.float32)
    split = Outlook(np.zeros(3, np.float32), np.ones(3, np.float32), apart)
    assert unsure.best(temperature=0.1) == 0
    assert split.best(temperature=1.0) == 3


def test_a_prior_counts_like_evidence() -> None:
    apart = np.array([[0, 1], [1, 0]], np.float32)
    believed = Outlook(np.zeros(2, np.float32), np.array([0.1, 0.9], np.float32), apart)
    assert believed.best(temperature=0.1) == 1


def test_fingerprints_are_as_far_apart_as_the_sounds() -> None:
    draw = np.random.default_rng(0)
    one, other = (0.1 * draw.standard_normal(48_000).astype(np.float32) for _ in range(2))
    quieter = other * np.float32(0.3)
    near, far = (distance(fingerprint(one), fingerprint(some)) for some in (other, quieter))
    assert distance(fingerprint(one), fingerprint(one)) == 0
    assert near == pytest.approx(mrstft(one, other), rel=0.2)
    assert far > near


def test_half_of_a_fingerprint_is_deaf_to_a_gain() -> None:
    one = 0.1 * np.random.default_rng(0).standard_normal(48_000).astype(np.float32)
    quieter = one * np.float32(0.5)
    apart = distance(fingerprint(one), fingerprint(quieter))
    assert apart == pytest.approx(mrstft(quieter, one) / 2, rel=0.2)
