"""Render what is too long to be held: block by block, to the same bits as at once."""

from collections.abc import Iterable, Iterator
from itertools import chain

import numpy as np

from bridge.arrays import Audio
from bridge.chain import ChainSetting
from bridge.effects.base import BLOCK_FRAMES, Effect
from bridge.effects.chain import ChainEffect
from bridge.manifest import Setting


def render_blocks(
    effect: ChainEffect,
    blocks: Iterable[Audio],
    channels: int,
    sample_rate: float,
    setting: ChainSetting,
) -> Iterator[Audio]:
    """What `ChainEffect.render` makes of the blocks, each (channels, frames), put together.

    Slots that are left out are not opened. Raises EffectError as `Effect.open` does.
    """
    for slot, each, its_setting in zip(
        effect.chain.slots, effect.effects, setting.settings, strict=True
    ):
        if slot.id not in setting.bypassed:
            blocks = _through(each, blocks, channels, sample_rate, its_setting)
    yield from blocks


def _through(
    effect: Effect, blocks: Iterable[Audio], channels: int, sample_rate: float, setting: Setting
) -> Iterator[Audio]:
    """Through a fresh plugin, whose latency is taken away before the next one hears it."""
    with effect.open(sample_rate, channels, setting) as stream:
        late = unheard = stream.latency_frames
        silence = np.zeros((channels, late), np.float32)
        for block in _recut(chain(blocks, [silence]), channels):
            wet = stream.process(block)
            dropped = min(unheard, wet.shape[1])
            unheard -= dropped
            yield wet[:, dropped:]


def _recut(blocks: Iterable[Audio], channels: int) -> Iterator[Audio]:
    """Blocks of a multiple of BLOCK_FRAMES, so that a plugin sees the same blocks as at once."""
    rest = np.zeros((channels, 0), np.float32)
    for block in blocks:
        rest = np.concatenate((rest, block), axis=1)
        whole = rest.shape[1] // BLOCK_FRAMES * BLOCK_FRAMES
        if whole:
            yield rest[:, :whole]
            rest = rest[:, whole:]
    if rest.shape[1]:
        yield rest
