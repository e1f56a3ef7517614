"""The background of a plugin's sound map: its settings as coloured points."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bridge.arrays import Floats
from bridge.chain import Chain, ChainSetting
from bridge.errors import ModelError
from bridge.manifest import PluginSpec, Setting

_FIELD_CELLS = 48
_REACH = 0.06
"""How far round its place, as a share of the map, a setting that was tried tells of others."""
_FEWEST_HEARD = 20


@dataclass(frozen=True)
class MapPicture:
    """What is drawn of a map; its networks are the engine's."""

    points: Floats
    """Places in the unit square, (n, 2)."""
    colours: Floats
    """Red, green and blue in 0..1, (n, 3): settings that sound dark are dark."""
    settings: Floats
    """The settings at these places, (n, p): normalised values of the predicted parameters."""

    def place_of(self, setting: Setting) -> tuple[float, float]:
        """Where the nearest of the settings lies."""
        ways = self.settings - np.asarray(setting.predicted, np.float32)
        x, y = self.points[int(np.square(ways).sum(axis=1).argmin())].tolist()
        return x, y


def read_map(plugin: PluginSpec) -> MapPicture | None:
    """Blocking: the picture of an exported map; None where there is none that fits."""
    # It brings the ONNX runtime with it, which nobody needs who never looks at a map.
    from bridge.estimate.sound_map import load_map

    try:
        sound_map = load_map(plugin)
    except ModelError:
        return None
    return MapPicture(sound_map.points, sound_map.colours, sound_map.settings)


def nearness(heard: Sequence[float]) -> Floats | None:
    """How near the reference each cell of the map is expected to be, of `/map/heard`.

    (cells, cells), the lowest row first: 1 where it is nearest, 0 where it is farthest or nothing
    near was tried; None where too little was tried. A mean weighed by distance on the map
    (Nadaraya, Theory Probab. Appl. 9, 1964).
    """
    if len(heard) % 3 or len(heard) < 3 * _FEWEST_HEARD:
        return None
    x, y, distance = np.reshape(np.asarray(heard, np.float32), (-1, 3)).T
    spread = float(np.ptp(distance))
    if not np.isfinite(spread) or spread <= 0:
        return None
    near = (distance.max() - distance) / spread
    centres = (np.arange(_FIELD_CELLS, dtype=np.float32) + 0.5) / _FIELD_CELLS
    across, up = (np.exp(-(((centres[:, None] - at) / _REACH) ** 2) / 2) for at in (x, y))
    weight = up @ across.T
    # One setting right there is enough to be shown in full.
    return np.asarray((up * near) @ across.T / np.maximum(weight, 1.0), np.float32)


def missing_map(chain: Chain | None, reading: bool) -> str:
    """Why there are no points."""
    if chain is None:
        return "Choose a plugin: each place on its map is a setting"
    if len(chain.slots) > 1:
        return "A sound map belongs to one plugin by itself; here are several in a row"
    return "Being read…" if reading else "No sound map of this plugin is here yet"


def snapshot_setting(chain: Chain, told: Mapping[str, float]) -> Setting:
    """A snapshot of a chain of one; what the plugin has not is left out."""
    known = {parameter.address for parameter in chain.parameters}
    values = {address: value for address, value in told.items() if address in known}
    return ChainSetting.of_values(chain, values).settings[0]
