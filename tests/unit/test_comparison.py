"""What a critic is shown of a candidate."""

from dataclasses import dataclass

import numpy as np
import pytest

from bridge.analysis.statistics import GROUPS, LEVEL_NAMES, SIZE
from bridge.arrays import Floats
from bridge.search.comparison import COMPARISON_SIZE, PAIR_SIZE, comparison
from bridge.search.surprise import SURPRISES

COUNT = 5


@dataclass(frozen=True)
class Sounds:
    style: Floats
    levels: Floats

    def __getitem__(self, rows: slice) -> "Sounds":
        return Sounds(self.style[rows], self.levels[rows])


def sounds(seed: int, count: int) -> Sounds:
    draw = np.random.default_rng(seed)
    sizes = (SIZE, len(LEVEL_NAMES))
    return Sounds(*(draw.standard_normal((count, size)).astype(np.float32) for size in sizes))


def alike(count: int) -> Floats:
    return np.random.default_rng(9).random((count, 2)).astype(np.float32)


def surprised(count: int) -> Floats:
    return np.random.default_rng(8).random((count, len(SURPRISES))).astype(np.float32)


def test_it_has_as_many_numbers_as_it_says() -> None:
    compared = comparison(
        sounds(0, 1), sounds(1, COUNT), sounds(2, 1), alike(COUNT), surprised(COUNT)
    )
    assert compared.shape == (COUNT, COMPARISON_SIZE)
    assert compared.dtype == np.float32
    assert np.isfinite(compared).all()


def test_many_candidates_are_shown_as_one_by_one() -> None:
    played, reference, candidates = sounds(0, 1), sounds(2, 1), sounds(1, COUNT)
    together = comparison(played, candidates, reference, alike(COUNT), surprised(COUNT))
    for row in range(COUNT):
        part = slice(row, row + 1)
        alone = comparison(
            played, candidates[part], reference, alike(COUNT)[part], surprised(COUNT)[part]
        )
        assert np.array_equal(alone[0], together[row])


def test_cases_in_one_batch_are_shown_as_case_by_case() -> None:
    played, candidates, reference = (sounds(seed, COUNT) for seed in range(3))
    together = comparison(played, candidates, reference, alike(COUNT), surprised(COUNT))
    for row in range(COUNT):
        part = slice(row, row + 1)
        alone = comparison(
            played[part],
            candidates[part],
            reference[part],
            alike(COUNT)[part],
            surprised(COUNT)[part],
        )
        assert alone[0] == pytest.approx(together[row], abs=1e-6)


def test_a_candidate_that_is_the_playing_differs_as_doing_nothing_does() -> None:
    """Of the pairs of differences, candidate's and playing's from the reference, both are alike."""
    played, reference = sounds(0, 1), sounds(2, 1)
    (row,) = comparison(played, played, reference, np.full((1, 2), 0.4, np.float32), surprised(1))
    p, s, g, k = PAIR_SIZE, 160, len(GROUPS), len(LEVEL_NAMES)
    ends = np.cumsum([p, p, p, s, s, g, g, g, k, k, k, 2, len(SURPRISES)])
    parts = np.split(row, ends[:-1])
    for candidate, nothing in ((0, 1), (3, 4), (5, 6), (8, 9)):
        assert np.array_equal(parts[candidate], parts[nothing])
    # It has not moved from the playing at all.
    assert not parts[2].any()
    assert np.ptp(parts[7]) == 0
    assert parts[7][0] < parts[6].min()
    assert parts[11][0] == parts[11][1]
    assert np.array_equal(parts[12], surprised(1)[0])


def test_a_candidate_that_is_the_reference_is_not_apart_from_it() -> None:
    played, reference = sounds(0, 1), sounds(2, 1)
    other = comparison(played, sounds(1, 1), reference, alike(1), surprised(1))[0]
    same = comparison(played, reference, reference, alike(1), surprised(1))[0]
    assert not same[:PAIR_SIZE].any()
    assert not same[3 * PAIR_SIZE : 3 * PAIR_SIZE + 160].any()
    apart = slice(3 * PAIR_SIZE + 320, 3 * PAIR_SIZE + 320 + len(GROUPS))
    assert (same[apart] < other[apart]).all()


def test_sizes_of_differences_know_no_sign() -> None:
    """Louder in a band than the reference, or softer by as much, is as far apart."""
    played, reference, away = sounds(0, 1), sounds(2, 1), sounds(1, 1)
    one, other = (
        comparison(
            played,
            Sounds(reference.style + sign * away.style, reference.levels),
            reference,
            alike(1),
            surprised(1),
        )[0]
        for sign in (1, -1)
    )
    assert one[:PAIR_SIZE] == pytest.approx(other[:PAIR_SIZE], abs=1e-5)
    assert not np.allclose(one, other, atol=1e-2)
