"""Interpolation: each parameter swept alone, and the ways it takes through the latent space."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bridge.arrays import Floats
from bridge.effects import Effect
from bridge.manifest import ParamSpec, PluginSpec, Setting
from training.figures.hearing import Clip, Listener, shifts
from training.figures.palette import COLOURS, MARKERS, SCALE

STEPS = 21
_PANEL_IN = (2.9, 2.9)
_JOINT_IN = 5.6


@dataclass(frozen=True)
class Sweep:
    """One parameter from end to end, the others at their defaults."""

    parameter: ParamSpec
    values: Floats
    """Normalised, (n,)."""
    ways: Floats
    """How each value moves the embedding of each clip away from the dry one, (clips, n, d); NaN
    where nothing is heard."""


def sweep_all(effect: Effect, clips: Sequence[Clip], hear: Listener) -> list[Sweep]:
    """Every predicted parameter of a plugin; a class in all its values, the others in `STEPS`."""
    found = []
    for parameter in effect.plugin.predicted:
        values = np.linspace(0, 1, parameter.classes or STEPS)
        settings = [_with(effect.plugin, parameter, value) for value in values.tolist()]
        ways = shifts(effect, settings, clips, hear)
        found.append(Sweep(parameter, values.astype(np.float32), ways))
    return found


def draw(plugin: PluginSpec, sweeps: Sequence[Sweep], clips: Sequence[Clip]) -> Figure:
    """All parameters in one plot on the left, each alone on the right, coloured by its value."""
    columns = ceil(sqrt(len(sweeps)))
    rows = -(-len(sweeps) // columns)
    height = max(rows * _PANEL_IN[1], _JOINT_IN) + 1.1
    figure = Figure(figsize=(_JOINT_IN + columns * _PANEL_IN[0], height), layout="constrained")
    figure.suptitle(
        f"{plugin.name}: what each parameter does in the latent space, the others at their defaults"
    )
    widths = (_JOINT_IN, columns * _PANEL_IN[0])
    left, right = figure.subfigures(1, 2, squeeze=False, width_ratios=widths)[0]
    _joint(left.subplots(), sweeps)
    panels = right.subplots(rows, columns, squeeze=False).ravel()
    for axes, sweep in zip(panels, sweeps, strict=False):
        _alone(axes, sweep)
    for axes in panels[len(sweeps) :]:
        axes.set_axis_off()
    right.colorbar(
        ScalarMappable(Normalize(0, 1), SCALE),
        ax=panels.tolist(),
        label="value of the parameter (0: lowest, 1: highest)",
        location="right",
        fraction=0.04,
    )
    marks = [
        Line2D([], [], color="grey", marker=marker, linewidth=1, label=clip.name)
        for clip, marker in zip(clips, _markers(len(clips)), strict=True)
    ]
    right.suptitle("one by one, each in its own principal components", size="medium")
    right.legend(handles=marks, loc="outside lower center", ncols=len(clips), title="dry clip")
    return figure


def _with(plugin: PluginSpec, parameter: ParamSpec, value: float) -> Setting:
    values = {parameter.symbol: parameter.to_real(value)}
    return Setting.of_values(plugin, values)


def _joint(axes: Axes, sweeps: Sequence[Sweep]) -> None:
    everything = np.concatenate([sweep.ways.reshape(-1, sweep.ways.shape[2]) for sweep in sweeps])
    centre, directions, shares = _principal(everything)
    handles = []
    for number, sweep in enumerate(sweeps):
        colour = COLOURS[number % len(COLOURS)]
        line: Literal["-", "--"] = "-" if number < len(COLOURS) else "--"
        for way, marker in zip(sweep.ways, _markers(len(sweep.ways)), strict=True):
            x, y = ((way - centre) @ directions).T
            axes.plot(x, y, line, color=colour, linewidth=1, alpha=0.6)
            axes.scatter(x, y, 6 + 34 * sweep.values, color=colour, marker=marker, alpha=0.8)
        handles.append(Line2D([], [], color=colour, linestyle=line, label=sweep.parameter.name))
    x, y = (-centre @ directions).T
    (dry,) = axes.plot(x, y, "k+", markersize=14, markeredgewidth=2, label="dry", linestyle="none")
    axes.set_title("all together; marks grow with the value", size="medium")
    _label(axes, shares)
    axes.legend(handles=[*handles, dry], loc="best", fontsize="small")


def _alone(axes: Axes, sweep: Sweep) -> None:
    centre, directions, shares = _principal(sweep.ways.reshape(-1, sweep.ways.shape[2]))
    for way, marker in zip(sweep.ways, _markers(len(sweep.ways)), strict=True):
        x, y = ((way - centre) @ directions).T
        axes.plot(x, y, color="grey", linewidth=0.7, zorder=1)
        axes.scatter(x, y, 26, sweep.values, cmap=SCALE, vmin=0, vmax=1, marker=marker, zorder=2)
    spec = sweep.parameter
    unit = f" {spec.unit}" if spec.unit else ""
    span = f"{spec.classes} classes" if spec.classes else f"{spec.min:g} to {spec.max:g}{unit}"
    axes.set_title(f"{spec.name}\n{span}", size="medium")
    _label(axes, shares)
    axes.tick_params(labelsize="x-small")
    # One scale along both axes, so that a way's length can be seen.
    axes.set_aspect("equal", adjustable="datalim")


def _principal(vectors: Floats) -> tuple[Floats, Floats, Floats]:
    """Mean (d,), the two principal directions (d, 2), and their shares of the variance (2,).

    Of vectors (n, d); those that are NaN are left out.
    """
    vectors = vectors[~np.isnan(vectors[:, 0])]
    centre = vectors.mean(axis=0)
    _, sizes, directions = np.linalg.svd(vectors - centre, full_matrices=False)
    shares = sizes**2 / max(float((sizes**2).sum()), 1e-12)
    return np.asarray(centre), np.asarray(directions[:2].T), np.asarray(shares[:2], np.float32)


def _label(axes: Axes, shares: Floats) -> None:
    first, second = (f"({100 * share:.0f} % of variance)" for share in shares)
    axes.set_xlabel(f"component 1 {first}", size="small")
    axes.set_ylabel(f"component 2 {second}", size="small")
    axes.grid(alpha=0.3)


def _markers(count: int) -> list[str]:
    return [MARKERS[number % len(MARKERS)] for number in range(count)]
