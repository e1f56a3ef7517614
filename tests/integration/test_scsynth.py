"""The bridge and a real SuperCollider server, driven over OSC and heard over JACK."""

from collections.abc import Iterator

import numpy as np
import pytest

from bridge.arrays import Audio
from bridge.chain import Chain
from bridge.hosts import connect, discover
from bridge.manifest import PluginSpec
from tests.integration.renders import random_setting
from tests.rigs.children import wait_for
from tests.rigs.jack import PERIOD, RATE, Player
from tests.rigs.scsynth import CONTROLS, INPUT, OUTPUT, SYNTH, Scsynth

FLOAT_STEP = 2.0**-23

pytestmark = [pytest.mark.xdist_group("jack"), pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def server(jack: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scsynth]:
    with Scsynth(tmp_path_factory.mktemp("scsynth")) as server:
        yield server


@pytest.fixture
def chain(overdrive: PluginSpec) -> Chain:
    return Chain.of_plugin(overdrive)


def addressed(values: dict[str, float]) -> dict[str, float]:
    """Values by symbol as values by address."""
    return {f"mda-overdrive/{symbol}": value for symbol, value in values.items()}


@pytest.fixture
def url(server: Scsynth) -> str:
    return f"supercollider://127.0.0.1:{server.port}/{SYNTH}"


def test_a_synth_and_its_controls_are_found(server: Scsynth) -> None:
    (track,) = discover(f"supercollider://127.0.0.1:{server.port}")
    (synth,) = track.plugins
    assert synth.plugin.name == SYNTH
    assert {p.name: p.value for p in synth.parameters} == pytest.approx(CONTROLS)


def test_every_control_is_read_back_as_it_was_set(url: str, chain: Chain) -> None:
    with connect(url, chain) as host:
        for seed in range(20):
            wanted = addressed(random_setting(chain.slots[0].plugin, seed).values)
            host.set(wanted)
            assert host.read() == pytest.approx(wanted, abs=FLOAT_STEP)


def test_a_control_that_is_turned_elsewhere_is_told(url: str, chain: Chain) -> None:
    with connect(url, chain) as host, connect(url, chain) as other:
        other.set({"mda-overdrive/drive": 0.625})
        other.read()
        assert host.read()["mda-overdrive/drive"] == 0.625


def test_a_synth_that_ended_is_found_again(server: Scsynth, url: str, chain: Chain) -> None:
    with connect(url, chain) as host:
        host.set({"mda-overdrive/drive": 0.75})
        assert host.read()["mda-overdrive/drive"] == 0.75
        server.play()
        wait_for("the news that the synth has ended", lambda: host.poll().moved)
        host.find()
        assert host.read() == pytest.approx(addressed(CONTROLS))


def test_the_sound_follows(server: Scsynth, url: str, chain: Chain) -> None:
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, RATE // 2).astype(np.float32)
    with Player("player", inputs=1) as player, connect(url, chain) as host:
        player.connect(INPUT, [OUTPUT])

        def heard() -> Audio:
            """What the server makes of the noise, from the first sample on."""
            sound = player.record(noise, len(noise) + 4 * PERIOD)[0]
            start = int(np.argmax(np.correlate(sound, noise, "valid")))
            found: Audio = sound[start : start + len(noise)]
            return found

        for factor in (0.25, 0.8):
            host.set({"mda-overdrive/output": factor})
            host.read()
            assert heard() == pytest.approx(factor * noise, abs=1e-6)
        host.set({"mda-overdrive/bypass": 1.0})
        host.read()
        assert not heard().any()
        host.set({"mda-overdrive/bypass": 0.0})
        host.read()
        assert heard() == pytest.approx(0.8 * noise, abs=1e-6)
