"""What is sent, yielded and given back: a host in memory, and a clock of our own."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest

from bridge.chain import Chain, ChainSetting, chain_of
from bridge.drive.driver import RELEASE_S, RETRY_S, Driver
from bridge.drive.feedback import ECHO_S, Feedback
from bridge.drive.parameter_control import ParameterControl
from bridge.drive.sending import DEADBAND, FULL_STATE_S
from bridge.drive.settings import LiveSettings
from bridge.drive.smoothing import Glide, blend
from bridge.hosts import News
from bridge.manifest import Manifest, PluginSpec
from tests.doubles import MemoryHost

HOP_S = 0.05
DRIVE, MUFFLE, OUTPUT, BYPASS = (
    f"mda-overdrive/{symbol}" for symbol in ("drive", "muffle", "output", "bypass")
)
KNOBS = {DRIVE: 0.4, MUFFLE: 0.3, OUTPUT: 0.2}
OWN = KNOBS | {BYPASS: 0.0}


@pytest.fixture
def host() -> MemoryHost:
    return MemoryHost(OWN)


@pytest.fixture
def chain(overdrive: PluginSpec) -> Chain:
    return Chain.of_plugin(overdrive)


@pytest.fixture
def driven(chain: Chain) -> Iterator[Callable[[MemoryHost], Driver]]:
    with ExitStack() as drivers:
        yield lambda host: drivers.enter_context(Driver(host, chain))


@pytest.fixture
def setting(chain: Chain) -> Callable[..., ChainSetting]:
    return lambda *values: ChainSetting.of_normalised(chain, values)


Make = Callable[[MemoryHost], Driver]
Of = Callable[..., ChainSetting]


def test_only_changes_are_sent(host: MemoryHost, driven: Make, setting: Of) -> None:
    driver = driven(host)
    driver.update(setting(0.5, 0.5, 0.5), 0.0)
    assert host.received == [{DRIVE: 0.5, MUFFLE: 0.5, OUTPUT: 0.5, BYPASS: 0.0}]
    driver.update(setting(0.5 + DEADBAND / 2, 0.6, 0.5), 0.05)
    assert host.received[1:] == [{MUFFLE: pytest.approx(0.6)}]
    driver.update(setting(0.5 + DEADBAND / 2, 0.6, 0.5), 0.1)
    assert len(host.received) == 2
    assert driver.sends_per_s == 5


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
    assert host.values[DRIVE] == 0.99


def test_the_full_state_goes_out_from_time_to_time_and_at_the_end(
    host: MemoryHost, driven: Make, setting: Of
) -> None:
    driver = driven(host)
    for step in range(int(2.5 * FULL_STATE_S / HOP_S)):
        driver.update(setting(0.1, 0.2, 0.3), HOP_S * step)
    assert [set(values) for values in host.received] == [set(OWN)] * 3
    last = setting(0.1 + DEADBAND / 2, 0.2, 0.3).without({"mda-overdrive"})
    driver.finish(last)
    assert host.values[BYPASS] == 1.0
    assert host.values == pytest.approx(last.all_values)


def test_bypass_is_sent_when_it_changes(host: MemoryHost, driven: Make, setting: Of) -> None:
    driver = driven(host)
    heard = setting(0.1, 0.2, 0.3)
    left_out = heard.without({"mda-overdrive"})
    states = [heard, heard, left_out, left_out, heard]
    counts = [driver.update(state, 0.05 * n) for n, state in enumerate(states)]
    assert [values[BYPASS] for values in host.received if values] == [0.0, 1.0, 0.0]
    assert host.received[1] == {BYPASS: 1.0}
    assert counts == [4, 0, 1, 0, 1]


def test_gestures_begin_with_a_move_and_end_in_peace(
    host: MemoryHost, driven: Make, setting: Of
) -> None:
    driver = driven(host)
    all_knobs = frozenset(KNOBS)
    driver.update(setting(0.1, 0.2, 0.3), 0.0)
    assert host.gestures == [(all_knobs, True)]
    for hop in range(1, 40):
        drive = 0.1 + 0.01 * min(hop, 20)
        driver.update(setting(drive, 0.2, 0.3), hop * HOP_S)
    assert host.gestures[1:] == [(all_knobs - {DRIVE}, False), (frozenset({DRIVE}), False)]
    driver.update(setting(0.9, 0.2, 0.3), 40 * HOP_S)
    driver.finish(setting(0.9, 0.2, 0.3))
    assert host.gestures[-1] == (frozenset({DRIVE}), False)
    assert RELEASE_S < 40 * HOP_S


def glide(driver: Driver, host: MemoryHost, setting: Of, start_s: float = 0.0) -> float:
    """Two seconds of listening and sending, drive on its way from 0 to 0.8; the time after it."""
    for hop in range(40):
        now_s = start_s + hop * HOP_S
        driver.listen(now_s)
        driver.update(setting(0.02 * hop, 0.6, 0.7), now_s)
    return start_s + 40 * HOP_S


def test_what_comes_back_of_our_writes_is_no_move(
    host: MemoryHost, driven: Make, setting: Of
) -> None:
    driver = driven(host)
    glide(driver, host, setting)
    assert driver.yielded == {}
    assert driver.own.values == pytest.approx({DRIVE: 0.78, MUFFLE: 0.6, OUTPUT: 0.7}, abs=0.1)


def test_a_knob_the_musician_moves_is_yielded_until_armed(
    host: MemoryHost, driven: Make, setting: Of
) -> None:
    driver = driven(host)
    now_s = glide(driver, host, setting)
    host.values[MUFFLE] = 0.05
    now_s = glide(driver, host, setting, now_s)
    assert driver.yielded == {MUFFLE: 0.05}
    assert host.values[MUFFLE] == 0.05
    assert host.values[DRIVE] == pytest.approx(0.78)
    driver.finish(setting(0.5, 0.6, 0.7))
    assert host.values == {DRIVE: 0.5, MUFFLE: 0.05, OUTPUT: 0.7, BYPASS: 0.0}
    driver.arm([MUFFLE])
    glide(driver, host, setting, now_s)
    assert driver.yielded == {}
    assert host.values[MUFFLE] == 0.6


def test_bypass_is_yielded_like_a_knob(host: MemoryHost, driven: Make, setting: Of) -> None:
    driver = driven(host)
    now_s = glide(driver, host, setting)
    host.values[BYPASS] = 1.0
    now_s = glide(driver, host, setting, now_s)
    assert driver.yielded == {BYPASS: 1.0}
    assert driver.own.bypassed == {"mda-overdrive"}
    assert host.values[BYPASS] == 1.0
    driver.revert()
    assert host.values == OWN | {BYPASS: 1.0}
    driver.arm([BYPASS])
    glide(driver, host, setting, now_s)
    assert host.values[BYPASS] == 0.0


def test_what_moves_before_the_first_send_is_the_musicians_start(
    host: MemoryHost, driven: Make, setting: Of
) -> None:
    driver = driven(host)
    driver.listen(0.0)
    host.values[DRIVE] = 0.9
    driver.listen(0.5)
    driver.listen(1.0)
    assert (driver.driving, driver.yielded) == (False, {})
    assert driver.own.values[DRIVE] == pytest.approx(0.9)
    glide(driver, host, setting, 1.0)
    driver.revert()
    assert host.values == OWN | {DRIVE: 0.9}


def test_what_moves_while_the_window_fills_is_a_hands(
    host: MemoryHost, driven: Make, setting: Of
) -> None:
    driver = driven(host)
    driver.following = True
    driver.listen(0.0)
    host.values[DRIVE] = 0.9
    driver.listen(0.5)
    driver.listen(1.0)
    assert (driver.driving, driver.yielded) == (False, {DRIVE: 0.9})
    glide(driver, host, setting, 1.0)
    driver.revert()
    assert host.values == OWN | {DRIVE: 0.9}


def test_a_hand_at_the_last_told_value_is_heard_where_the_host_does_not_echo(
    host: MemoryHost, driven: Make, setting: Of
) -> None:
    host.profile = replace(host.profile, pushes=True)
    driver = driven(host)
    driver.update(setting(0.5, 0.6, 0.7), 0.0)
    host.values[DRIVE] = OWN[DRIVE]
    host.news = [News(turned=((DRIVE, OWN[DRIVE]),), answered=True)]
    driver.listen(0.05)
    assert driver.yielded == {DRIVE: OWN[DRIVE]}


def test_what_a_write_on_its_way_overwrites_is_given_back(
    host: MemoryHost, driven: Make, setting: Of
) -> None:
    host.profile = replace(host.profile, pushes=True)
    driver = driven(host)
    driver.update(setting(0.5, 0.6, 0.7), 0.0)
    # The hand came first, and then the write; the host tells both.
    host.news = [News(((DRIVE, 0.9), (DRIVE, 0.5)), answered=True)]
    driver.listen(0.05)
    assert host.values[DRIVE] == 0.9
    assert driver.yielded == {DRIVE: 0.9}


def test_a_knob_that_rests_is_left_where_the_hand_has_it(
    host: MemoryHost, driven: Make, setting: Of
) -> None:
    driver = driven(host)
    driver.update(setting(0.5, 0.6, 0.7), 0.0)
    sent = len(host.received)
    host.news = [News(((DRIVE, 0.9),), answered=True)]
    driver.listen(ECHO_S + 0.1)
    assert driver.yielded == {DRIVE: 0.9}
    assert len(host.received) == sent


def test_a_bypass_that_cannot_be_followed_is_not_said_again(
    host: MemoryHost, driven: Make, setting: Of
) -> None:
    host.profile = replace(host.profile, follows_bypass=False)
    driver = driven(host)
    for step in range(int(2.5 * FULL_STATE_S / HOP_S)):
        driver.update(setting(0.1, 0.2, 0.3), HOP_S * step)
    assert [BYPASS in values for values in host.received] == [True, False, False]
    driver.update(setting(0.1, 0.2, 0.3).without({"mda-overdrive"}), 99.0)
    assert host.values[BYPASS] == 1.0


def test_revert_gives_back_what_was_and_drives_no_more(
    host: MemoryHost, driven: Make, setting: Of
) -> None:
    driver = driven(host)
    now_s = glide(driver, host, setting)
    host.values[MUFFLE] = 0.05
    now_s = glide(driver, host, setting, now_s)
    driver.update(setting(0.5, 0.6, 0.7).without({"mda-overdrive"}), now_s)
    driver.revert()
    # What the musician has moved meanwhile is newer than what was before.
    assert host.values == OWN | {MUFFLE: 0.05}
    glide(driver, host, setting, now_s)
    assert host.values == OWN | {MUFFLE: 0.05}
    driver.arm()
    glide(driver, host, setting, now_s + 9)
    assert host.values == pytest.approx({DRIVE: 0.78, MUFFLE: 0.6, OUTPUT: 0.7, BYPASS: 0.0})


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
    assert host.values == {DRIVE: 0.8, MUFFLE: 0.6, OUTPUT: 0.7, BYPASS: 0.0}
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
    feedback = Feedback(DEADBAND)
    feedback.start({DRIVE: 0.2})
    feedback.sent(DRIVE, 0.7, 1.0)
    assert not feedback.is_foreign(DRIVE, 0.2)
    feedback.sent(DRIVE, 0.7, 4.0)
    assert not feedback.is_foreign(DRIVE, 0.7)
    assert not feedback.is_foreign(DRIVE, 0.7)


def test_what_was_never_told_before_is_a_hands_where_it_was_written_otherwise() -> None:
    feedback = Feedback(DEADBAND)
    assert not feedback.is_foreign(BYPASS, 1.0)
    feedback = Feedback(DEADBAND)
    feedback.sent(BYPASS, 0.0, 1.0)
    assert feedback.is_foreign(BYPASS, 1.0)


def test_feedback_may_be_late_and_out_of_order_yet_not_older_than_that() -> None:
    feedback = Feedback(DEADBAND)
    feedback.start({DRIVE: 0.0})
    for hop in range(41):
        feedback.sent(DRIVE, hop / 100, hop * HOP_S)
    assert not feedback.is_foreign(DRIVE, 0.40)
    assert not feedback.is_foreign(DRIVE, (40 - ECHO_S / HOP_S) / 100)
    assert feedback.is_foreign(DRIVE, 0.05)


def test_a_slow_turn_of_the_hand_is_noticed() -> None:
    feedback = Feedback(DEADBAND)
    feedback.start({DRIVE: 0.5})
    feedback.sent(DRIVE, 0.5, 0.0)
    assert any(feedback.is_foreign(DRIVE, 0.5 + step * DEADBAND / 4) for step in range(8))


@pytest.fixture
def pair(manifest: Manifest) -> Chain:
    """Two plugins of one kind."""
    return chain_of("mda-overdrive,mda-overdrive", manifest)


@pytest.fixture
def of_pair(pair: Chain) -> Iterator[tuple[Driver, MemoryHost]]:
    host = MemoryHost(ChainSetting.start(pair).with_values(dict.fromkeys(FIRST, 0.1)).all_values)
    with Driver(host, pair) as driver:
        yield driver, host


FIRST = [f"mda-overdrive/{symbol}" for symbol in ("drive", "muffle", "output")]
SECOND = [f"mda-overdrive-2/{symbol}" for symbol in ("drive", "muffle", "output")]


def hops(driver: Driver, goal: ChainSetting, start_s: float) -> float:
    """Two seconds towards one setting; the time after it."""
    for hop in range(40):
        driver.listen(start_s + hop * HOP_S)
        driver.update(goal, start_s + hop * HOP_S)
    return start_s + 40 * HOP_S


def test_a_hand_on_one_slot_leaves_the_other_driven(
    of_pair: tuple[Driver, MemoryHost], pair: Chain
) -> None:
    driver, host = of_pair
    prior = dict(host.values)
    goal = ChainSetting.of_values(pair, dict.fromkeys([*FIRST, *SECOND], 0.6))
    now_s = hops(driver, goal, 0.0)
    host.values |= {SECOND[0]: 0.05, "mda-overdrive-2/bypass": 1.0}
    now_s = hops(driver, goal, now_s)
    assert driver.yielded == {SECOND[0]: 0.05, "mda-overdrive-2/bypass": 1.0}
    goal = goal.with_values(dict.fromkeys([*FIRST, *SECOND], 0.8))
    goal = goal.without({"mda-overdrive"})
    now_s = hops(driver, goal, now_s)
    mine = {SECOND[0]: 0.05, "mda-overdrive-2/bypass": 1.0}
    assert host.values == pytest.approx(goal.all_values | mine)
    driver.revert()
    assert host.values == pytest.approx(prior | mine)


def test_a_slots_id_arms_all_that_is_the_slots(
    of_pair: tuple[Driver, MemoryHost], pair: Chain
) -> None:
    driver, host = of_pair
    goal = ChainSetting.start(pair)
    driver.put(dict.fromkeys([*FIRST, *SECOND, *pair.switches], 1.0), 0.0)
    driver.arm(["mda-overdrive-2", FIRST[1]])
    assert set(driver.yielded) == {FIRST[0], FIRST[2], "mda-overdrive/bypass"}
    hops(driver, goal, 1.0)
    left = {FIRST[0]: 1.0, FIRST[2]: 1.0, "mda-overdrive/bypass": 1.0}
    assert host.values == pytest.approx(goal.all_values | left)
    driver.arm()
    assert driver.yielded == {}


def test_amount_and_locks_count_from_each_slots_own_values(pair: Chain) -> None:
    own = ChainSetting.of_values(pair, dict.fromkeys(FIRST, 0.2) | dict.fromkeys(SECOND, 0.6))
    own = own.without({"mda-overdrive-2"})
    host = MemoryHost(own.all_values)
    answer = ChainSetting.of_values(pair, dict.fromkeys([*FIRST, *SECOND], 1.0))
    locked = frozenset({FIRST[0], "mda-overdrive-2/bypass"})
    settings = LiveSettings(amount=0.5, glide=Glide(0.0, 0.0), locked=locked)
    with ParameterControl(host, pair) as control:
        control.listen(0.0)
        assert control.setting.all_values == pytest.approx(own.all_values)
        assert control.towards(answer, settings, HOP_S)
        control.send(HOP_S, frozenset({"mda-overdrive"}))
        wanted = {a: 0.6 for a in FIRST[1:]} | {a: 0.8 for a in SECOND}
        switches = {"mda-overdrive/bypass": 1.0, "mda-overdrive-2/bypass": 1.0}
        assert host.values == pytest.approx(own.all_values | wanted | switches)
        assert control.setting.bypassed == {"mda-overdrive", "mda-overdrive-2"}


def test_a_blend_takes_bypasses_above_a_half(pair: Chain) -> None:
    base = ChainSetting.start(pair).without({"mda-overdrive"})
    target = ChainSetting.start(pair).without({"mda-overdrive-2"})
    assert blend(base, target, 0.5).bypassed == {"mda-overdrive"}
    assert blend(base, target, 0.6).bypassed == {"mda-overdrive-2"}


def test_a_step_of_an_enum_that_comes_back_is_no_move(manifest: Manifest) -> None:
    combo = chain_of("mda-combo", manifest)
    host = MemoryHost(ChainSetting.start(combo).all_values)
    with Driver(host, combo) as driver:
        now_s = 0.0
        for share in (0.43, 0.61, 0.77):
            goal = ChainSetting.of_normalised(combo, [share] * len(combo.parameters))
            now_s = hops(driver, goal, now_s)
        assert driver.yielded == {}
