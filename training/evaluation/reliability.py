"""The picture of predicted against true distances."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.evaluation.digest import Measured
from training.evaluation.foretold import FORETOLD, pairs
from training.evaluation.intervals import Values
from training.evaluation.protocol import DO_NOTHING, RENDERED

_TITLES = {DO_NOTHING: "doing nothing (`now`)", RENDERED: "with the answer (`expected`)"}
_COLOURS = {DO_NOTHING: "#000000", RENDERED: "#D55E00"}
_BINS = 10
_LEAST = 0.01
"""Distances below this are drawn here, as the axes are logarithmic."""


def draw_foretold(measured: Sequence[Measured], rate: int) -> Figure | None:
    """One panel for each condition: every case, and means of tenths of them.

    None where no answer said how near it would come.
    """
    outcomes = [o for m in measured for some in m.outcomes.values() for o in some]
    panels = {condition: pairs(outcomes, condition) for condition in FORETOLD}
    if not len(panels[RENDERED][0]):
        return None
    figure = Figure(figsize=(10, 5.4), layout="constrained")
    all_axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for axes, (condition, (predicted, true)) in zip(all_axes, panels.items(), strict=True):
        _draw(axes, predicted, true, _COLOURS[condition])
        error = 100 * (predicted.mean() / max(true.mean(), 1e-9) - 1)
        axes.set_title(f"{_TITLES[condition]}, n = {len(true)}, mean signed error {error:+.0f} %")
        axes.set_xlabel("predicted distance")
        axes.set_ylabel("true distance")
    figure.suptitle(
        f"Predicted against true distance, host rate {rate / 1000:g} kHz: half raw, half"
        " gain-matched MRSTFT"
    )
    return figure


def _draw(axes: Axes, predicted: Values, true: Values, colour: str) -> None:
    x, y = np.maximum(predicted, _LEAST), np.maximum(true, _LEAST)
    axes.scatter(x, y, s=6, alpha=0.25, color=colour, linewidths=0, label="a case")
    bins = [some for some in np.array_split(np.argsort(x), _BINS) if len(some)]
    low, middle, high = np.transpose([np.quantile(y[some], (0.1, 0.5, 0.9)) for some in bins])
    centres = [x[some].mean() for some in bins]
    axes.errorbar(
        centres,
        middle,
        yerr=(middle - low, high - middle),
        fmt="o",
        color="#0072B2",
        label="median and 80 % of a tenth of the cases",
    )
    axes.plot(
        centres, [y[some].mean() for some in bins], "x", color="#009E73", label="mean of a tenth"
    )
    ends = (min(x.min(), y.min()), max(x.max(), y.max()))
    axes.plot(ends, ends, color="#999999", linewidth=1, label="as predicted")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
