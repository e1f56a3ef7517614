"""A driver that follows a goal in a fake host, hop by hop, as the engine does; several at once."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from bridge.chain import Chain, ChainSetting, chain_of
from bridge.drive.driver import Driver
from bridge.hosts import connect
from bridge.manifest import Manifest
from tests.fake_hosts import FakeHost

HOP_S = 0.05
PATIENCE_S = 20.0
_AT_ONCE = 4
"""More would wait for each other, and what a host tells would come too late."""


def at_once(
    *fakes: Callable[[Chain], FakeHost], chains: Sequence[str] = ("mda-overdrive",)
) -> Callable[[Callable[[Any], None]], Callable[[Manifest], None]]:
    """Make a test of what must be true of each of these hosts, with each of these chains.

    They mostly wait, so several are tested at the same time, each in a thread of its own. The test
    fails with all that failed; a note of each says which host it was.
    """

    def test_of(check: Callable[[Any], None]) -> Callable[[Manifest], None]:
        def one(opened: Callable[[Chain], FakeHost], chain: Chain) -> Exception | None:
            try:
                with opened(chain) as fake:
                    check(fake)
            except Exception as error:
                error.add_note(f"in {opened} with {chain.id}")
                return error
            return None

        def test(manifest: Manifest) -> None:
            jobs = [(fake, chain_of(text, manifest)) for fake in fakes for text in chains]
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                failed = [error for error in pool.map(one, *zip(*jobs, strict=True)) if error]
            if failed:
                raise ExceptionGroup(f"{len(failed)} of {len(jobs)}", failed)

        test.__name__, test.__doc__ = check.__name__, check.__doc__
        return test

    return test_of


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
