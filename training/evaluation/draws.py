"""Random settings that references are made with."""

from collections.abc import Callable, Sequence

import numpy as np

from bridge.arrays import Audio
from bridge.chain import Chain, ChainSetting
from bridge.effects import ChainEffect
from training.errors import TrainingError
from training.examples import is_usable

Draw = Callable[[Chain, np.random.Generator], ChainSetting]

_MAX_REDRAWS = 50
_AROUND_START = 0.22
"""Deviation of normalised values around a rig's start."""
_LEFT_OUT = 0.5
"""How often an optional slot is left out."""


def random_setting(chain: Chain, draw: np.random.Generator) -> ChainSetting:
    """Uniform in the normalised ranges of a plugin; around its start for a rig.

    Twenty parameters at any value would make few sounds that somebody would play with.
    """
    count = len(chain.predicted)
    if len(chain.slots) == 1:
        return ChainSetting.of_predicted(chain, draw.random(count).tolist())
    start = np.array(ChainSetting.start(chain).predicted)
    values = np.clip(start + _AROUND_START * draw.standard_normal(count), 0, 1)
    return ChainSetting.of_predicted(chain, values.tolist(), _some_left_out(chain, draw))


def near_ends(chain: Chain, draw: np.random.Generator, effort: float = 0.0) -> ChainSetting:
    """Each value anywhere, or near an end of its range: there an effect may do next to nothing.

    With more `effort`, 0..1, more values are near an end, and nearer.
    """
    count = len(chain.predicted)
    near = draw.random(count) ** (2 + 4 * effort)
    ends = np.where(draw.random(count) < 0.5, near, 1 - near)
    at_an_end = draw.random(count) < 0.5 + 0.4 * effort
    values = np.where(at_an_end, ends, draw.random(count))
    return ChainSetting.of_predicted(chain, values.tolist(), _some_left_out(chain, draw))


def usable_setting(
    effect: ChainEffect,
    audio: Sequence[Audio],
    sample_rate: int,
    draw: np.random.Generator,
) -> tuple[ChainSetting, list[Audio]]:
    """A `random_setting`, and all `audio` rendered with it.

    Settings that leave silence or noise of any are drawn again. Raises TrainingError where all do.
    """
    for _ in range(_MAX_REDRAWS):
        setting = random_setting(effect.chain, draw)
        wet = [effect.render(some, sample_rate, setting) for some in audio]
        if all(is_usable(some) for some in wet):
            return setting, wet
    raise TrainingError(
        f"{effect.chain.id}: {_MAX_REDRAWS} settings in a row leave silence or noise;"
        " narrow its ranges"
    )


def _some_left_out(chain: Chain, draw: np.random.Generator) -> list[str]:
    return [slot.id for slot in chain.slots if slot.optional and draw.random() < _LEFT_OUT]
