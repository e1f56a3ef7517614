"""A driver that follows a goal in a fake host, hop by hop, as the engine does."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from bridge.chain import ChainSetting
from bridge.drive.driver import Driver
from bridge.hosts import connect
from tests.fake_hosts import FakeHost

HOP_S = 0.05
PATIENCE_S = 20.0


class Loop:
    """The engine's hops: listen, send, sleep."""

    def __init__(self, driver: Driver, goal: ChainSetting) -> None:
        self.driver = driver
        self.goal = goal

    def hop(self) -> None:
        now_s = time.monotonic()
        self.driver.listen(now_s)
        self.driver.update(self.goal, now_s)
        time.sleep(HOP_S)

    def until(self, wanted: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not wanted():
            assert time.monotonic() < deadline, self.driver.take_fault()
            self.hop()

    def sweep(self, address: str, seconds: float) -> None:
        """Move one parameter up by a step every hop, starting where it is."""
        spec = self.goal.chain.parameter(address).spec
        for _ in range(round(seconds / HOP_S)):
            share = min(spec.to_normalised(self.goal.values[address]) + 0.01, 1.0)
            self.goal = self.goal.with_values({address: spec.to_real(share)})
            self.hop()


def following(fake: FakeHost) -> AbstractContextManager[Loop]:
    """Follow a goal an eighth up from the bottom of every range."""
    return following_at(fake, fake.url)


@contextmanager
def following_at(fake: FakeHost, url: str) -> Iterator[Loop]:
    """The same, at another URL of the fake."""
    chain = fake.chain
    values = [0.0 if p.spec.classes else 0.125 for p in chain.parameters]
    goal = ChainSetting.of_normalised(chain, values)
    with connect(url, chain) as host, Driver(host, chain) as driver:
        yield Loop(driver, goal)


def holds(fake: FakeHost, goal: ChainSetting) -> bool:
    """Whether the host has what is wanted."""
    return fake.values() == pytest.approx(goal.values, abs=2e-3)
