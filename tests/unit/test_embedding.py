"""Probes and information bounds on numbers whose answer is known."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import norm

from training.embedding.information import best_coordinate, entropy, lower_bound
from training.embedding.probe import FOREST, LINEAR, folds, probe
from training.errors import TrainingError

CLIPS = 600


@pytest.fixture
def draw() -> np.random.Generator:
    return np.random.default_rng(3)


@pytest.fixture
def stems(draw: np.random.Generator) -> NDArray[np.str_]:
    """40 files of very different numbers of clips."""
    return np.array(
        [f"{number:02d}.flac" for number in np.sqrt(draw.integers(0, 1600, CLIPS)).astype(int)]
    )


def test_no_stem_is_both_learned_from_and_tested_on(stems: NDArray[np.str_]) -> None:
    tested = []
    for known, asked in folds(stems):
        assert not set(stems[known]) & set(stems[asked])
        assert len(known) + len(asked) == CLIPS
        tested += asked.tolist()
    assert sorted(tested) == list(range(CLIPS))
    with pytest.raises(TrainingError, match="from 4 stems but 5 are needed"):
        next(folds(np.repeat(["a", "b", "c", "d"], 10)))


@pytest.mark.parametrize("classifier", [FOREST, LINEAR])
def test_classes_far_apart_are_all_recognised(
    classifier: str, draw: np.random.Generator, stems: NDArray[np.str_]
) -> None:
    sounds = {
        name: draw.standard_normal((CLIPS, 8)) + 20 * np.eye(8)[number]
        for number, name in enumerate("abc")
    }
    found = probe(sounds, stems, classifier)
    assert found["accuracy"] == {"mean": 1.0, "ci95": 0.0, "n": len(set(stems))}
    assert found["recalls"] == {"a": 1.0, "b": 1.0, "c": 1.0}
    assert found["confusions"] == np.eye(3).tolist()
    assert found["chance"] == pytest.approx(1 / 3, abs=1e-6)


def test_a_class_that_only_its_recordings_tell_is_not_recognised(
    draw: np.random.Generator, stems: NDArray[np.str_]
) -> None:
    """A split that shares stems would find what each file sounds like in each class."""
    files = {stem: draw.standard_normal((2, 8)) for stem in sorted(set(stems))}
    sounds = {
        name: np.array([files[stem][number] for stem in stems]) for number, name in enumerate("ab")
    }
    found = probe(sounds, stems, FOREST, principal=True)["accuracy"]
    assert found["mean"] == pytest.approx(0.5, abs=0.2)
    assert found["ci95"] > 0.05


@pytest.mark.parametrize("ratio", [0.0, 1.0, 10.0])
def test_the_bound_comes_near_a_known_information_and_stays_below(
    ratio: float, draw: np.random.Generator, stems: NDArray[np.str_]
) -> None:
    """A Gaussian channel holds log2(1 + signal-to-noise ratio) / 2 bits (Shannon, 1949)."""
    bits = np.log2(1 + ratio) / 2
    value, rest = draw.standard_normal(CLIPS), draw.standard_normal((CLIPS, 6))
    vectors = rest.copy()
    vectors[:, 2] += np.sqrt(ratio) * value
    uniform = norm.cdf(value)
    for told in (value, uniform):
        found = lower_bound(vectors, told, stems)
        assert bits - 0.1 < found["mean"] < bits + found["ci95"] + 0.02
        assert found["mean"] >= 0
    assert best_coordinate(vectors, uniform) == pytest.approx(bits, abs=0.15)


def test_a_few_values_that_sound_alike_are_information_too(
    draw: np.random.Generator, stems: NDArray[np.str_]
) -> None:
    """The vectors leave the choice between four values that are far apart."""
    value = draw.random(CLIPS)
    vectors = draw.standard_normal((CLIPS, 6))
    vectors[:, :2] = np.cos(4 * np.pi * value)[:, None]
    assert abs(np.corrcoef(vectors[:, 0], value)[0, 1]) < 0.1
    assert lower_bound(vectors, value, stems)["mean"] > 0.5


def test_a_class_is_known_up_to_its_entropy(
    draw: np.random.Generator, stems: NDArray[np.str_]
) -> None:
    classes = draw.choice(4, CLIPS, p=(0.4, 0.3, 0.2, 0.1))
    clear = draw.standard_normal((CLIPS, 6)) + 8 * np.eye(6)[classes]
    limit = entropy(classes)
    assert limit == pytest.approx(1.846, abs=0.05)
    assert limit - 0.25 < lower_bound(clear, classes, stems)["mean"] < limit
    assert lower_bound(clear, draw.permutation(classes), stems)["mean"] < 0.02
    assert best_coordinate(clear, classes) > 0.5
