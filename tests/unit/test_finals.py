"""The last choice, among finalists whose expectations are made up."""

from typing import cast

import numpy as np
import pytest

from bridge.chain import Chain, ChainSetting
from bridge.manifest import PluginSpec
from bridge.models.critic import QUANTILES
from bridge.search.finals import CLEARLY, STAY, Finals
from bridge.search.judge import Expectation
from bridge.search.memory import REMEMBERED, Memory, Tried
from bridge.search.rendering import ExcerptJudge

CAUTIOUS = 0.75
_SPREAD = np.array([-0.2, -0.1, 0.0, 0.1, 0.2])


ONE, OTHER = (cast(ExcerptJudge, object()) for _ in range(2))


def expected(distance: float, change: float) -> Expectation:
    return Expectation(
        (distance * np.exp(_SPREAD)).astype(np.float32), (change + _SPREAD).astype(np.float32)
    )


@pytest.fixture
def chain(overdrive: PluginSpec) -> Chain:
    return Chain.of_plugin(overdrive)


@pytest.fixture
def nothing(chain: Chain) -> Tried:
    dry = ChainSetting.start(chain).without([chain.id])
    return Tried(dry, 0.0, {ONE: expected(1.0, 0.0), OTHER: expected(1.0, 0.0)})


def wet(chain: Chain, drive: float, **on: Expectation) -> Tried:
    setting = ChainSetting.of_predicted(chain, [drive, 0.5, 0.5])
    excerpts = {"one": ONE, "other": OTHER}
    return Tried(setting, 0.0, {excerpts[name]: found for name, found in on.items()})


def best(
    *tried: Tried, last: Tried | None = None, excerpts: tuple[ExcerptJudge, ...] = (ONE,)
) -> Tried:
    return Finals(excerpts, tried, CAUTIOUS, CLEARLY).best(last)


def test_more_excerpts_change_the_choice_only_where_they_are_clear(
    chain: Chain, nothing: Tried
) -> None:
    """With more time there are more excerpts; it must not undo what less time would have found."""
    first = wet(chain, 0.3, one=expected(0.6, -0.5), other=expected(0.3, -0.9))
    soon = wet(chain, 0.6, one=expected(0.45, -0.8), other=expected(0.5, -0.7))
    assert best(nothing, first, soon) is soon
    assert best(nothing, first, soon, excerpts=(ONE, OTHER)) is soon
    worse = wet(chain, 0.6, one=expected(0.45, -0.8), other=expected(0.8, -0.2))
    assert best(nothing, first, worse, excerpts=(ONE, OTHER)) is first


def test_what_is_expected_nearest_is_chosen(chain: Chain, nothing: Tried) -> None:
    near = wet(chain, 0.3, one=expected(0.4, -0.9))
    far = wet(chain, 0.6, one=expected(0.7, -0.4))
    assert best(nothing, far, near) is near


@pytest.mark.parametrize(("change", "chosen"), [(-0.11, True), (-0.09, False), (0.3, False)])
def test_nothing_is_done_where_the_change_is_not_sure_enough(
    chain: Chain, nothing: Tried, change: float, chosen: bool
) -> None:
    """However near a setting is expected: its change must be below 0 at the cautious quantile."""
    assert QUANTILES[3] == CAUTIOUS
    near = wet(chain, 0.3, one=expected(0.2, change))
    assert (best(nothing, near) is near) == chosen


def test_a_plain_gain_needs_no_such_proof(nothing: Tried) -> None:
    """The change is told at the target's level, which a gain does not move."""
    gain = Tried(nothing.setting, -6.0, {ONE: expected(0.5, 0.0)})
    assert best(nothing, gain) is gain


@pytest.mark.parametrize(
    ("share", "stays"), [(1 - 0.5 * STAY, True), (np.exp(-2 * CLEARLY), False)]
)
def test_the_last_answer_stays_unless_another_is_clearly_nearer(
    chain: Chain, nothing: Tried, share: float, stays: bool
) -> None:
    last = wet(chain, 0.3, one=expected(0.5, -0.7))
    other = wet(chain, 0.6, one=expected(0.5 * share, -0.7))
    assert best(nothing, other, last) is other
    assert best(nothing, last, other, last=last) is (last if stays else other)
    # What the last answer was is known by its setting.
    again = wet(chain, 0.3, one=expected(0.5, -0.7))
    assert best(nothing, again, other, last=last) is (again if stays else other)


def test_what_is_tried_later_must_be_clearly_nearer(chain: Chain, nothing: Tried) -> None:
    """Of many the one that is judged best is judged too well."""
    first = wet(chain, 0.3, one=expected(0.5, -0.7))
    hardly = wet(chain, 0.6, one=expected(0.5 * np.exp(-0.5 * CLEARLY), -0.7))
    clearly = wet(chain, 0.9, one=expected(0.5 * np.exp(-2 * CLEARLY), -0.7))
    assert best(nothing, first, hardly) is first
    assert best(nothing, first, hardly, clearly) is clearly
    assert best(nothing, clearly, hardly, first) is clearly


def test_a_last_answer_that_harms_does_not_stay(chain: Chain, nothing: Tried) -> None:
    last = wet(chain, 0.3, one=expected(0.95, 0.4))
    assert best(nothing, last, last=last) is nothing


def test_doing_nothing_stays_too(chain: Chain, nothing: Tried) -> None:
    other = wet(chain, 0.6, one=expected(1 - 0.5 * STAY, -0.7))
    assert best(nothing, other) is other
    assert best(nothing, other, last=nothing) is nothing


def test_evidence_over_several_excerpts_changes_the_choice(chain: Chain, nothing: Tried) -> None:
    """What was lucky on one excerpt is not so on the next."""
    lucky = wet(chain, 0.3, one=expected(0.3, -1.2), other=expected(0.9, -0.2))
    steady = wet(chain, 0.6, one=expected(0.4, -0.9), other=expected(0.4, -0.9))
    assert best(nothing, lucky, steady) is lucky
    assert best(nothing, lucky, steady, excerpts=(ONE, OTHER)) is steady
    harmful = wet(chain, 0.9, one=expected(0.2, -0.3), other=expected(0.2, 0.5))
    assert best(nothing, harmful) is harmful
    assert best(nothing, harmful, excerpts=(ONE, OTHER)) is nothing


def test_expectations_of_several_excerpts_are_their_mean(chain: Chain) -> None:
    tried = wet(chain, 0.3, one=expected(0.4, -1.0), other=expected(0.8, 0.0))
    mean = tried.on((ONE, OTHER))
    assert mean.median == pytest.approx(0.6)
    assert mean.change == pytest.approx(-0.5 + _SPREAD)
    assert tried.on((ONE,)).median == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("change", "probability"),
    [(0.0, 0.5), (-0.1, 0.75), (0.2, 0.1), (-5.0, 0.95), (5.0, 0.05)],
)
def test_how_probably_a_candidate_is_nearer(change: float, probability: float) -> None:
    assert expected(1.0, change).better == pytest.approx(probability, abs=1e-6)


def test_the_first_of_what_is_remembered_is_the_last_answer(chain: Chain, nothing: Tried) -> None:
    answer = wet(chain, 0.3)
    assert Memory((ONE,), (answer, nothing)).last is answer
    assert Memory().last is None
    assert REMEMBERED > 3
