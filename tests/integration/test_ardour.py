"""The bridge and a real Ardour: one track with four plugins, driven over OSC, heard over JACK."""

import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bridge.arrays import Audio
from bridge.audio.resample import resample
from bridge.chain import Chain, chain_of
from bridge.effects import load_effect
from bridge.errors import HostError
from bridge.hosts import connect, discover
from bridge.manifest import Manifest, PluginSpec, Setting
from bridge.osc import Message, OscSocket
from tests.integration.commands import PATIENCE_S, next_line, running
from tests.rigs.ardour import PLUGINS, TRACK, TRACK_INPUT, TRACK_OUTPUTS, Ardour, ScriptedArdour
from tests.rigs.ardour_hand import bypasses, insertions, moves, near, of_chain, told
from tests.rigs.children import wait_for
from tests.rigs.jack import RATE, Player, port_names
from tests.rigs.sound import similarity

FLOAT_STEP = 2.0**-23
PLAYER = "player"
FOUR = ",".join(PLUGINS)
DRIVE, MUFFLE, OUTPUT = (f"mda-overdrive/{name}" for name in ("drive", "muffle", "output"))
ROUNDS = 3
"""`python -m benchmarks.ardour` goes more."""
TRUTH = {"drive": 0.8, "muffle": 0.5, "output": 0.3}

# A busy machine takes its time to start Ardour twice.
pytestmark = [pytest.mark.xdist_group("jack"), pytest.mark.timeout(600)]
each_chain = pytest.mark.parametrize("text", [*PLUGINS, FOUR])


@pytest.fixture(scope="module")
def rig(jack: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ardour]:
    with Ardour(tmp_path_factory.mktemp("ardour") / "rig") as started:
        yield started


@pytest.fixture
def ardour(rig: Ardour) -> Ardour:
    rig.revive()
    return rig


@pytest.fixture(scope="module")
def jack_client(jack: None) -> Iterator[Player]:
    with Player(PLAYER, inputs=2) as client:
        yield client


@pytest.fixture
def player(ardour: Ardour, jack_client: Player) -> Player:
    """It plays into the track and hears what comes out of it."""
    jack_client.connect(TRACK_INPUT, TRACK_OUTPUTS)
    return jack_client


@pytest.fixture
def playing(guitar: tuple[Audio, int]) -> Audio:
    """Guitar at JACK's rate, (frames,)."""
    mono: Audio = resample(guitar[0], guitar[1], RATE)[0]
    return mono


def url(ardour: Ardour, text: str) -> str:
    return f"ardour://127.0.0.1:{ardour.port}/{TRACK}/{text.replace('-', '%20')}"


def test_track_plugins_and_ranges_are_found(ardour: Ardour, manifest: Manifest) -> None:
    found = discover(f"ardour://127.0.0.1:{ardour.port}")
    assert [track.track.name for track in found] == [TRACK, "Master"]
    plugins = found[0].plugins
    assert [p.plugin.name.lower().replace(" ", "-") for p in plugins] == list(PLUGINS)
    for plugin, plugin_id in zip(plugins, PLUGINS, strict=True):
        told = {p.name: (p.min, p.max) for p in plugin.parameters}
        assert told == {p.name: (p.min, p.max) for p in manifest.plugin(plugin_id).parameters}
        # Ardour counts parameters from 1.
        assert [p.key for p in plugin.parameters] == list(range(1, len(told) + 1))


@each_chain
def test_every_parameter_is_read_back_as_it_was_set(
    ardour: Ardour, manifest: Manifest, text: str
) -> None:
    chain = chain_of(text, manifest)
    with connect(url(ardour, text), chain) as host:
        for seed in range(20):
            left_out = {slot.id for n, slot in enumerate(chain.slots) if seed >> n & 1}
            wanted = of_chain(chain, seed).without(left_out).all_values
            host.set(wanted)
            assert host.read() == pytest.approx(wanted, abs=FLOAT_STEP)


@pytest.mark.parametrize("heard", [*((plugin_id,) for plugin_id in PLUGINS), PLUGINS[:2], PLUGINS])
def test_the_sound_is_that_of_the_offline_render(
    ardour: Ardour, player: Player, playing: Audio, manifest: Manifest, heard: tuple[str, ...]
) -> None:
    chain = chain_of(FOUR, manifest)
    setting = of_chain(chain, 1).without(set(PLUGINS) - set(heard))
    with connect(f"ardour://127.0.0.1:{ardour.port}", chain) as host:
        places = list(host.places.values())
        assert [place.lower().replace(" ", "-") for place in places] == [
            f"{TRACK}/{plugin_id}" for plugin_id in PLUGINS
        ]
        host.set(setting.all_values)
        assert host.read() == pytest.approx(setting.all_values, abs=FLOAT_STEP)
    # A delay that was left out still holds what it heard before: let it die away.
    player.record(np.zeros(4 * RATE, np.float32), 4 * RATE)
    told = similarity(player, playing[: 2 * RATE], setting)
    assert told.host < 0.01 < 0.4 < told.dry


def test_a_track_of_another_name_is_noticed(ardour: Ardour, overdrive: PluginSpec) -> None:
    to = ("127.0.0.1", ardour.port)

    def asked() -> bool:
        host.ask()
        return host.poll().moved

    chain = Chain.of_plugin(overdrive)
    with connect(url(ardour, overdrive.id), chain) as host, OscSocket() as musician:
        musician.send(Message("/strip/name", (1, "bass")), to)
        try:
            wait_for("the news of the name", asked)
            with pytest.raises(HostError, match=f"track '{TRACK}' is no longer in the host"):
                host.find()
        finally:
            musician.send(Message("/strip/name", (1, TRACK)), to)
        wait_for("the ports of the name", lambda: TRACK_INPUT in port_names())
        host.find()
        assert host.read()


def test_live_outlives_ardour_and_leaves_the_musician_what_is_his(
    ardour: Ardour,
    player: Player,
    playing: Audio,
    overdrive: PluginSpec,
    write_wav: Callable[..., Path],
) -> None:
    half = len(playing) // 2
    setting = Setting.of_values(overdrive, TRUTH)
    wet = load_effect(overdrive).render(playing[np.newaxis, half:], RATE, setting)
    reference = write_wav("reference.wav", wet, RATE)
    player.loop(playing[: 9 * RATE])
    target = url(ardour, overdrive.id)
    arguments = ("--reference", reference, "--input", PLAYER, "--host", target, "--keep", "--json")
    with running("live", "--plugin", overdrive.id, *arguments) as bridge:
        seen_until(bridge, lambda status: status["state"] == "matching")
        ardour.kill()
        seen_until(bridge, lambda status: status["host_lost"])
        ardour.start()
        seen_until(bridge, lambda status: not status["host_lost"])
        with connect(target, Chain.of_plugin(overdrive)) as musician:
            # A new Ardour has the session's values: drive and muffle 0, and output 0.5.
            wait_for("the state", lambda: near(told(musician), next_line(bridge)["values"]))
            assert told(musician)[DRIVE] > 0.2
            musician.set({OUTPUT: 0.9})
            yielded = seen_until(bridge, lambda status: status["yielded"] == [OUTPUT])
            # Near the reference, after a full state and some decisions; or it never comes near.
            status = seen_until(
                bridge,
                lambda status: (
                    status["time_s"] >= 30
                    or (
                        status["time_s"] >= yielded["time_s"] + 4
                        and status["decisions"] >= yielded["decisions"] + 2
                        and error_of(status["values"]) < 0.5
                    )
                ),
            )
            bridge.send_signal(signal.SIGINT)
            out, err = bridge.communicate(timeout=PATIENCE_S)
            assert bridge.returncode == 0, err
            after = wait_for("Ardour's values", lambda: told(musician))
    assert status["yielded"] == [OUTPUT]
    assert after[OUTPUT] == pytest.approx(0.9)
    assert error_of(after) < 0.6
    assert json.loads(out.splitlines()[-1])["summary"]["lost"] == 0


def error_of(values: dict[str, float]) -> float:
    """How far drive and muffle are from the reference's."""
    return abs(values[DRIVE] - TRUTH["drive"]) + abs(values[MUFFLE] - TRUTH["muffle"])


@pytest.fixture
def scripted(jack: None, tmp_path: Path) -> Iterator[ScriptedArdour]:
    with ScriptedArdour(tmp_path / "rig") as started:
        yield started


def test_plugins_inserted_and_removed_above_are_neither_believed_nor_written(
    scripted: ScriptedArdour, manifest: Manifest
) -> None:
    acts = list(insertions(scripted, chain_of(FOUR, manifest), ROUNDS))
    assert acts == ROUNDS * [("insert above", ""), ("remove above", "")]


def test_a_plugin_that_goes_to_another_track_and_back_is_followed(
    scripted: ScriptedArdour, manifest: Manifest
) -> None:
    acts = list(moves(scripted, chain_of(FOUR, manifest), ROUNDS))
    assert acts == ROUNDS * [("move to another track", ""), ("move back", "")]


def test_a_bypass_at_a_random_moment_is_kept(
    ardour: Ardour, manifest: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Full states come more often.
    monkeypatch.setattr("bridge.drive.sending.FULL_STATE_S", 1.0)
    acts = list(bypasses(ardour, chain_of(FOUR, manifest), ROUNDS))
    assert acts == ROUNDS * [("bypass", "")]


def seen_until(bridge: subprocess.Popen[str], wanted: Callable[[Any], bool]) -> Any:
    """The first status from now on that is as wanted; the test's time limit ends it."""
    while not wanted(status := next_line(bridge)):
        pass
    return status
