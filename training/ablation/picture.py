"""The ladder as bars, in the colour-blind-safe palette of Okabe & Ito (2008)."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.ablation.rungs import SHIPPED
from training.ablation.scoring import ERROR
from training.evaluation.intervals import Json
from training.evaluation.protocol import MATCHED, RAW

_COLOURS = {RAW: "#0072B2", MATCHED: "#56B4E9", ERROR: "#E69F00"}
_LABELS = {RAW: "MRSTFT", MATCHED: "MRSTFT, gain-matched", ERROR: "mean absolute error"}
_PANELS = (
    ("Distance to the target", (RAW, MATCHED)),
    ("Error of the parameters (0..1)", (ERROR,)),
)


def draw_ladder(rungs: Json, path: Path) -> None:
    """One row of bars for each rung, with 95 % intervals; what is shipped stands apart."""
    matplotlib.use("Agg")
    names = list(rungs)
    places = np.arange(len(names)) + 0.4 * (np.arange(len(names)) >= names.index(SHIPPED))
    figure = Figure(figsize=(11, 1.6 + 0.5 * len(names)), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True, width_ratios=(3, 2))
    for axes, (title, measures) in zip(panels, _PANELS, strict=True):
        for number, measure in enumerate(measures):
            height = 0.76 / len(measures)
            rows = places + (number - (len(measures) - 1) / 2) * height
            _bars(axes, [rungs[name].get(measure) for name in names], rows, height, measure)
        axes.set_title(title)
        axes.set_xlabel("mean and 95 % interval, lower is better")
        axes.grid(axis="x", alpha=0.3)
        axes.set_axisbelow(True)
    panels[0].legend(loc="lower right")
    panels[0].set_yticks(places, names)
    panels[0].set_ylim(places[-1] + 0.6, -0.6)
    figure.suptitle("What each ingredient brings: every rung adds one thing to the one above it")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130)


def _bars(
    axes: Axes, found: Sequence[Json | None], rows: np.ndarray, height: float, measure: str
) -> None:
    known = [(row, entry) for row, entry in zip(rows, found, strict=True) if entry]
    means = np.array([entry["mean"] for _, entry in known])
    ends = np.array([[entry["low"], entry["high"]] for _, entry in known]).T
    axes.barh(
        [row for row, _ in known],
        means,
        height,
        xerr=np.abs(ends - means),
        color=_COLOURS[measure],
        ecolor="#000000",
        capsize=2,
        error_kw={"elinewidth": 1},
        label=_LABELS[measure],
    )
