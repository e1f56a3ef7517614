"""What the networks of a map have learned, without a render."""

import numpy as np
import torch

from bridge.arrays import Floats
from training.sound_map.building import Built
from training.sound_map.sounds import Examples

REACHED, KEPT = "sound_reached", "sound_kept"
ROUND_TRIP, LOCATED, CENTRE = "round_trip", "located", "centre"
_GRID = 48
_DIGITS = 4


def judge(built: Built, unheard: Examples) -> dict[str, float]:
    """Shares of variance, and mean distances in sides of the square.

    - sound_reached: of how differently all settings sound, the share that is there somewhere on the
      map; sound_kept: the share that is there in a setting's own place;
    - round_trip: from places to settings and back;
    - located: from where recordings that training never heard are put to where their true settings
      lie; centre: the same, were all put in the middle.
    """
    side = np.linspace(0, 1, _GRID, dtype=np.float32)
    square = torch.from_numpy(np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2))
    settings = built.coding.decode(built.back(square))
    laid = _sounds(built, torch.from_numpy(built.settings))
    there = _sounds(built, settings)
    kept = _sounds(built, built.coding.decode(built.back(torch.from_numpy(built.positions))))
    nearest = np.array([((there - sound) ** 2).sum(axis=1).min() for sound in laid])
    spread = laid.var(axis=0).sum()
    back = built.place(built.coding.encode(settings)).clip(0, 1)
    wet = ~np.isnan(unheard.settings[:, 0])
    codes = built.coding.encode(torch.from_numpy(unheard.settings[wet]))
    true = built.place(codes).clip(0, 1).numpy()
    located = built.locator(torch.from_numpy(unheard.wet[wet])).clip(0, 1).numpy()
    found = {
        REACHED: 1 - nearest.mean() / spread,
        KEPT: 1 - ((kept - laid) ** 2).sum(axis=1).mean() / spread,
        ROUND_TRIP: _distance(back.numpy(), square.numpy()),
        LOCATED: _distance(located, true),
        CENTRE: _distance(np.full_like(true, 0.5), true),
    }
    return {name: round(float(value), _DIGITS) for name, value in found.items()}


def _sounds(built: Built, settings: torch.Tensor) -> Floats:
    sounds: Floats = built.sounds.network(built.coding.encode(settings)).numpy()
    return sounds


def _distance(one: Floats, other: Floats) -> float:
    return float(np.linalg.norm(one - other, axis=1).mean())
