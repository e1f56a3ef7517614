import time
from math import inf

import pytest

from bridge.search.deadline import Deadline, OutOfTimeError


@pytest.mark.parametrize("deadline", [Deadline(), Deadline.after(None), Deadline().share(0.1)])
def test_without_a_budget_it_never_comes(deadline: Deadline) -> None:
    assert deadline.left_s == inf
    assert not deadline.passed
    deadline.check()


def test_a_budget_runs_from_the_call() -> None:
    deadline = Deadline.after(0.05)
    deadline.check()
    assert 0 < deadline.left_s <= 0.05
    time.sleep(0.06)
    assert deadline.passed
    assert deadline.left_s < 0
    with pytest.raises(OutOfTimeError):
        deadline.check()


def test_a_stage_may_take_a_share_of_what_is_left() -> None:
    deadline = Deadline.after(100)
    assert deadline.share(0.25).left_s == pytest.approx(25, abs=0.5)
    assert deadline.share(0.5).share(0.5).left_s == pytest.approx(25, abs=0.5)
    assert deadline.share(0).passed


def test_of_time_that_is_over_there_is_no_share() -> None:
    over = Deadline(time.monotonic() - 10)
    assert over.share(0.5).passed
    # It is not put off to before now, which would say nothing, nor to after it.
    assert -1 < over.share(0.5).left_s <= 0
