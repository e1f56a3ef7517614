"""The driver against fake hosts on real sockets and the real clock: slow, deaf, gone and back."""

from collections.abc import Iterator

import pytest

from bridge.chain import Chain, chain_of
from bridge.manifest import Manifest
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
from tests.following import following, holds

DRIVE, MUFFLE, OUTPUT, BYPASS = (
    f"mda-overdrive/{symbol}" for symbol in ("drive", "muffle", "output", "bypass")
)
ANSWERING = [FakeArdour, FakeCarla, FakeReaper, FakeLive, FakeBitwig, FakeSuperCollider]


@pytest.fixture
def one(manifest: Manifest) -> Chain:
    return chain_of("mda-overdrive", manifest)


@pytest.fixture
def two(manifest: Manifest) -> Chain:
    return chain_of("mda-overdrive,mda-delay", manifest)


@pytest.fixture
def fake(request: pytest.FixtureRequest, one: Chain) -> Iterator[FakeHost]:
    kind, *options = request.param if isinstance(request.param, tuple) else (request.param,)
    with kind(one, *options) as running:
        yield running


@pytest.fixture
def fake_of_two(request: pytest.FixtureRequest, two: Chain) -> Iterator[FakeHost]:
    with request.param(two) as running:
        yield running


@pytest.mark.parametrize("fake", FAKES, indirect=True)
def test_values_arrive_and_are_given_back(fake: FakeHost) -> None:
    before = fake.values()
    with following(fake) as loop:
        loop.until(lambda: holds(fake, loop.goal))
        loop.driver.revert()
        if fake.reads:
            loop.until(lambda: fake.values() == pytest.approx(before, abs=2e-3))


@pytest.mark.parametrize("fake", ANSWERING, indirect=True)
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


@pytest.mark.parametrize(
    "fake", [(FakeLive, 0.1), (FakeArdour, 0.1), (FakeBitwig, 0.1)], indirect=True
)
def test_a_slow_host_is_not_mistaken_for_a_hand_on_the_knob(fake: FakeHost) -> None:
    with following(fake) as loop:
        loop.sweep(DRIVE, 2.0)
        loop.until(lambda: holds(fake, loop.goal))
        assert loop.driver.yielded == {}


@pytest.mark.parametrize("fake", ANSWERING, indirect=True)
def test_a_host_that_quits_and_comes_back_gets_the_full_state(fake: FakeHost) -> None:
    with following(fake) as loop:
        loop.until(lambda: holds(fake, loop.goal))
        fake.quit()
        if loop.driver._host.profile.lost_s < 10 or fake.scheme == "carla":
            loop.until(lambda: loop.driver.lost)
        fake.start_again()
        loop.until(lambda: not loop.driver.lost and holds(fake, loop.goal))
        assert loop.driver.yielded == {}


@pytest.mark.parametrize("fake", [FakeArdour], indirect=True)
def test_a_deaf_host_is_lost_and_found_when_it_hears_again(fake: FakeHost) -> None:
    with following(fake) as loop:
        loop.until(lambda: holds(fake, loop.goal))
        fake.deaf = True
        loop.until(lambda: loop.driver.lost)
        fake.deaf = False
        loop.sweep(DRIVE, 1.0)
        loop.until(lambda: not loop.driver.lost and holds(fake, loop.goal))


@pytest.mark.parametrize("fake", [f for f in ANSWERING if f.movable], indirect=True)
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


@pytest.mark.parametrize("fake", [FakeReaper], indirect=True)
def test_reaper_is_told_the_end_of_an_edit(fake: FakeReaper) -> None:
    with following(fake) as loop:
        loop.until(lambda: set(fake.ended) == {"Drive", "Muffle", "Output"})
        loop.driver.finish(loop.goal.without({"mda-overdrive"}))
        assert not fake.plugin.enabled


@pytest.mark.parametrize("fake", [FakeBitwig], indirect=True)
def test_bitwig_is_told_both_ends_of_a_gesture(fake: FakeBitwig) -> None:
    with following(fake) as loop:
        loop.until(lambda: fake.touched == {"Drive", "Muffle", "Output"})
        loop.until(lambda: not fake.touched)


@pytest.mark.parametrize("fake", [FakeArdour], indirect=True)
def test_the_hosts_bypass_is_yielded_too(fake: FakeHost) -> None:
    with following(fake) as loop:
        loop.until(lambda: holds(fake, loop.goal))
        loop.sweep(DRIVE, 1.0)
        fake.plugin.enabled = False
        loop.until(lambda: BYPASS in loop.driver.yielded)
        loop.sweep(DRIVE, 0.5)
        assert not fake.plugin.enabled


SEVERAL = [FakeArdour, FakeCarla, FakeReaper, FakeLive, FakeSuperCollider]


@pytest.mark.parametrize("fake_of_two", SEVERAL, indirect=True)
def test_what_is_done_to_one_slot_touches_no_other(fake_of_two: FakeHost) -> None:
    fake, feedback = fake_of_two, "mda-delay/feedback"
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


@pytest.mark.parametrize("fake_of_two", [FakeArdour], indirect=True)
def test_a_plugin_inserted_in_the_middle_of_a_glide_stays_as_it_is(fake_of_two: FakeHost) -> None:
    fake = fake_of_two
    with following(fake) as loop:
        loop.until(lambda: holds(fake, loop.goal))
        for _ in range(3):
            loop.sweep("mda-delay/l_delay", 0.5)
            fake.insert_above()
            loop.sweep(DRIVE, 0.5)
            loop.until(lambda: not loop.driver.lost and holds(fake, loop.goal))
        assert others(fake.tracks) == {0.5}
        assert loop.driver.yielded == {}


@pytest.mark.parametrize("fake_of_two", [FakeArdour], indirect=True)
def test_a_removed_plugin_is_said_until_it_is_back(fake_of_two: FakeHost) -> None:
    fake = fake_of_two
    guitar = fake.tracks[1].plugins
    with following(fake) as loop:
        loop.until(lambda: holds(fake, loop.goal))
        removed = guitar.pop()
        loop.until(lambda: "is gone in the host" in loop.driver.take_fault())
        loop.sweep(DRIVE, 0.5)
        guitar.append(removed)
        loop.until(lambda: not loop.driver.lost and holds(fake, loop.goal))


@pytest.mark.parametrize("fake_of_two", [FakeArdour], indirect=True)
def test_a_slots_bypass_in_the_host_is_yielded_alone(fake_of_two: FakeHost) -> None:
    fake = fake_of_two
    with following(fake) as loop:
        loop.until(lambda: holds(fake, loop.goal))
        fake.plugins["mda-delay"].enabled = False
        loop.until(lambda: set(loop.driver.yielded) == {"mda-delay/bypass"})
        loop.goal = loop.goal.without({"mda-overdrive"})
        loop.sweep(DRIVE, 0.5)
        loop.until(lambda: fake.bypassed() == {"mda-overdrive", "mda-delay"})
        loop.driver.revert()
        assert fake.bypassed() == {"mda-delay"}
