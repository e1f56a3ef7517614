"""The driver against fake hosts on real sockets and the real clock: slow, deaf, gone and back."""

from functools import partial

import pytest

from tests.fake_hosts import (
    FAKES,
    FakeArdour,
    FakeBitwig,
    FakeCarla,
    FakeHost,
    FakeLive,
    FakeReaper,
    FakeSuperCollider,
)
from tests.fake_hosts.base import others
from tests.following import at_once, following, holds

DRIVE, MUFFLE, OUTPUT, BYPASS = (
    f"mda-overdrive/{symbol}" for symbol in ("drive", "muffle", "output", "bypass")
)
TWO = "mda-overdrive,mda-delay"
ANSWERING = [FakeArdour, FakeCarla, FakeReaper, FakeLive, FakeBitwig, FakeSuperCollider]


@at_once(*FAKES)
def test_values_arrive_and_are_given_back(fake: FakeHost) -> None:
    before = fake.values()
    with following(fake) as loop:
        loop.until(lambda: holds(fake, loop.goal))
        loop.driver.revert()
        if fake.reads:
            loop.until(lambda: fake.values() == pytest.approx(before, abs=2e-3))


@at_once(*ANSWERING)
def test_a_turned_knob_is_yielded_while_another_glides(fake: FakeHost) -> None:
    with following(fake) as loop:
        loop.until(lambda: holds(fake, loop.goal))
        loop.sweep(DRIVE, 1.0)
        assert loop.driver.yielded == {}
        fake.turn(MUFFLE, 0.75)
        loop.until(lambda: MUFFLE in loop.driver.yielded)
        loop.sweep(DRIVE, 1.0)
        assert set(loop.driver.yielded) == {MUFFLE}
        assert fake.values()[MUFFLE] == pytest.approx(0.75, abs=1e-3)
        loop.driver.arm()
        loop.until(lambda: holds(fake, loop.goal))


@at_once(*(partial(fake, tick_s=0.1) for fake in (FakeLive, FakeArdour, FakeBitwig)))
def test_a_slow_host_is_not_mistaken_for_a_hand_on_the_knob(fake: FakeHost) -> None:
    with following(fake) as loop:
        loop.sweep(DRIVE, 2.0)
        loop.until(lambda: holds(fake, loop.goal))
        assert loop.driver.yielded == {}


@at_once(*ANSWERING)
def test_a_host_that_quits_and_comes_back_gets_the_full_state(fake: FakeHost) -> None:
    with following(fake) as loop:
        loop.until(lambda: holds(fake, loop.goal))
        fake.quit()
        if loop.driver._host.profile.lost_s < 10 or fake.scheme == "carla":
            loop.until(lambda: loop.driver.lost)
        fake.start_again()
        loop.until(lambda: not loop.driver.lost and holds(fake, loop.goal))
        assert loop.driver.yielded == {}


@at_once(FakeArdour)
def test_a_deaf_host_is_lost_and_found_when_it_hears_again(fake: FakeHost) -> None:
    with following(fake) as loop:
        loop.until(lambda: holds(fake, loop.goal))
        fake.deaf = True
        loop.until(lambda: loop.driver.lost)
        fake.deaf = False
        loop.sweep(DRIVE, 1.0)
        loop.until(lambda: not loop.driver.lost and holds(fake, loop.goal))


@at_once(*(fake for fake in ANSWERING if fake.movable))
def test_a_moved_plugin_is_driven_where_it_is_now(fake: FakeHost) -> None:
    with following(fake) as loop:
        loop.until(lambda: holds(fake, loop.goal))
        fake.move_track()
        loop.sweep(DRIVE, 1.0)
        loop.until(lambda: not loop.driver.lost and holds(fake, loop.goal))
        if not fake.tells_moves:
            # Until the bridge has asked, it cannot know.
            assert len(fake.mistakes) < 8
            fake.mistakes.clear()
        assert others(fake.tracks) == {0.5}


@at_once(FakeReaper)
def test_reaper_is_told_the_end_of_an_edit(fake: FakeReaper) -> None:
    with following(fake) as loop:
        loop.until(lambda: set(fake.ended) == {"Drive", "Muffle", "Output"})
        loop.driver.finish(loop.goal.without({"mda-overdrive"}))
        assert not fake.plugin.enabled


@at_once(FakeBitwig)
def test_bitwig_is_told_both_ends_of_a_gesture(fake: FakeBitwig) -> None:
    with following(fake) as loop:
        loop.until(lambda: fake.touched == {"Drive", "Muffle", "Output"})
        loop.until(lambda: not fake.touched)


@at_once(FakeArdour)
def test_the_hosts_bypass_is_yielded_too(fake: FakeHost) -> None:
    with following(fake) as loop:
        loop.until(lambda: holds(fake, loop.goal))
        loop.sweep(DRIVE, 1.0)
        fake.plugin.enabled = False
        loop.until(lambda: BYPASS in loop.driver.yielded)
        loop.sweep(DRIVE, 0.5)
        assert not fake.plugin.enabled


SEVERAL = [FakeArdour, FakeCarla, FakeReaper, FakeLive, FakeSuperCollider]


@at_once(*SEVERAL, chains=(TWO,))
def test_what_is_done_to_one_slot_touches_no_other(fake: FakeHost) -> None:
    feedback = "mda-delay/feedback"
    before = fake.values()
    with following(fake) as loop:
        loop.until(lambda: holds(fake, loop.goal))
        fake.turn(feedback, 0.75)
        loop.until(lambda: feedback in loop.driver.yielded)
        loop.goal = loop.goal.without({"mda-overdrive"})
        loop.until(lambda: fake.bypassed() == {"mda-overdrive"})
        loop.sweep("mda-delay/l_delay", 0.5)
        loop.sweep(DRIVE, 0.5)
        mine = loop.goal.with_values({feedback: 0.75})
        loop.until(lambda: holds(fake, mine))
        assert set(loop.driver.yielded) == {feedback}
        loop.driver.revert()
        loop.until(lambda: fake.values() == pytest.approx(before | {feedback: 0.75}, abs=2e-3))
        loop.until(lambda: fake.bypassed() == set())
        assert others(fake.tracks) == {0.5}


@at_once(FakeArdour, chains=(TWO,))
def test_a_plugin_inserted_in_the_middle_of_a_glide_stays_as_it_is(fake: FakeHost) -> None:
    with following(fake) as loop:
        loop.until(lambda: holds(fake, loop.goal))
        for _ in range(3):
            loop.sweep("mda-delay/l_delay", 0.5)
            fake.insert_above()
            loop.sweep(DRIVE, 0.5)
            loop.until(lambda: not loop.driver.lost and holds(fake, loop.goal))
        assert others(fake.tracks) == {0.5}
        assert loop.driver.yielded == {}


@at_once(FakeArdour, chains=(TWO,))
def test_a_removed_plugin_is_said_until_it_is_back(fake: FakeHost) -> None:
    guitar = fake.tracks[1].plugins
    with following(fake) as loop:
        loop.until(lambda: holds(fake, loop.goal))
        removed = guitar.pop()
        loop.until(lambda: "is gone in the host" in loop.driver.take_fault())
        loop.sweep(DRIVE, 0.5)
        guitar.append(removed)
        loop.until(lambda: not loop.driver.lost and holds(fake, loop.goal))


@at_once(FakeArdour, chains=(TWO,))
def test_a_slots_bypass_in_the_host_is_yielded_alone(fake: FakeHost) -> None:
    with following(fake) as loop:
        loop.until(lambda: holds(fake, loop.goal))
        fake.plugins["mda-delay"].enabled = False
        loop.until(lambda: set(loop.driver.yielded) == {"mda-delay/bypass"})
        loop.goal = loop.goal.without({"mda-overdrive"})
        loop.sweep(DRIVE, 0.5)
        loop.until(lambda: fake.bypassed() == {"mda-overdrive", "mda-delay"})
        loop.driver.revert()
        assert fake.bypassed() == {"mda-delay"}
