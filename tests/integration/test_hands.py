"""What the musician turns or switches is kept, at whatever moment, in every host that tells it."""

import random
import threading
import time
from functools import partial

import pytest

from bridge.chain import ChainSetting
from tests.fake_hosts import (
    FakeArdour,
    FakeBitwig,
    FakeCarla,
    FakeHost,
    FakeLive,
    FakeReaper,
    FakeSuperCollider,
)
from tests.following import HOP_S, Loop, at_once, following, holds

DRIVE, MUFFLE, OUTPUT, BYPASS = (
    f"mda-overdrive/{symbol}" for symbol in ("drive", "muffle", "output", "bypass")
)
JUMPS, SWITCHES = 12, 4
FULL_STATE_S = 0.6
LIVE_TICK_S, CARLA_IDLE_S, REAPER_TICK_S = 0.1, 0.02, 0.033
EACH = [
    partial(FakeLive, tick_s=LIVE_TICK_S),
    partial(FakeCarla, tick_s=CARLA_IDLE_S),
    partial(FakeReaper, tick_s=REAPER_TICK_S),
    partial(FakeBitwig, tick_s=0.03),
    FakeArdour,
    partial(FakeSuperCollider, tick_s=0.005),
]


@at_once(*EACH[1:3])
def test_a_knob_set_back_to_where_it_was_first_is_a_hand(fake: FakeHost) -> None:
    first = fake.values()[DRIVE]
    with following(fake) as loop:
        loop.until(lambda: holds(fake, loop.goal))
        loop.sweep(DRIVE, 0.2)
        fake.turn(DRIVE, first)
        loop.until(lambda: DRIVE in loop.driver.yielded)
        loop.sweep(DRIVE, 0.5)
        assert fake.values()[DRIVE] == pytest.approx(first, abs=2e-3)
        assert loop.driver.yielded[DRIVE] == pytest.approx(first, abs=2e-3)


def wobble(loop: Loop, start: ChainSetting, hop: int) -> None:
    """A hop in which every knob is on its way: up and down by a tenth, twice a second."""
    away = 0.02 * min(hop % 10, 10 - hop % 10)
    loop.goal = start.with_values({a: v + away for a, v in start.values.items()})
    loop.hop()


@at_once(*EACH)
def test_jumps_at_random_moments_are_kept(fake: FakeHost) -> None:
    draw = random.Random(1)
    with following(fake) as loop:
        loop.until(lambda: holds(fake, loop.goal))
        wrong, start = [], loop.goal
        for _ in range(JUMPS // 3):
            jumps = {a: draw.uniform(0.4, 1.0) for a in (DRIVE, MUFFLE, OUTPUT)}
            timers = [
                threading.Timer(draw.uniform(0, 0.5), fake.turn, (a, v)) for a, v in jumps.items()
            ]
            for timer in timers:
                timer.start()
            for hop in range(round(1.5 / HOP_S)):
                wobble(loop, start, hop)
            kept, told = fake.values(), loop.driver.yielded
            wrong += [
                (a, v, kept[a], told.get(a))
                for a, v in jumps.items()
                if abs(kept[a] - v) > 2e-3 or abs(told.get(a, 9) - v) > 2e-3
            ]
            loop.driver.arm()
            loop.until(lambda: holds(fake, loop.goal))
            # What was sent before the arm may still come back.
            for _ in range(round(1.1 / HOP_S)):
                loop.hop()
        assert wrong == []


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Full states come more often."""
    monkeypatch.setattr("bridge.drive.sending.FULL_STATE_S", FULL_STATE_S)


@pytest.mark.usefixtures("often")
@at_once(*EACH)
def test_a_bypass_at_a_random_moment_is_kept(fake: FakeHost) -> None:
    draw = random.Random(2)
    with following(fake) as loop:
        loop.until(lambda: holds(fake, loop.goal))
        for _ in range(SWITCHES):
            timer = threading.Timer(
                draw.uniform(0, FULL_STATE_S), fake.switch, (fake.chain.slots[0].id, False)
            )
            timer.start()
            end = time.monotonic() + 3 * FULL_STATE_S
            loop.until(lambda: BYPASS in loop.driver.yielded)
            # Two full states later it is still off.
            while time.monotonic() < end:
                loop.hop()
            assert not fake.plugin.enabled
            assert loop.driver.yielded == {BYPASS: 1.0}
            loop.driver.arm()
            loop.until(lambda: fake.plugin.enabled)
            for _ in range(round(1.1 / HOP_S)):
                loop.hop()


@at_once(*EACH)
def test_a_knob_that_is_turned_while_the_window_fills_is_a_hand(fake: FakeHost) -> None:
    with following(fake) as loop:
        loop.driver.following = True
        deadline = time.monotonic() + 5
        fake.turn(MUFFLE, 0.75)
        while MUFFLE not in loop.driver.yielded:
            assert time.monotonic() < deadline
            loop.driver.listen(time.monotonic())
            time.sleep(HOP_S)
        loop.sweep(DRIVE, 0.5)
        assert loop.driver.yielded == pytest.approx({MUFFLE: 0.75}, abs=2e-3)
        assert fake.values()[MUFFLE] == pytest.approx(0.75, abs=2e-3)
