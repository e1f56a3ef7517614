"""A long file is rendered block by block, to the same bits as at once."""

from collections.abc import Iterator

import numpy as np
import pytest

from bridge.arrays import Audio
from bridge.chain import Chain, ChainSetting, chain_of
from bridge.effects import load_chain
from bridge.effects.blockwise import render_blocks
from bridge.library import Library
from bridge.manifest import Manifest

RATE = 44_100
AUDIO = np.random.default_rng(0).uniform(-0.5, 0.5, (2, 30_011)).astype(np.float32)
PLUGINS = [plugin.id for plugin in Library().manifest.plugins]


def cut(audio: Audio, *lengths: int) -> Iterator[Audio]:
    start, turn = 0, 0
    while start < audio.shape[1]:
        end = start + lengths[turn % len(lengths)]
        yield audio[:, start:end]
        start, turn = end, turn + 1


def check(chain: Chain, setting: ChainSetting, channels: int = 2) -> None:
    effect, audio = load_chain(chain), np.tile(AUDIO, (2, 1))[:channels]
    at_once = effect.render(audio, RATE, setting)
    for lengths in ((8_192,), (1, 3_000, 1_024, 20_000)):
        blocks = list(render_blocks(effect, cut(audio, *lengths), channels, RATE, setting))
        assert np.array_equal(np.concatenate(blocks, axis=1), at_once)


@pytest.mark.parametrize("plugin_id", PLUGINS)
def test_every_plugin_gives_the_same_bits(manifest: Manifest, plugin_id: str) -> None:
    chain = Chain.of_plugin(manifest.plugin(plugin_id))
    draw = np.random.default_rng(1)
    values = draw.random(len(chain.parameters)).tolist()
    check(chain, ChainSetting.of_normalised(chain, values))


@pytest.mark.parametrize("channels", [1, 3])
def test_chains_of_late_plugins_give_the_same_bits(manifest: Manifest, channels: int) -> None:
    """Late ones, of which the next must not hear the silence before; one is left out."""
    chain = chain_of("mda-delay,mda-leslie,pedalboard-chorus,mda-dynamics,mda-thruzero", manifest)
    assert load_chain(chain).open(RATE, 1, ChainSetting.start(chain)).latency_frames > 0
    setting = ChainSetting.start(chain)
    check(chain, setting, channels)
    check(chain, setting.without(["mda-leslie"]), channels)
    check(chain, setting.without([slot.id for slot in chain.slots]), channels)
