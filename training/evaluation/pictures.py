"""Pictures of the evaluation, in the colour-blind-safe palette of Okabe & Ito (2008)."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.evaluation.digest import Measured, mda, mean_gains
from training.evaluation.intervals import Json
from training.evaluation.protocol import (
    BEST,
    CONDITIONS,
    DO_NOTHING,
    GAIN_ONLY,
    GAINED,
    MATCHED,
    NETWORK,
    RANDOM,
    RAW,
    RENDERED,
    SAME_PLUGIN,
    SLICES,
    TRUE,
)
from training.evaluation.published import load_published
from training.evaluation.reliability import draw_foretold

CONDITION_STYLES = {
    DO_NOTHING: ("#000000", "s"),
    GAIN_ONLY: ("#E69F00", "^"),
    RANDOM: ("#CC79A7", "v"),
    NETWORK: ("#0072B2", "o"),
    RENDERED: ("#D55E00", "D"),
    BEST: ("#56B4E9", "P"),
    TRUE: ("#009E73", "*"),
}
SLICE_STYLES = dict(
    zip(
        SLICES,
        (
            ("#0072B2", "o"),
            ("#E69F00", "s"),
            ("#009E73", "^"),
            ("#CC79A7", "D"),
            ("#000000", "v"),
            ("#D55E00", "<"),
            ("#56B4E9", ">"),
            ("#999999", "*"),
        ),
        strict=True,
    )
)
_PUBLISHED_COLOUR = "#56B4E9"
_LOWEST_GAIN = -150


def draw_pictures(measured: Mapping[int, Sequence[Measured]], out: Path) -> None:
    """Write `evaluation-KHZ-{mrstft,gain,foretold}.png` below `out` by host rate in Hz.

    The last one, of predicted against true distances, only where some were predicted.
    """
    matplotlib.use("Agg")
    for rate, some in measured.items():
        name = f"evaluation-{rate / 1000:g}khz"
        _draw_scores(some, rate).savefig(out / f"{name}-mrstft.png", dpi=130)
        _draw_gains(some, rate).savefig(out / f"{name}-gain.png", dpi=130)
        if foretold := draw_foretold(some, rate):
            foretold.savefig(out / f"{name}-foretold.png", dpi=130)


def _draw_scores(plugins: Sequence[Measured], rate: int) -> Figure:
    """One panel for each slice, one row for each effect, one mark for each condition."""
    slices = [name for name in SLICES if any(name in m.slices for m in plugins)]
    figure = Figure(figsize=(3.1 * len(slices) + 1.8, _height(plugins)), layout="constrained")
    panels = figure.subplots(1, len(slices), sharey=True, squeeze=False)[0]
    for axes, name in zip(panels, slices, strict=True):
        for condition, (colour, marker) in CONDITION_STYLES.items():
            # All of the same cases, or marks would differ by the cases they were taken on.
            found = [m.mean(name, condition, MATCHED) for m in plugins]
            offset = 0.1 * (CONDITIONS.index(condition) - 3)
            _plot(axes, found, offset, colour, marker, condition)
        axes.set_title(name)
        axes.set_xlabel("gain-matched MRSTFT")
        axes.set_xlim(left=-0.03 * axes.get_xlim()[1])
        _label_rows(axes, plugins)
    figure.suptitle(
        f"Distance to the target by effect, host rate {rate / 1000:g} kHz, of the cases that were"
        " rendered: mean and 95 % interval, lower is nearer"
    )
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(CONDITIONS))
    return figure


def _draw_gains(plugins: Sequence[Measured], rate: int) -> Figure:
    """One panel for each answer, one row for each effect, one mark for each slice."""
    figure = Figure(figsize=(11, _height(plugins)), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True, sharex=True)
    published = load_published()
    theirs = np.mean([published.mean_relative_gain(name) for name in published.data_sets])
    for axes, answer in zip(panels, (NETWORK, RENDERED), strict=True):
        for number, name in enumerate(GAINED):
            colour, marker = SLICE_STYLES[name]
            found = [m.gain(name, answer, RAW) for m in plugins]
            _plot(axes, _per_cent(found), 0.1 * (number - 3), colour, marker, name)
        ours = [mean_gains(mda(plugins), name, answer, RAW) for name in SAME_PLUGIN]
        known = [gains["mean"] for gains in ours if gains]
        axes.axvline(0, color="#000000", linewidth=1)
        axes.axvline(
            100 * theirs,
            color=_PUBLISHED_COLOUR,
            linestyle="--",
            label="prior work, mean of nine mda effects",
        )
        if known:
            axes.axvline(
                100 * float(np.mean(known)),
                color="#D55E00",
                linestyle=":",
                label="this work, mean of the mda effects, same plugin",
            )
        axes.set_title(answer)
        _label_rows(axes, plugins)
    low = min(axes.get_xlim()[0] for axes in panels)
    panels[0].set_xlim(max(low, _LOWEST_GAIN), 105)
    cut = f", cut at {_LOWEST_GAIN}" if low < _LOWEST_GAIN else ""
    for axes in panels:
        axes.set_xlabel(f"relative gain of MRSTFT over doing nothing (%{cut})")
    figure.suptitle(
        f"Gain over doing nothing by effect and slice, host rate {rate / 1000:g} kHz:"
        " mean and 95 % interval, higher is better"
    )
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4)
    return figure


def _per_cent(found: Sequence[Json | None]) -> list[Json | None]:
    return [
        gain and {"mean": 100 * gain["mean"], "ci95": 100 * (gain["ci95"] or 0.0)} for gain in found
    ]


def _plot(
    axes: Axes,
    found: Sequence[Json | None],
    offset: float,
    colour: str,
    marker: str,
    label: str,
) -> None:
    points = [(row, point) for row, point in enumerate(found) if point]
    axes.errorbar(
        [point["mean"] for _, point in points],
        [row + offset for row, _ in points],
        xerr=[point["ci95"] or 0.0 for _, point in points],
        fmt=marker,
        color=colour,
        markersize=5,
        elinewidth=1,
        label=label,
    )


def _label_rows(axes: Axes, plugins: Sequence[Measured]) -> None:
    axes.set_yticks(range(len(plugins)), [m.chain.name for m in plugins])
    axes.set_ylim(len(plugins) - 0.5, -0.5)
    axes.grid(axis="x", alpha=0.3)
    for row in range(1, len(plugins)):
        axes.axhline(row - 0.5, color="#BBBBBB", linewidth=0.5)


def _height(plugins: Sequence[Measured]) -> float:
    return 2.4 + 0.55 * len(plugins)
