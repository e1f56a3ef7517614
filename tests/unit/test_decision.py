import numpy as np
import pytest

from bridge.search.evidence import EVIDENCE
from training.decision import TEMPERATURES, Judged, best_temperatures, solve

TRUE = np.zeros(len(EVIDENCE), np.float32)
TRUE[[0, 3, 5]] = 2.0, 0.5, 1.0


def cases(count: int, noise: float = 0.0) -> list[Judged]:
    """Distances that are a weighted sum of the evidence, and something of every case's own."""
    draw = np.random.default_rng(count)
    judged = []
    for _ in range(count):
        evidence = draw.random((40, len(EVIDENCE))).astype(np.float32)
        distance = evidence @ TRUE + draw.random() + noise * draw.standard_normal(40)
        judged.append(Judged(evidence, distance.astype(np.float32)))
    return judged


def test_what_foretells_the_distance_gets_the_weight() -> None:
    assert solve(cases(30), None) == pytest.approx(TRUE, abs=1e-3)


def test_no_evidence_weighs_less_than_nothing() -> None:
    judged = [Judged(case.evidence, -case.distance) for case in cases(30)]
    weights = solve(judged, None)
    assert weights.min() == 0
    assert not weights[[0, 3, 5]].any()


def test_few_cases_lean_on_what_all_plugins_together_say() -> None:
    prior = np.full(len(EVIDENCE), 0.7, np.float32)
    few, many = (np.abs(solve(cases(count), prior) - prior).mean() for count in (1, 200))
    assert few < 0.3 * many


def test_the_temperature_is_what_achieves_most_and_few_cases_lean_on_all_plugins() -> None:
    achieved = np.full((4, len(TEMPERATURES)), 1.0, np.float32)
    achieved[:3, 2] = 0.9
    achieved[3, 5] = 0.97
    assert best_temperatures(achieved, 1000) == [TEMPERATURES[2]] * 3 + [TEMPERATURES[5]]
    assert best_temperatures(achieved, 2) == [TEMPERATURES[2]] * 4
