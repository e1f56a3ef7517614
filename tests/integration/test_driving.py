"""The driver against fake hosts on real sockets and the real clock: slow, deaf, gone and back."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from bridge.drive.driver import Driver
from bridge.hosts import connect
from bridge.manifest import BYPASS, PluginSpec, Setting
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

HOP_S = 0.05
PATIENCE_S = 20.0
ANSWERING = [FakeArdour, FakeCarla, FakeReaper, FakeLive, FakeBitwig, FakeSuperCollider]


class Loop:
    """The engine's hops: listen, send, sleep."""

    def __init__(self, driver: Driver, goal: Setting) -> None:
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

    def sweep(self, symbol: str, seconds: float) -> None:
        """Move one parameter up by a step every hop, starting where it is."""
        spec = self.goal.plugin.parameter(symbol)
        for _ in range(round(seconds / HOP_S)):
            share = min(spec.to_normalised(self.goal.values[symbol]) + 0.01, 1.0)
            values = self.goal.values | {symbol: spec.to_real(share)}
            self.goal = Setting.of_values(self.goal.plugin, values)
            self.hop()


@contextmanager
def following(fake: FakeHost) -> Iterator[Loop]:
    plugin = fake.spec
    goal = Setting(plugin, tuple(0.0 if p.classes else 0.125 for p in plugin.parameters))
    with connect(fake.url, plugin) as host, Driver(host, plugin) as driver:
        yield Loop(driver, goal)


@pytest.fixture
def fake(request: pytest.FixtureRequest, overdrive: PluginSpec) -> Iterator[FakeHost]:
    kind, *options = request.param if isinstance(request.param, tuple) else (request.param,)
    with kind(overdrive, *options) as running:
        yield running


def holds(fake: FakeHost, goal: Setting) -> bool:
    return fake.values() == pytest.approx(goal.values, abs=2e-3)


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
        loop.sweep("drive", 1.0)
        assert loop.driver.yielded == {}
        fake.turn("muffle", 0.75)
        loop.until(lambda: "muffle" in loop.driver.yielded)
        loop.sweep("drive", 1.0)
        assert set(loop.driver.yielded) == {"muffle"}
        assert fake.values()["muffle"] == pytest.approx(0.75, abs=1e-3)
        loop.driver.arm()
        loop.until(lambda: holds(fake, loop.goal))


@pytest.mark.parametrize(
    "fake", [(FakeLive, 0.1), (FakeArdour, 0.1), (FakeBitwig, 0.1)], indirect=True
)
def test_a_slow_host_is_not_mistaken_for_a_hand_on_the_knob(fake: FakeHost) -> None:
    with following(fake) as loop:
        loop.sweep("drive", 2.0)
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
        loop.sweep("drive", 1.0)
        loop.until(lambda: not loop.driver.lost and holds(fake, loop.goal))


@pytest.mark.parametrize("fake", [f for f in ANSWERING if f.movable], indirect=True)
def test_a_moved_plugin_is_driven_where_it_is_now(fake: FakeHost) -> None:
    with following(fake) as loop:
        loop.until(lambda: holds(fake, loop.goal))
        fake.move_track()
        loop.sweep("drive", 1.0)
        loop.until(lambda: not loop.driver.lost and holds(fake, loop.goal))
        if not fake.tells_moves:
            # Until the bridge has asked, it cannot know.
            assert len(fake.mistakes) < 8
            fake.mistakes.clear()
        others = [p for t in fake.tracks for pl in t.plugins for p in pl.parameters]
        assert {p.value for p in others if p.name in ("Thresh", "Tune")} == {0.5}


@pytest.mark.parametrize("fake", [FakeReaper], indirect=True)
def test_reaper_is_told_the_end_of_an_edit(fake: FakeReaper) -> None:
    with following(fake) as loop:
        loop.until(lambda: set(fake.ended) == {"Drive", "Muffle", "Output"})
        loop.driver.finish(loop.goal, bypass=True)
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
        loop.sweep("drive", 1.0)
        fake.plugin.enabled = False
        loop.until(lambda: BYPASS in loop.driver.yielded)
        loop.sweep("drive", 0.5)
        assert not fake.plugin.enabled
