"""Whether a change of playing is noticed, on made-up windows."""

import numpy as np

from bridge.analysis.statistics import LEVEL_NAMES, SIZE
from bridge.engine.playing import FOR_S, OTHER_LEVEL_DB, OTHER_SOUND, Playing
from bridge.estimate.listener import Analysis

HOP_S = 0.25
WINDOW_S = 5.0
_ANGLE = float(np.arccos(1 - OTHER_SOUND))
FAR, NEAR = 1.2 * _ANGLE, 0.8 * _ANGLE
"""Angles between embeddings of one length."""


def window_of(angle: float, level_db: float = 0.0, others: float = 0.0) -> Analysis:
    """By the angle of its embedding and its loudness; all else is `others`."""
    embedding = 3 * np.array([np.cos(angle), np.sin(angle), 0, 0], np.float32)
    levels = np.full(len(LEVEL_NAMES), others, np.float32)
    levels[LEVEL_NAMES.index("k_weighted_db")] = level_db
    return Analysis(embedding, np.full(SIZE, others, np.float32), levels, np.zeros(4, np.float32))


def play(
    playing: Playing, angle: float, seconds: float, level_db: float = 0.0, others: float = 0.0
) -> list[int]:
    """The number of the playing at every hop."""
    numbers = []
    for _ in range(round(seconds / HOP_S)):
        playing.hear(window_of(angle, level_db, others), HOP_S, WINDOW_S)
        numbers.append(playing.number)
    return numbers


def test_it_is_whole_when_the_window_is_full() -> None:
    playing = Playing()
    playing.hear(window_of(0), HOP_S, WINDOW_S, full=False)
    assert not playing.whole
    playing.hear(window_of(0), HOP_S, WINDOW_S)
    assert playing.whole


def test_what_wanders_a_little_stays_the_same_playing() -> None:
    playing = Playing()
    numbers = [play(playing, value, 2.0) for value in (0.0, NEAR, 0.0, -NEAR / 2, NEAR / 2)]
    assert {number for some in numbers for number in some} == {1}
    assert set(play(playing, 0.0, 10.0, others=9.0)) == {1}
    assert playing.whole


def test_another_sound_is_another_playing_once_it_lasts() -> None:
    playing = Playing()
    play(playing, 0.0, 10.0)
    assert set(play(playing, FAR, FOR_S - HOP_S)) == {1}
    # A moment of it was nothing.
    play(playing, 0.0, HOP_S)
    assert set(play(playing, FAR, FOR_S - HOP_S)) == {1}
    play(playing, FAR, HOP_S)
    assert playing.number == 2
    assert not playing.whole


def test_far_louder_playing_is_another_playing() -> None:
    playing = Playing()
    play(playing, 0.0, 10.0)
    assert set(play(playing, 0.0, 5.0, level_db=0.8 * OTHER_LEVEL_DB)) == {1}
    playing.begin_again()
    play(playing, 0.0, 10.0)
    assert play(playing, 0.0, FOR_S, level_db=-1.2 * OTHER_LEVEL_DB)[-1] == 3


def test_a_change_is_over_when_the_window_holds_nothing_else() -> None:
    playing = Playing()
    play(playing, 0.0, 10.0)
    play(playing, FAR, FOR_S)
    # While the window fills, its sound goes on changing; that is the same change.
    assert set(play(playing, 2 * FAR, WINDOW_S - FOR_S - HOP_S)) == {2}
    assert not playing.whole
    assert set(play(playing, 3 * FAR, 10.0)) == {2}
    assert playing.whole


def test_a_window_is_compared_with_the_mean_of_the_playing() -> None:
    playing = Playing()
    play(playing, 0.0, 10.0)
    play(playing, NEAR, 10.0)
    # From where it is by now that is near, though it is far from where it began.
    assert set(play(playing, NEAR / 2 + NEAR, 5.0)) == {1}


def test_a_new_source_is_another_playing() -> None:
    playing = Playing()
    play(playing, 0.0, 10.0)
    playing.begin_again()
    assert playing.number == 2
    assert set(play(playing, FAR, 5.0)) == {2}
