"""One contract for every host, kept against fakes that are as strict as the real ones."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from bridge.chain import Chain, chain_of
from bridge.errors import HostError
from bridge.hosts import Host, ardour, connect, discover
from bridge.manifest import BYPASS, Manifest
from tests.fake_hosts import FAKES, FakeArdour, FakeBitwig, FakeLive, FakeReaper
from tests.fake_hosts.base import FakeHost, FakeParameter, FakePlugin, FakeTrack, others
from tests.following import at_once

PATIENCE_S = 10.0
ONE = "mda-combo"
"""It has an enum, a toggle and a parameter that is not predicted."""
TWO = "mda-combo,mda-delay"
BIAS, DRIVE = "mda-combo/bias", "mda-combo/drive"


DISCOVERING = [fake for fake in FAKES if fake.discovers]
READING = [fake for fake in FAKES if fake.reads]
FOLLOWING = [fake for fake in FAKES if fake.follows]


def each(
    *fakes: type[FakeHost], chains: Sequence[str] = (ONE, TWO)
) -> Callable[[Callable[[Any], None]], Callable[[Manifest], None]]:
    """Each of these hosts, with one plugin and with two."""
    return at_once(*fakes, chains=chains)


def eventually(wanted: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if wanted():
            return True
        time.sleep(0.01)
    return False


def heard(host: Host, wanted: Callable[[dict[str, float]], bool]) -> bool:
    """Whether the values that the host tells come to what is wanted."""
    values: dict[str, float] = {}

    def ask() -> bool:
        host.ask()
        time.sleep(0.02)
        values.update(host.poll().values)
        return wanted(values)

    return eventually(ask)


def near(fake: FakeHost, values: dict[str, float]) -> Any:
    return pytest.approx(values, abs=max(2 * fake.step, 1e-6))


def arrived(host: Host, fake: FakeHost, wanted: dict[str, float]) -> bool:
    """Whether the host has, of all it holds, what was set of it.

    What waits for an answer is sent by a poll.
    """
    host.poll()
    held = fake.values()
    return bool(held == near(fake, held | wanted))


def random_values(chain: Chain, seed: int) -> dict[str, float]:
    shares = np.random.default_rng(seed).random(len(chain.parameters))
    parameters = zip(chain.parameters, shares, strict=True)
    return {p.address: p.spec.to_real(share) for p, share in parameters}


def without_bypass(values: dict[str, float]) -> dict[str, float]:
    return {address: v for address, v in values.items() if not address.endswith(f"/{BYPASS}")}


@each(*FAKES)
def test_what_is_set_is_what_the_host_holds(fake: FakeHost) -> None:
    with connect(fake.url, fake.chain) as host:
        for seed in range(3):
            wanted = random_values(fake.chain, seed)
            host.set(wanted)
            assert eventually(lambda wanted=wanted: arrived(host, fake, wanted))
            if host.profile.reads:
                assert without_bypass(host.read()) == near(fake, wanted)
        for share in (0, 1):
            wanted = {p.address: p.spec.to_real(share) for p in fake.chain.parameters}
            host.set(wanted)
            assert eventually(lambda wanted=wanted: arrived(host, fake, wanted))


@each(*FAKES, chains=(TWO,))
def test_a_value_of_one_slot_touches_no_other(fake: FakeHost) -> None:
    before = fake.values()
    last = fake.chain.parameters[-1]
    with connect(fake.url, fake.chain) as host:
        host.set({last.address: 0.875})
        wanted = before | {last.address: 0.875}
        assert eventually(lambda: arrived(host, fake, wanted))
        assert others(fake.tracks) == {0.5}


@each(*(f for f in FAKES if f.bypasses))
def test_bypass_leaves_a_slot_out_and_brings_it_back(fake: FakeHost) -> None:
    with connect(fake.url, fake.chain) as host:
        for slot, switch in zip(fake.chain.slots, fake.chain.switches, strict=True):

            def switched(on: float, slot_id: str = slot.id) -> bool:
                host.poll()
                return (slot_id in fake.bypassed()) is bool(on)

            for on in (1.0, 1.0, 0.0, 0.0, 1.0, 0.0):
                host.set({switch: on})
                assert eventually(lambda on=on: switched(on))
                # A toggle that is pressed on old news would turn it the wrong way.
                host.poll()
            assert fake.bypassed() == set()


@each(*DISCOVERING, chains=(TWO,))
def test_tracks_plugins_and_ranges_are_discovered(fake: FakeHost) -> None:
    found = {plugin.plugin.name: plugin for track in discover(fake.url) for plugin in track.plugins}
    for slot in fake.chain.slots:
        parameters = {p.name: p for p in found[slot.plugin.name].parameters}
        for expected in fake.plugins[slot.id].parameters:
            told = parameters[fake.shown(expected)]
            if not told.normalised and told.min is not None:
                assert (told.min, told.max) == pytest.approx((expected.min, expected.max))
            if told.value is not None and not told.integer:
                assert told.value == pytest.approx(expected.value, abs=1e-6)


def crowd(fake: FakeHost, tracks: int, plugins: int) -> None:
    """So many more tracks with so many plugins each, of eight knobs."""
    knobs = [f"Knob {n}" for n in range(1, 9)]
    for number in range(tracks):
        fake.tracks.append(
            FakeTrack(
                f"more {number}",
                [
                    FakePlugin(f"Plugin {n}", [FakeParameter(k, 0.0, 1.0, 0.5) for k in knobs])
                    for n in range(plugins)
                ],
            )
        )


def test_live_tells_sixty_tracks_within_five_seconds(manifest: Manifest) -> None:
    chain = chain_of(ONE, manifest)
    with FakeLive(chain, 0.1) as fake:
        crowd(fake, 58, 4)
        count = sum(len(track.plugins) for track in fake.tracks)
        told: list[tuple[int, int]] = []
        found = discover(fake.url, lambda *progress: told.append(progress))
        # Of a tenth of a second each; the fake itself may take longer on a busy machine.
        assert fake.busy_ticks < 40
        assert [len(track.plugins) for track in found] == [len(t.plugins) for t in fake.tracks]
        assert found[-1].plugins[-1].parameters[-1].name == "Knob 8"
        assert told[-1] == (count, count)
        assert len(told) > 10
        before = fake.busy_ticks
        url = f"live://127.0.0.1:{fake.port}?reply={fake.reply_port}"
        with connect(url, chain) as host:
            assert host.read()
        assert fake.busy_ticks - before < 15


@each(*FAKES, chains=(TWO,))
def test_it_is_told_where_each_slot_is(fake: FakeHost) -> None:
    with connect(fake.url, fake.chain) as host:
        assert list(host.places) == [slot.id for slot in fake.chain.slots]
        for slot in fake.chain.slots:
            assert host.places[slot.id].endswith((slot.plugin.name, "2/2", "2/3"))


@each(*FOLLOWING)
def test_a_knob_that_is_turned_in_the_host_is_noticed(fake: FakeHost) -> None:
    last = fake.chain.parameters[-1].address
    with connect(fake.url, fake.chain) as host:
        host.poll()
        fake.turn(BIAS, 0.875)
        assert heard(host, lambda values: abs(values.get(BIAS, 0) - 0.875) < 0.01)
        fake.turn(last, 0.125)
        assert heard(host, lambda values: abs(values.get(last, 0) - 0.125) < 0.01)


@each(*(f for f in DISCOVERING if f.movable), chains=(TWO,))
def test_a_plugin_that_moves_is_noticed_and_found_again(fake: FakeHost) -> None:
    with connect(fake.url, fake.chain) as host:
        host.read()
        fake.move_track()
        assert eventually(lambda: noticed(host))
        host.find()
        wanted = dict.fromkeys((slot.address("output") for slot in fake.chain.slots), 0.125)
        host.set(wanted)
        assert eventually(lambda: arrived(host, fake, wanted))
        assert others(fake.tracks) == {0.5}


def noticed(host: Host) -> bool:
    """Whether the host's answers to a question tell that something has moved."""
    host.ask()
    time.sleep(0.02)
    return host.poll().moved


@each(FakeArdour, FakeLive, FakeReaper, chains=(TWO,))
def test_a_plugin_that_is_inserted_above_is_noticed_and_never_believed(fake: FakeHost) -> None:
    before = fake.values()
    with connect(fake.url, fake.chain) as host:
        host.read()
        fake.insert_above()
        told: dict[str, float] = {}

        def moved() -> bool:
            host.ask()
            time.sleep(0.02)
            news = host.poll()
            # What comes together with that news is not looked at.
            told.update(() if news.moved else news.values)
            return news.moved

        assert eventually(moved)
        assert without_bypass(told) == near(fake, {a: before[a] for a in without_bypass(told)})
        host.find()
        assert host.read() == near(fake, before | dict.fromkeys(fake.chain.switches, 0.0))
        wanted = random_values(fake.chain, 1)
        host.set(wanted)
        assert eventually(lambda: arrived(host, fake, wanted))
        assert others(fake.tracks) == {0.5}


@each(FakeArdour)
def test_ardours_new_plugin_is_written_to_at_no_moment(fake: FakeHost) -> None:
    with connect(fake.url, fake.chain) as host:
        for seed in range(20):
            host.set(random_values(fake.chain, seed))
        host.read()
        fake.insert_above()
        # Whoever writes without having asked before hits the plugin that took the number.
        host.set(random_values(fake.chain, 20) | dict.fromkeys(fake.chain.switches, 1.0))
        host.set(random_values(fake.chain, 21))
        time.sleep(0.1)
        assert host.poll().moved
        assert others(fake.tracks) == {0.5}
        assert all(plugin.enabled for track in fake.tracks for plugin in track.plugins)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine, too, a write is confirmed and not held back."""
    monkeypatch.setattr(ardour, "CONFIRM_S", 10.0)


@pytest.mark.usefixtures("patient")
@each(FakeArdour)
def test_ardours_new_plugin_gets_back_what_was_written_after_the_list(fake: FakeArdour) -> None:
    _gets_back(fake, "after_list")


@pytest.mark.usefixtures("patient")
@each(FakeArdour)
def test_ardours_new_plugin_gets_back_what_was_written_to_it_at_last(fake: FakeArdour) -> None:
    _gets_back(fake, "before_write")


def _gets_back(fake: FakeArdour, moment: str) -> None:
    switches = dict.fromkeys(fake.chain.switches, 1.0)
    with connect(fake.url, fake.chain) as host:
        host.set(random_values(fake.chain, 0))
        host.read()
        # As late as can be: after the answer that the write has waited for, and no earlier one, or
        # even after what the plugin in that place has told just before.
        fake.wait_until_idle()
        setattr(fake, moment, lambda: fake.insert_above(1))
        host.set(random_values(fake.chain, 1) | switches)
        assert eventually(lambda: others(fake.tracks) != {0.5})
        assert eventually(lambda: noticed(host))
        host.find()
        assert eventually(lambda: others(fake.tracks) == {0.5})
        assert eventually(lambda: all(p.enabled for track in fake.tracks for p in track.plugins))
        wanted = random_values(fake.chain, 2)
        host.set(wanted)
        assert eventually(lambda: arrived(host, fake, wanted))
        assert others(fake.tracks) == {0.5}


@each(FakeArdour)
def test_ardours_renamed_or_reranged_parameter_is_not_believed(fake: FakeHost) -> None:
    with connect(fake.url, fake.chain) as host:
        host.read()
        fake.plugin.parameters[2].name = "Colour"
        assert eventually(lambda: noticed(host))
        with pytest.raises(HostError, match=r"no parameter 'Bias' .* 'Colour'"):
            host.find()
        fake.plugin.parameters[2].name = "Bias"
        host.find()
        fake.plugin.parameters[2].max = 10.0
        assert eventually(lambda: noticed(host))


@each(*(f for f in DISCOVERING if f.ranged), chains=(ONE,))
def test_another_range_is_refused_by_name(fake: FakeHost) -> None:
    parameter = next(p for p in fake.plugin.parameters if p.name == "Bias")
    parameter.max = 10.0
    with pytest.raises(HostError, match=r"'Bias' goes from 0 to 10 .* nothing is written"):
        connect(fake.url, fake.chain)


@each(*DISCOVERING, chains=(TWO,))
def test_another_plugin_is_refused_by_the_missing_parameter(fake: FakeHost) -> None:
    fake.plugin.parameters[2] = FakeParameter("Colour", 0.0, 1.0, 0.5)
    with pytest.raises(HostError, match=r"no parameter 'Bias' .* 'Colour'"):
        connect(fake.url, fake.chain)


@each(*READING, chains=(TWO,))
def test_a_host_that_comes_back_is_found_again(fake: FakeHost) -> None:
    with connect(fake.url, fake.chain) as host:
        fake.quit()
        fake.start_again()
        host.find()
        host.set({DRIVE: 0.25})
        assert eventually(lambda: abs(host.read()[DRIVE] - 0.25) < 0.01)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer is not long waited for."""
    monkeypatch.setattr("bridge.hosts.osc_dialect.ANSWER_S", 0.02)


@pytest.mark.usefixtures("impatient")
@each(*DISCOVERING, chains=(ONE,))
def test_a_deaf_host_is_one_clear_line(fake: FakeHost) -> None:
    fake.deaf = True
    with pytest.raises(HostError, match=r"no .* answers at 127\.0\.0\.1:\d+; "):
        connect(fake.url, fake.chain)


def test_bitwig_with_too_few_controllers_says_what_to_add(manifest: Manifest) -> None:
    with FakeBitwig(chain_of(TWO, manifest)) as fake:
        fake.deafen_others()
        ports = f"receive on {fake.port} to {fake.port + 1}"
        with pytest.raises(HostError, match=f"2 plugins takes as many .* controllers.*{ports}"):
            connect(fake.url, fake.chain)
