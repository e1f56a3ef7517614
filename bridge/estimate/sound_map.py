"""A plugin's sounds as a square to play on: neighbours sound alike, and every place is a setting.

Moving through it moves all predicted parameters smoothly at once; the others stay at their
defaults. Nothing here blocks: an answer takes a few hundredths of a millisecond.
"""

import numpy as np

from bridge.arrays import Floats
from bridge.estimate.listener import Analysis
from bridge.library import Library
from bridge.manifest import PluginSpec, Setting
from bridge.models.maps import MapNetworks, load_networks

Position = tuple[float, float]
"""x from left to right and y from bottom to top, each 0..1."""

# cividis (Nuñez, Anderton & Renslow, PLoS ONE 13, 2018), which the colour-blind see as others do.
_DARK_TO_BRIGHT = np.array(
    [[0, 34, 78], [65, 77, 107], [124, 123, 120], [187, 174, 111], [254, 232, 56]], np.float32
)


class SoundMap:
    """Ways between places in the unit square, settings and recordings."""

    def __init__(self, plugin: PluginSpec, networks: MapNetworks) -> None:
        """`networks` must be the plugin's."""
        self.plugin = plugin
        self._networks = networks

    @property
    def points(self) -> Floats:
        """Where the settings lie that the map was made of, (n, 2): its background."""
        return self._networks.positions

    @property
    def projection(self) -> Floats:
        """Where UMAP had put them before they were spread over the square, (n, 2)."""
        return self._networks.projection

    @property
    def settings(self) -> Floats:
        """The settings at these points, (n, p): normalised values of the predicted parameters."""
        return self._networks.settings

    @property
    def loudness_db(self) -> Floats:
        """How much louder the setting at each point makes a recording on average, (n,)."""
        return self._networks.gains_db

    @property
    def brightness(self) -> Floats:
        """By how many octaves it raises a recording's spectral centroid on average, (n,)."""
        return self._networks.brightness

    @property
    def colours(self) -> Floats:
        """A colour for each point, red, green and blue in 0..1, (n, 3): dark sounds are dark."""
        ranks = self.brightness.argsort().argsort() / max(len(self.brightness) - 1, 1)
        steps = np.linspace(0, 1, len(_DARK_TO_BRIGHT))
        channels = [np.interp(ranks, steps, channel / 255) for channel in _DARK_TO_BRIGHT.T]
        return np.stack(channels, axis=1).astype(np.float32)

    def setting_at(self, x: float, y: float) -> Setting:
        """The setting at a place; places outside the square count as those on its edge.

        Raises ManifestError for what is not a number.
        """
        position = np.clip(np.array([x, y], np.float32), 0, 1)
        values = self._networks.setting(position)
        return Setting.of_predicted(self.plugin, values.tolist())

    def position_of(self, setting: Setting) -> Position:
        """Where a setting lies; near x, y for the one of `setting_at(x, y)`."""
        return _inside(self._networks.position(np.array(setting.predicted, np.float32)))

    def locate(self, analysis: Analysis) -> Position:
        """Where a recording belongs by its sound, whatever is played and however loud it is."""
        return _inside(self._networks.locate(analysis.embedding))


def load_map(plugin: PluginSpec, library: Library | None = None) -> SoundMap:
    """The exported map of a plugin.

    Raises ModelError, saying what to do, where it is missing, corrupt or does not fit.
    """
    return SoundMap(plugin, load_networks(plugin, library))


def _inside(position: Floats) -> Position:
    x, y = np.clip(position, 0, 1).tolist()
    return x, y
