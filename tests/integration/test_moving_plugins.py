"""Plugins are moved, removed and inserted while the bridge follows: nobody else's values change."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from bridge.chain import Chain, chain_of
from bridge.errors import HostError
from bridge.hosts import Host, connect, discover
from bridge.manifest import Manifest
from tests.fake_hosts import (
    FakeBitwig,
    FakeCarla,
    FakeHost,
    FakeLive,
    FakeNumbered,
    FakeReaper,
)
from tests.fake_hosts.base import FakeParameter, FakePlugin, FakeTrack, fake_plugin, others
from tests.following import at_once, following, following_at, holds

DRIVE = "mda-overdrive/drive"
EQ = {"Gain": 0.9, "Freq": 0.8, "Width": 0.7, "Mix": 0.6, "Low": 0.55, "Mid": 0.45, "High": 0.35}


@pytest.fixture
def one(manifest: Manifest) -> Chain:
    return chain_of("mda-overdrive", manifest)


def with_eq(kind: Callable[..., FakeHost], *options: float) -> Callable[[Chain], FakeHost]:
    """Such a host, with an EQ below the chain's plugins."""

    def opened(chain: Chain) -> FakeHost:
        running = kind(chain, *options)
        guitar = next(track for track in running.tracks if track.name == "guitar")
        guitar.plugins.append(
            FakePlugin("EQ", [FakeParameter(name, 0.0, 1.0, v) for name, v in EQ.items()])
        )
        return running

    return opened


def eq(fake: FakeHost) -> FakePlugin:
    """The plugin below the driven one, which takes its place where one above is removed."""
    return next(p for track in fake.tracks for p in track.plugins if p.name == "EQ")


def values_of(plugin: FakePlugin) -> dict[str, float]:
    return {parameter.name: parameter.value for parameter in plugin.parameters}


def eventually(wanted: Callable[[], bool], seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if wanted():
            return True
        time.sleep(0.01)
    return False


def noticed(host: Host) -> bool:
    """Whether the host's answers to a question tell that something has moved."""
    host.ask()
    time.sleep(0.02)
    return host.poll().moved


def found(host: Host) -> bool:
    """Whether the host answers in time when it is looked for."""
    try:
        host.find()
    except HostError:
        return False
    return True


def remove_above(fake: FakeHost) -> None:
    """The plugin above goes; hosts that tell it do so a tick later."""

    def tell() -> None:
        with fake._lock:
            fake.tell_moved()

    with fake._lock:
        guitar = next(track for track in fake.tracks if track.name == "guitar")
        guitar.plugins.pop(0)
    threading.Timer(0.03, tell).start()


class FakeSlowLive(FakeLive):
    """Its answers take their time, and once it is armed the plugin above soon goes."""

    def __init__(self, chain: Chain, datagrams: int) -> None:
        """After so many datagrams."""
        super().__init__(chain)
        self._datagrams = datagrams
        self.armed = False

    def reply(self, to: Any, address: str, tags: str = "", *arguments: object) -> None:
        time.sleep(0.004)
        super().reply(to, address, tags, *arguments)

    def _packet(self, packet: bytes, sender: Any) -> None:
        super()._packet(packet, sender)
        self._datagrams -= self.armed
        if self.armed and self._datagrams == 0:
            remove_above(self)


each = at_once(with_eq(FakeCarla), with_eq(FakeLive, 0.1), with_eq(FakeReaper))


@each
def test_what_took_the_place_gets_back_what_was_written_to_it(fake: FakeHost) -> None:
    with connect(fake.url, fake.chain) as host:
        host.set({DRIVE: 0.25})
        host.read()
        remove_above(fake)
        host.set({DRIVE: 0.5, "mda-overdrive/muffle": 0.625, "mda-overdrive/bypass": 1.0})
        assert eventually(lambda: values_of(eq(fake)) != EQ)
        assert eventually(lambda: noticed(host))
        host.find()
        assert eventually(lambda: values_of(eq(fake)) == pytest.approx(EQ))
        assert eventually(lambda: eq(fake).enabled)
        host.set({DRIVE: 0.75, "mda-overdrive/bypass": 0.0})
        assert eventually(lambda: fake.values()[DRIVE] == pytest.approx(0.75, abs=2e-3))
        assert values_of(eq(fake)) == pytest.approx(EQ)


@each
def test_a_removal_above_during_a_glide_changes_nobody_else(fake: FakeHost) -> None:
    with following(fake) as loop:
        loop.until(lambda: holds(fake, loop.goal))
        loop.sweep(DRIVE, 0.5)
        remove_above(fake)
        loop.sweep(DRIVE, 2.0)
        loop.until(lambda: not loop.driver.lost and holds(fake, loop.goal))
        assert eventually(lambda: values_of(eq(fake)) == pytest.approx(EQ))
        assert eq(fake).enabled
        assert loop.driver.yielded == {}


@at_once(*(with_eq(FakeSlowLive, datagrams) for datagrams in (1, 2, 3, 4, 6, 9)))
def test_lives_next_device_keeps_its_values_whenever_the_one_above_goes(
    fake: FakeSlowLive,
) -> None:
    with connect(fake.url, fake.chain) as host:
        host.set({DRIVE: 0.25})
        host.read()
        fake.armed = True
        for step in range(4):
            host.set({DRIVE: 0.5 + 0.02 * step, "mda-overdrive/muffle": 0.625 + 0.02 * step})
        assert eventually(lambda: noticed(host))
        assert eventually(lambda: found(host))
        host.set({DRIVE: 0.75})
        assert eventually(lambda: fake.values()[DRIVE] == pytest.approx(0.75, abs=2e-3))
        assert values_of(eq(fake)) == pytest.approx(EQ)
        assert eq(fake).enabled


@at_once(with_eq(FakeCarla))
def test_carla_says_nothing_of_a_move_up_and_it_is_noticed_within_two_seconds(
    fake: FakeCarla,
) -> None:
    tuner = fake.tracks[1].plugins[0]
    with following(fake) as loop:
        loop.until(lambda: holds(fake, loop.goal))
        fake.move_up()
        moved_s = time.monotonic()
        loop.sweep(DRIVE, 0.5)
        loop.until(lambda: loop.driver.lost)
        assert time.monotonic() - moved_s < 2
        loop.until(lambda: not loop.driver.lost and holds(fake, loop.goal))
        assert eventually(lambda: values_of(tuner) == {"Tune": 0.5})
        fake.turn(DRIVE, 0.75)
        loop.until(lambda: DRIVE in loop.driver.yielded)
        assert set(loop.driver.yielded) == {DRIVE}


@at_once(with_eq(FakeCarla))
def test_a_knob_of_what_took_the_place_is_nobodys_hand_here(fake: FakeCarla) -> None:
    with following(fake) as loop:
        loop.until(lambda: holds(fake, loop.goal))
        remove_above(fake)
        loop.sweep(DRIVE, 0.3)
        gain = eq(fake).parameters[0]
        with fake._lock:
            gain.value = 0.2
            fake.tell(gain)
        loop.sweep(DRIVE, 1.0)
        loop.until(lambda: not loop.driver.lost and holds(fake, loop.goal))
        assert loop.driver.yielded == {}
        assert gain.value == pytest.approx(0.2)


def test_live_tells_under_old_numbers_and_is_believed_of_none(manifest: Manifest) -> None:
    pair = chain_of("mda-overdrive,mda-overdrive", manifest)
    with FakeLive(pair, 0.1) as fake, following(fake) as loop:
        loop.until(lambda: holds(fake, loop.goal))
        for _ in range(2):
            fake.insert_above()
            loop.until(lambda: loop.driver.lost)
            loop.until(lambda: not loop.driver.lost and holds(fake, loop.goal))
        # The second one's listener is at the number that is the first one's now.
        fake.turn("mda-overdrive-2/muffle", 0.75)
        loop.until(lambda: "mda-overdrive-2/muffle" in loop.driver.yielded)
        loop.sweep(DRIVE, 1.0)
        assert set(loop.driver.yielded) == {"mda-overdrive-2/muffle"}
        assert fake.values()["mda-overdrive-2/muffle"] == pytest.approx(0.75)
        # A write may meet a device with fewer knobs; no listener is stopped or put where it is not.
        assert [error for error in fake.raised if "out of range" not in error] == []


def test_a_track_without_a_name_is_found_by_what_it_holds(manifest: Manifest) -> None:
    chain = chain_of("mda-overdrive", manifest)
    with FakeReaper(chain) as fake:
        for track in fake.tracks:
            track.name = ""
        with following_at(fake, f"reaper://127.0.0.1:{fake.port}?reply={fake.reply_port}") as loop:
            loop.until(lambda: holds(fake, loop.goal))
            with fake._lock:
                fake.tracks.insert(0, FakeTrack("", [FakePlugin("Gate", [])]))
                fake.tell_moved()
            loop.until(lambda: loop.driver.lost)
            loop.sweep(DRIVE, 0.5)
            loop.until(lambda: not loop.driver.lost and holds(fake, loop.goal))
            assert others(fake.tracks) == {0.5}


def test_two_such_tracks_equally_near_are_not_chosen_from(manifest: Manifest) -> None:
    chain = chain_of("mda-overdrive", manifest)
    with FakeReaper(chain) as fake:
        fake.tracks = [FakeTrack("", []), FakeTrack("", fake.tracks[1].plugins), FakeTrack("", [])]
        url = f"reaper://127.0.0.1:{fake.port}/2?reply={fake.reply_port}"
        with connect(url, chain) as host:
            gone = fake.tracks[1].plugins
            fake.tracks[1].plugins = []
            fake.tracks[0].plugins, fake.tracks[2].plugins = (
                gone,
                [fake_plugin(chain.slots[0], True)],
            )
            with pytest.raises(HostError, match="on several tracks in the host"):
                host.find()


def test_reapers_ghosts_are_left_out(one: Chain) -> None:
    with FakeReaper(one) as fake:
        fake.tracks.append(FakeTrack("", []))
        assert [track.track.name for track in discover(fake.url)] == ["drums", "guitar"]


def test_reaper_is_ready_within_three_seconds_of_packets(one: Chain) -> None:
    with FakeReaper(one) as fake:
        with connect(fake.url, one) as host:
            host.read()
            started = fake.packets
            host.read()
        # REAPER sends a hundred packets a second, and is waited for twice a quarter of one.
        assert started < 200
        assert fake.packets - started < 30


def test_bitwig_is_found_by_names_that_it_spells_otherwise(one: Chain) -> None:
    with FakeBitwig(one) as fake:
        fake.tracks[1].name = "Gitarre Übung"
        url = f"bitwig://127.0.0.1:{fake.port}/gitarre%20%C3%BCbung?reply={fake.reply_port}"
        with connect(url, one) as host:
            assert host.places == {"mda-overdrive": "Gitarre Uebung/mda Overdrive"}


def test_bitwigs_values_are_those_of_the_page_that_was_asked_for(one: Chain) -> None:
    with FakeBitwig(one) as fake:
        knobs = [FakeParameter(f"Macro {n}", 0.0, 1.0, 0.9) for n in range(8)]
        fake.plugin.parameters[:0] = knobs
        fake.turn(DRIVE, 0.25)
        with connect(fake.url, one) as host:
            assert host.read()[DRIVE] == pytest.approx(0.25, abs=1e-3)
            host.set({DRIVE: 0.75})
            assert eventually(lambda: abs(fake.values()[DRIVE] - 0.75) < 1e-3)
            assert {knob.value for knob in knobs} == {0.9}


@at_once(with_eq(FakeNumbered))
def test_a_number_that_is_anothers_gets_back_what_was_written_to_it(fake: FakeNumbered) -> None:
    with connect(fake.url, fake.chain) as host:
        host.set({DRIVE: 0.25})
        host.read()
        remove_above(fake)
        host.set({DRIVE: 0.5, "mda-overdrive/muffle": 0.625})
        assert eventually(lambda: values_of(eq(fake)) != EQ)
        assert eventually(lambda: host.poll().moved)
        with pytest.raises(HostError, match="no parameter 'Drive'"):
            host.find()
        assert eventually(lambda: values_of(eq(fake)) == pytest.approx(EQ, abs=1e-3))
        # Looking for the names, it has asked beyond the last number of what stands there now.
        assert all("/param/name" in mistake for mistake in fake.mistakes)
        fake.mistakes.clear()
