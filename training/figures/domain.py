"""Domain colouring: a colour for every place of the sound map, carried over to the parameters."""

from itertools import combinations

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bridge.estimate.sound_map import SoundMap
from training.figures.palette import field

_MAP_IN = 5.2
_PANEL_IN = 1.75
_SIDE = 64


def draw(sound_map: SoundMap) -> Figure:
    """The settings' latent space in colours, and pair plots of their parameters in the same."""
    parameters = sound_map.plugin.predicted
    count = max(len(parameters) - 1, 1)
    size = max(count * _PANEL_IN, _MAP_IN)
    figure = Figure(figsize=(_MAP_IN + size + 0.4, size + 0.8), layout="constrained")
    figure.suptitle(
        f"{sound_map.plugin.name}: where settings lie by their sound, and what these settings are"
    )
    left, right = figure.subfigures(1, 2, squeeze=False, width_ratios=(_MAP_IN, size))[0]
    above, below = left.subplots(2, 1, height_ratios=(3, 2))
    _latent_space(above, sound_map)
    _colour_field(below)
    colours = field(sound_map.points)
    if len(parameters) == 1:
        _single(right.subplots(), sound_map)
        return figure
    right.suptitle("pairs of parameters, normalised (0: lowest, 1: highest)", size="medium")
    panels = right.subplots(count, count, squeeze=False, sharex="col", sharey="row")
    for axes in panels.ravel():
        axes.set_axis_off()
    mark = 60 / count**1.3
    for column, row in combinations(range(len(parameters)), 2):
        axes = panels[row - 1, column]
        axes.set_axis_on()
        x, y = sound_map.settings[:, [column, row]].T
        axes.scatter(x, y, mark, colours, linewidths=0, rasterized=True)
        axes.set(xlim=(-0.04, 1.04), ylim=(-0.04, 1.04), xticks=(0, 1), yticks=(0, 1))
        axes.tick_params(labelsize="x-small")
        if row == len(parameters) - 1:
            axes.set_xlabel(parameters[column].name, size="small")
        if column == 0:
            axes.set_ylabel(parameters[row].name, size="small")
    return figure


def _latent_space(axes: Axes, sound_map: SoundMap) -> None:
    x, y = sound_map.projection.T
    axes.scatter(x, y, 14, field(sound_map.points), linewidths=0, rasterized=True)
    axes.set_title(f"latent space: UMAP of {len(x)} settings' sounds", size="medium")
    axes.set(xlabel="UMAP 1", ylabel="UMAP 2", xticks=(), yticks=(), aspect="equal")


def _colour_field(axes: Axes) -> None:
    axes.imshow(_square_colours(), origin="lower", extent=(0, 1, 0, 1))
    axes.set_title(
        "the same spread over the sound map,\nwhose places give the colours", size="medium"
    )
    axes.set(xlabel="x", ylabel="y", xticks=(0, 1), yticks=(0, 1))


def _square_colours() -> npt.NDArray[np.float64]:
    """The colour field as a picture, (side, side, 3), from the bottom up."""
    side = (np.arange(_SIDE) + 0.5) / _SIDE
    places = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2).astype(np.float32)
    return field(places).reshape(_SIDE, _SIDE, 3)


def _single(axes: Axes, sound_map: SoundMap) -> None:
    """A plugin of one parameter has no pairs: its value against x."""
    values = sound_map.settings[:, 0]
    axes.scatter(sound_map.points[:, 0], values, 14, field(sound_map.points), linewidths=0)
    axes.set(xlabel="x", ylabel=f"{sound_map.plugin.predicted[0].name}, normalised")
