"""A musician's hand on the knobs of a fake host, while the bridge moves all of them."""

import random
import threading
from collections.abc import Iterator

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
from tests.following import HOP_S, Loop, following, holds

EACH: list[tuple[type[FakeHost], float]] = [
    (FakeLive, 0.1),
    (FakeCarla, 0.02),
    (FakeReaper, 0.033),
    (FakeBitwig, 0.03),
    (FakeArdour, 0.0),
    (FakeSuperCollider, 0.005),
]
"""The hosts that tell what is turned in them, and how often the real one looks at what came in."""
_KNOBS = tuple(f"mda-overdrive/{symbol}" for symbol in ("drive", "muffle", "output"))
_NEAR = 2e-3


def jumps(fake: FakeHost, count: int) -> Iterator[str]:
    """So many knobs jump, up to three within half a second; of each what is wrong, if anything.

    A jump is kept where the host has the value later, and the bridge calls it the musician's.
    """
    draw = random.Random(1)
    with following(fake) as loop:
        loop.until(lambda: holds(fake, loop.goal))
        start = loop.goal
        for first in range(0, count, len(_KNOBS)):
            wanted = {knob: draw.uniform(0.4, 1.0) for knob in _KNOBS[: count - first]}
            timers = [
                threading.Timer(draw.uniform(0, 0.5), fake.turn, jump) for jump in wanted.items()
            ]
            for timer in timers:
                timer.start()
            for hop in range(round(1.5 / HOP_S)):
                _wobble(loop, start, hop)
            kept, told = fake.values(), loop.driver.yielded
            for knob, value in wanted.items():
                right = abs(kept[knob] - value) <= _NEAR and abs(told.get(knob, 9) - value) <= _NEAR
                said = f"{knob} to {value:.3f}: is {kept[knob]:.3f}, and yours: {told.get(knob)}"
                yield "" if right else said
            loop.driver.arm()
            loop.until(lambda: holds(fake, loop.goal))
            # What was sent before the arm may still come back.
            for _ in range(round(1.1 / HOP_S)):
                loop.hop()


def _wobble(loop: Loop, start: ChainSetting, hop: int) -> None:
    """A hop in which every knob is on its way: up and down by a tenth, twice a second."""
    away = 0.02 * min(hop % 10, 10 - hop % 10)
    loop.goal = start.with_values({a: v + away for a, v in start.values.items()})
    loop.hop()
