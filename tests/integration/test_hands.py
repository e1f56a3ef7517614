"""What the musician turns or switches is kept, at whatever moment, in every host that tells it."""

import random
import threading
import time
from functools import partial

import pytest

from tests.fake_hosts import FakeHost
from tests.following import HOP_S, at_once, following, holds
from tests.hands import EACH, jumps

DRIVE, MUFFLE, BYPASS = (f"mda-overdrive/{symbol}" for symbol in ("drive", "muffle", "bypass"))
JUMPS, SWITCHES = 12, 4
"""`python -m benchmarks.hands` does more jumps."""
FULL_STATE_S = 0.6
HOSTS = [partial(kind, tick_s=tick_s) for kind, tick_s in EACH]


@at_once(*HOSTS[1:3])
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


@at_once(*HOSTS)
def test_jumps_at_random_moments_are_kept(fake: FakeHost) -> None:
    assert list(jumps(fake, JUMPS)) == JUMPS * [""]


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Full states come more often."""
    monkeypatch.setattr("bridge.drive.sending.FULL_STATE_S", FULL_STATE_S)


@pytest.mark.usefixtures("often")
@at_once(*HOSTS)
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


@at_once(*HOSTS)
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
