"""What is sent, yielded and given back: a host in memory, and a clock of our own."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest

from bridge.drive.driver import RELEASE_S, RETRY_S, Driver
from bridge.drive.feedback import ECHO_S, Feedback
from bridge.drive.sending import DEADBAND, FULL_STATE_S
from bridge.hosts import News
from bridge.manifest import BYPASS, PluginSpec, Setting
from tests.doubles import MemoryHost

HOP_S = 0.05
OWN = {"drive": 0.4, "muffle": 0.3, "output": 0.2}


@pytest.fixture
def host() -> MemoryHost:
    return MemoryHost(OWN)


@pytest.fixture
def driven(overdrive: PluginSpec) -> Iterator[Callable[[MemoryHost], Driver]]:
    with ExitStack() as drivers:
        yield lambda host: drivers.enter_context(Driver(host, overdrive))


@pytest.fixture
def setting(overdrive: PluginSpec) -> Callable[..., Setting]:
    return lambda *values: Setting(overdrive, values)


Make = Callable[[MemoryHost], Driver]
Of = Callable[..., Setting]


def test_only_changes_are_sent(host: MemoryHost, driven: Make, setting: Of) -> None:
    driver = driven(host)
    driver.update(setting(0.5, 0.5, 0.5), 0.0)
    assert host.received == [{"drive": 0.5, "muffle": 0.5, "output": 0.5}]
    driver.update(setting(0.5 + DEADBAND / 2, 0.6, 0.5), 0.05)
    assert host.received[1:] == [{"muffle": pytest.approx(0.6)}]
    driver.update(setting(0.5 + DEADBAND / 2, 0.6, 0.5), 0.1)
    assert len(host.received) == 2
    assert driver.sends_per_s == 5
    assert host.bypasses == [False]


def test_small_drifts_add_up_to_a_send(host: MemoryHost, driven: Make, setting: Of) -> None:
    driver = driven(host)
    for step in range(11):
        driver.update(setting(0.5 + step * DEADBAND / 4, 0, 0), HOP_S * step)
    assert len(host.received) == 3


@pytest.mark.parametrize(("tick_s", "sends"), [(0.04, 20), (0.1, 10)])
def test_a_slow_host_gets_the_latest_value_at_its_own_pace(
    host: MemoryHost, driven: Make, setting: Of, tick_s: float, sends: int
) -> None:
    host.profile = replace(host.profile, tick_s=tick_s)
    driver = driven(host)
    for hop in range(20):
        # Hops are late by up to 4 ms, as they are in real life.
        driver.update(setting(hop / 20, 0, 0), HOP_S * hop + 0.002 * (hop % 3))
    assert len(host.received) == sends
    driver.finish(setting(0.99, 0, 0))
    assert host.values["drive"] == 0.99


def test_the_full_state_goes_out_from_time_to_time_and_at_the_end(
    host: MemoryHost, driven: Make, setting: Of
) -> None:
    driver = driven(host)
    for step in range(int(2.5 * FULL_STATE_S / HOP_S)):
        driver.update(setting(0.1, 0.2, 0.3), HOP_S * step)
    assert [len(values) for values in host.received] == [3, 3, 3]
    assert host.bypasses == [False] * 3
    last = setting(0.1 + DEADBAND / 2, 0.2, 0.3)
    driver.finish(last, bypass=True)
    assert host.bypasses[-1]
    assert host.values == pytest.approx(last.values)


def test_bypass_is_sent_when_it_changes(host: MemoryHost, driven: Make, setting: Of) -> None:
    driver = driven(host)
    states = [False, False, True, True, False]
    counts = [driver.update(setting(0.1, 0.2, 0.3), 0.05 * n, on) for n, on in enumerate(states)]
    assert host.bypasses == [False, True, False]
    assert counts == [4, 0, 1, 0, 1]


def test_gestures_begin_with_a_move_and_end_in_peace(
    host: MemoryHost, driven: Make, setting: Of
) -> None:
    driver = driven(host)
    all_knobs = frozenset(OWN)
    driver.update(setting(0.1, 0.2, 0.3), 0.0)
    assert host.gestures == [(all_knobs, True)]
    for hop in range(1, 40):
        drive = 0.1 + 0.01 * min(hop, 20)
        driver.update(setting(drive, 0.2, 0.3), hop * HOP_S)
    assert host.gestures[1:] == [(all_knobs - {"drive"}, False), (frozenset({"drive"}), False)]
    driver.update(setting(0.9, 0.2, 0.3), 40 * HOP_S)
    driver.finish(setting(0.9, 0.2, 0.3))
    assert host.gestures[-1] == (frozenset({"drive"}), False)
    assert RELEASE_S < 40 * HOP_S


def glide(driver: Driver, host: MemoryHost, setting: Of, start_s: float = 0.0) -> float:
    """Two seconds of listening and sending, drive on its way from 0 to 0.8; the time after it."""
    for hop in range(40):
        now_s = start_s + hop * HOP_S
        driver.listen(now_s)
        driver.update(setting(0.02 * hop, 0.6, 0.7), now_s)
    return start_s + 40 * HOP_S


def test_own_echoes_are_no_moves(host: MemoryHost, driven: Make, setting: Of) -> None:
    driver = driven(host)
    glide(driver, host, setting)
    assert driver.yielded == {}
    assert driver.own.values == pytest.approx(
        {"drive": 0.78, "muffle": 0.6, "output": 0.7}, abs=0.1
    )


def test_a_knob_the_musician_moves_is_yielded_until_armed(
    host: MemoryHost, driven: Make, setting: Of
) -> None:
    driver = driven(host)
    now_s = glide(driver, host, setting)
    host.values["muffle"] = 0.05
    now_s = glide(driver, host, setting, now_s)
    assert driver.yielded == {"muffle": 0.05}
    assert host.values["muffle"] == 0.05
    assert host.values["drive"] == pytest.approx(0.78)
    driver.finish(setting(0.5, 0.6, 0.7))
    assert host.values == {"drive": 0.5, "muffle": 0.05, "output": 0.7}
    driver.arm(["muffle"])
    glide(driver, host, setting, now_s)
    assert driver.yielded == {}
    assert host.values["muffle"] == 0.6


def test_bypass_is_yielded_like_a_knob(host: MemoryHost, driven: Make, setting: Of) -> None:
    driver = driven(host)
    now_s = glide(driver, host, setting)
    host.news = [News(bypassed=(False,), answered=True), News(bypassed=(True,), answered=True)]
    driver.listen(now_s)
    driver.listen(now_s)
    assert driver.yielded == {BYPASS: 1.0}
    sent = len(host.bypasses)
    glide(driver, host, setting, now_s)
    assert len(host.bypasses) == sent


def test_what_moves_before_the_first_send_is_the_musicians_start(
    host: MemoryHost, driven: Make, setting: Of
) -> None:
    driver = driven(host)
    driver.listen(0.0)
    host.values["drive"] = 0.9
    driver.listen(0.5)
    driver.listen(1.0)
    assert (driver.driving, driver.yielded) == (False, {})
    assert driver.own.values["drive"] == pytest.approx(0.9)
    glide(driver, host, setting, 1.0)
    driver.revert()
    assert host.values == OWN | {"drive": 0.9}


def test_revert_gives_back_what_was_and_drives_no_more(
    host: MemoryHost, driven: Make, setting: Of
) -> None:
    driver = driven(host)
    now_s = glide(driver, host, setting)
    host.values["muffle"] = 0.05
    now_s = glide(driver, host, setting, now_s)
    driver.update(setting(0.5, 0.6, 0.7), now_s, bypass=True)
    driver.revert()
    # What the musician has moved meanwhile is newer than what was before.
    assert host.values == OWN | {"muffle": 0.05}
    assert host.bypasses[-1] is False
    glide(driver, host, setting, now_s)
    assert host.values == OWN | {"muffle": 0.05}
    driver.arm()
    glide(driver, host, setting, now_s + 9)
    assert host.values == pytest.approx({"drive": 0.78, "muffle": 0.6, "output": 0.7})


def search(driver: Driver, now_s: float, until: Callable[[], bool]) -> None:
    for _ in range(5_000):
        driver.listen(now_s)
        if until():
            return
        time.sleep(1e-3)
    raise AssertionError("never came about")


def test_a_host_that_quits_is_found_again_and_gets_the_full_state(
    host: MemoryHost, driven: Make, setting: Of
) -> None:
    driver = driven(host)
    now_s = glide(driver, host, setting)
    host.deaf = True
    host.news.clear()
    lost_by_s = now_s + host.profile.lost_s + 2 * host.profile.ask_s
    while not driver.lost and now_s < lost_by_s:
        now_s += HOP_S
        driver.listen(now_s)
    assert driver.lost
    assert "does not answer" in driver.take_fault()
    assert not driver.revert()
    driver.arm()
    assert driver.update(setting(0.1, 0.1, 0.1), now_s) == 0
    search(driver, now_s, lambda: "nobody there" in driver.take_fault())
    # It comes back as its project was saved, and what it holds then is nobody's move.
    host.values, host.deaf = dict(OWN), False
    search(driver, now_s + RETRY_S, lambda: not driver.lost)
    assert host.found == 1
    driver.update(setting(0.8, 0.6, 0.7), now_s + RETRY_S)
    assert host.values == {"drive": 0.8, "muffle": 0.6, "output": 0.7}
    assert (driver.yielded, driver.take_fault()) == ({}, "")


def test_nothing_is_sent_where_tracks_have_moved_until_they_are_found(
    host: MemoryHost, driven: Make, setting: Of
) -> None:
    driver = driven(host)
    now_s = glide(driver, host, setting)
    host.news = [News(answered=True, moved=True)]
    driver.listen(now_s)
    assert driver.update(setting(0, 0, 0), now_s) == 0
    search(driver, now_s, lambda: not driver.lost)
    assert host.found == 1
    driver.update(setting(0, 0, 0), now_s)
    assert set(host.values.values()) == {0.0}


def test_a_lost_write_is_nobodys_move() -> None:
    echoes = Feedback(DEADBAND)
    echoes.start({"drive": 0.2})
    echoes.sent("drive", 0.7, 1.0)
    assert not echoes.is_foreign("drive", 0.2)
    echoes.sent("drive", 0.7, 4.0)
    assert not echoes.is_foreign("drive", 0.7)
    assert not echoes.is_foreign("drive", 0.7)


def test_echoes_may_be_late_and_out_of_order_yet_not_older_than_that() -> None:
    echoes = Feedback(DEADBAND)
    echoes.start({"drive": 0.0})
    for hop in range(41):
        echoes.sent("drive", hop / 100, hop * HOP_S)
    assert not echoes.is_foreign("drive", 0.40)
    assert not echoes.is_foreign("drive", (40 - ECHO_S / HOP_S) / 100)
    assert echoes.is_foreign("drive", 0.05)


def test_a_slow_turn_of_the_hand_is_noticed() -> None:
    echoes = Feedback(DEADBAND)
    echoes.start({"drive": 0.5})
    echoes.sent("drive", 0.5, 0.0)
    assert any(echoes.is_foreign("drive", 0.5 + step * DEADBAND / 4) for step in range(8))
