"""`guitar-amp-lv2` in a real Ardour: all on one track, driven over OSC, heard over JACK."""

from pathlib import Path

import pytest

from bridge.arrays import Audio
from bridge.audio.resample import resample
from bridge.chain import ChainSetting, chain_of
from bridge.hosts import connect, discover
from bridge.hosts.connect import FoundPlugin
from bridge.manifest import Manifest
from bridge.osc import Message, OscSocket
from tests.rigs.ardour import ScriptedArdour
from tests.rigs.ardour_hand import of_chain
from tests.rigs.children import wait_for
from tests.rigs.jack import RATE, Player
from tests.rigs.sound import similarity

RIG = "guitar-amp-lv2"
TRACK = "twin"
INPUT = f"scripted:{TRACK}/audio_in 1"
OUTPUTS = [f"scripted:{TRACK}/audio_out {n}" for n in (1, 2)]
# A busy machine takes its time to start Ardour.
pytestmark = [pytest.mark.xdist_group("jack"), pytest.mark.timeout(300)]


def test_what_is_set_arrives_in_the_plugins_of_one_track_and_sounds_as_rendered(
    jack: None, tmp_path: Path, guitar: tuple[Audio, int], manifest: Manifest
) -> None:
    chain = chain_of(RIG, manifest)
    dry: Audio = resample(guitar[0], guitar[1], RATE)[0, : 2 * RATE]
    with ScriptedArdour(tmp_path / "rig") as ardour, Player("player", inputs=2) as player:
        ardour.add_tracks(TRACK, [str(slot.plugin.formats.lv2) for slot in chain.slots])
        url, to = f"ardour://127.0.0.1:{ardour.port}", ("127.0.0.1", ardour.port)
        wait_for("the plugins", lambda: len(plugins(url)) == len(chain.slots))
        with connect(f"{url}/{TRACK}", chain) as host, OscSocket() as musician:
            for seed, left_out in enumerate(["tone", "delay"]):
                wanted = of_chain(chain, seed).without({left_out})
                host.set(wanted.all_values)
                assert host.read() == pytest.approx(wanted.all_values, rel=1e-5)
                assert_holds(plugins(url), wanted)
            (strip,) = (t.track.key for t in discover(url) if t.track.name == TRACK)
            musician.send(Message("/strip/monitor_input", (strip, 1)), to)
            player.connect(INPUT, OUTPUTS)
            # A delay that was left out still holds what it heard before: nothing was played yet.
            heard = similarity(player, dry, wanted)
    assert heard.host < 0.1 < 0.4 < heard.dry


def plugins(url: str) -> tuple[FoundPlugin, ...]:
    """What Ardour itself tells of the track, asked anew; none before it is there."""
    return next((t.plugins for t in discover(url) if t.track.name == TRACK), ())


def assert_holds(found: tuple[FoundPlugin, ...], wanted: ChainSetting) -> None:
    """The plugins stand in the rig's order, and each has its own values."""
    for plugin, slot, setting in zip(found, wanted.chain.slots, wanted.settings, strict=True):
        told = {parameter.name: parameter.value for parameter in plugin.parameters}
        assert plugin.plugin.bypassed == (slot.id in wanted.bypassed)
        for spec in setting.plugin.parameters:
            assert told[spec.name] == pytest.approx(setting.values[spec.symbol], rel=1e-5), slot.id
