"""One contract for every host, kept against fakes that are as strict as the real ones."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from bridge.errors import HostError
from bridge.hosts import Host, connect, discover
from bridge.manifest import Manifest, PluginSpec
from tests.fake_hosts import FAKES
from tests.fake_hosts.base import FakeHost, FakeParameter

PATIENCE_S = 10.0
DISCOVERING = [fake for fake in FAKES if fake.discovers]
READING = [fake for fake in FAKES if fake.reads]
FOLLOWING = [fake for fake in FAKES if fake.follows]


@pytest.fixture
def combo(manifest: Manifest) -> PluginSpec:
    """It has an enum, a toggle and a parameter that is not predicted."""
    return manifest.plugin("mda-combo")


@pytest.fixture
def fake(request: pytest.FixtureRequest, combo: PluginSpec) -> Iterator[FakeHost]:
    with request.param(combo) as running:
        yield running


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


def random_values(plugin: PluginSpec, seed: int) -> dict[str, float]:
    shares = np.random.default_rng(seed).random(len(plugin.parameters))
    return {p.symbol: p.to_real(share) for p, share in zip(plugin.parameters, shares, strict=True)}


@pytest.mark.parametrize("fake", FAKES, indirect=True)
def test_what_is_set_is_what_the_host_holds(fake: FakeHost, combo: PluginSpec) -> None:
    with connect(fake.url, combo) as host:
        for seed in range(3):
            wanted = random_values(combo, seed)
            host.set(wanted)
            assert eventually(lambda wanted=wanted: fake.values() == near(fake, wanted))
            if host.profile.reads:
                assert host.read() == near(fake, wanted)
        for share in (0, 1):
            wanted = {p.symbol: p.to_real(share) for p in combo.parameters}
            host.set(wanted)
            assert eventually(lambda wanted=wanted: fake.values() == near(fake, wanted))


@pytest.mark.parametrize("fake", [f for f in FAKES if f.bypasses], indirect=True)
def test_bypass_leaves_the_plugin_out_and_brings_it_back(fake: FakeHost, combo: PluginSpec) -> None:
    with connect(fake.url, combo) as host:
        for on in (True, True, False, False, True):
            host.bypass(on)
            assert eventually(lambda on=on: fake.plugin.enabled is not on)
            # A toggle that is pressed on old news would turn it the wrong way.
            host.poll()


@pytest.mark.parametrize("fake", DISCOVERING, indirect=True)
def test_tracks_plugins_and_ranges_are_discovered(fake: FakeHost, combo: PluginSpec) -> None:
    found = {plugin.plugin.name: plugin for track in discover(fake.url) for plugin in track.plugins}
    parameters = {p.name: p for p in found[combo.name].parameters}
    for expected in fake.plugin.parameters:
        told = parameters[fake.shown(expected)]
        if not told.normalised and told.min is not None:
            assert (told.min, told.max) == pytest.approx((expected.min, expected.max))
        if told.value is not None and not told.integer:
            assert told.value == pytest.approx(expected.value, abs=1e-6)


@pytest.mark.parametrize("fake", FOLLOWING, indirect=True)
def test_a_knob_that_is_turned_in_the_host_is_noticed(fake: FakeHost, combo: PluginSpec) -> None:
    with connect(fake.url, combo) as host:
        host.poll()
        fake.turn("bias", 0.875)
        assert heard(host, lambda values: abs(values.get("bias", 0) - 0.875) < 0.01)


@pytest.mark.parametrize("fake", [f for f in DISCOVERING if f.movable], indirect=True)
def test_a_plugin_that_moves_is_noticed_and_found_again(fake: FakeHost, combo: PluginSpec) -> None:
    with connect(fake.url, combo) as host:
        host.read()
        fake.move_track()

        def noticed() -> bool:
            host.ask()
            time.sleep(0.02)
            return host.poll().moved

        assert eventually(noticed)
        host.find()
        host.set({"drive": 0.125})
        assert eventually(lambda: abs(fake.values()["drive"] - 0.125) < 0.01)
        other = [p for t in fake.tracks for pl in t.plugins for p in pl.parameters]
        assert {p.value for p in other if p.name in ("Thresh", "Tune")} == {0.5}


@pytest.mark.parametrize("fake", [f for f in DISCOVERING if f.ranged], indirect=True)
def test_another_range_is_refused_by_name(fake: FakeHost, combo: PluginSpec) -> None:
    parameter = next(p for p in fake.plugin.parameters if p.name == "Bias")
    parameter.max = 10.0
    with pytest.raises(HostError, match=r"'Bias' goes from 0 to 10 .* nothing is written"):
        connect(fake.url, combo)


@pytest.mark.parametrize("fake", DISCOVERING, indirect=True)
def test_another_plugin_is_refused_by_the_missing_parameter(
    fake: FakeHost, combo: PluginSpec
) -> None:
    fake.plugin.parameters[2] = FakeParameter("Colour", 0.0, 1.0, 0.5)
    with pytest.raises(HostError, match=r"no parameter 'Bias' .* 'Colour'"):
        connect(fake.url, combo)


@pytest.mark.parametrize("fake", READING, indirect=True)
def test_a_host_that_comes_back_is_found_again(fake: FakeHost, combo: PluginSpec) -> None:
    with connect(fake.url, combo) as host:
        fake.quit()
        fake.start_again()
        host.find()
        host.set({"drive": 0.25})
        assert eventually(lambda: abs(host.read()["drive"] - 0.25) < 0.01)


@pytest.mark.parametrize("fake", DISCOVERING, indirect=True)
def test_a_deaf_host_is_one_clear_line(
    fake: FakeHost, combo: PluginSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.hosts.osc_dialect.ANSWER_S", 0.02)
    fake.deaf = True
    with pytest.raises(HostError, match=r"no .* answers at 127\.0\.0\.1:\d+; "):
        connect(fake.url, combo)
