"""The sound map itself: what it sounds like, and every parameter's value all over it."""

from collections.abc import Mapping
from math import ceil

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bridge.estimate.sound_map import Position, SoundMap
from training.figures.palette import SCALE

_MOST_COLUMNS = 4
_PANEL_IN = (3.0, 2.7)
_SIDE = 60
_MARKS = ("o", "^", "D", "s")


def draw(sound_map: SoundMap, marks: Mapping[str, Position] | None = None) -> Figure:
    """A panel of the sound's brightness and loudness, and one for each predicted parameter.

    `marks` are places by name.
    """
    parameters = sound_map.plugin.predicted
    count = 1 + len(parameters)
    rows = ceil(count / _MOST_COLUMNS)
    columns = ceil(count / rows)
    size = (columns * _PANEL_IN[0], rows * _PANEL_IN[1] + 0.7)
    figure = Figure(figsize=size, layout="constrained")
    figure.suptitle(f"{sound_map.plugin.name}: the sound map; every place is a setting")
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    _sound(panels[0], sound_map)
    side = (np.arange(_SIDE) + 0.5) / _SIDE
    settings = np.array([[sound_map.setting_at(x, y).predicted for x in side] for y in side])
    for number, spec in enumerate(parameters):
        axes = panels[1 + number]
        image = axes.imshow(
            settings[:, :, number],
            origin="lower",
            extent=(0, 1, 0, 1),
            vmin=0,
            vmax=1,
            cmap=SCALE,
        )
        axes.set_title(f"{spec.name} ({spec.classes} classes)" if spec.classes else spec.name)
        _square(axes)
        bar = figure.colorbar(image, ax=axes, fraction=0.046, ticks=(0, 1))
        low, high = spec.to_real(0), spec.to_real(1)
        unit = f" {spec.unit}" if spec.unit else ""
        bar.ax.set_yticklabels([f"{low:g}{unit}", f"{high:g}{unit}"], size="x-small")
    for axes in panels[count:]:
        axes.set_axis_off()
    for (name, place), mark in zip((marks or {}).items(), _MARKS, strict=False):
        for axes in panels[:count]:
            axes.plot(*place, mark, color="white", markeredgecolor="black", label=name)
    if marks:
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure


def _sound(axes: Axes, sound_map: SoundMap) -> None:
    low, high = np.percentile(sound_map.loudness_db, (2, 98))
    loud = np.clip((sound_map.loudness_db - low) / max(high - low, 1e-6), 0, 1)
    low, high = np.percentile(sound_map.brightness, (2, 98))
    x, y = sound_map.points.T
    dots = axes.scatter(
        x,
        y,
        2 + 16 * loud,
        sound_map.brightness,
        cmap=SCALE,
        vmin=low,
        vmax=high,
        linewidths=0,
    )
    axes.set_title("sound: colour brightness,\nsize loudness", size="medium")
    _square(axes)
    axes.figure.colorbar(dots, ax=axes, fraction=0.046, label="octaves brighter than dry")


def _square(axes: Axes) -> None:
    axes.set(xlim=(0, 1), ylim=(0, 1), xticks=(0, 1), yticks=(0, 1), aspect="equal")
    axes.tick_params(labelsize="x-small")
