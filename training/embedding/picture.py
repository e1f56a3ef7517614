"""What the embedding holds, as one picture; colours of Okabe & Ito (2008) and cividis."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.embedding.probe import FOREST, LINEAR
from training.embedding.questions import ALL, DIFFERENCE, DRY, ENTROPY, RANDOM, WET
from training.embedding.tables import answer_to
from training.evaluation.intervals import Json

_COLOURS = {WET: "#0072B2", DIFFERENCE: "#E69F00"}
_DARK = 0.5
"""Shares below are written in white."""


def draw(report: Json) -> Figure:
    """Confusions on the left, bits about every parameter on the right."""
    count = len(report["parameters"])
    figure = Figure(figsize=(17, max(10.0, 3.0 + 0.17 * count)), layout="constrained")
    figure.suptitle(
        f"What the shipped encoder's embedding holds: {report['clips']} test clips; learned and"
        " tested on different stems",
        size="x-large",
    )
    left, right = figure.subfigures(1, 2, squeeze=False, width_ratios=(11, 8))[0]
    asked = [(ALL, LINEAR, "all effects and dry"), (RANDOM, FOREST, "the prior work's effects")]
    known = [
        (answer, f"{title}, {classifier}")
        for task, classifier, title in asked
        if (answer := answer_to(report, task, WET, classifier))
    ]
    panels = left.subplots(len(known), 1, squeeze=False, height_ratios=(2, 1)[: len(known)])[:, 0]
    for axes, (answer, title) in zip(panels, known, strict=True):
        _confusions(axes, answer, title, report["plugins"])
    left.suptitle("Which effect is it? From the reference's embedding alone")
    right.suptitle("How much is known of each parameter? Lower bounds with 95 % interval")
    _bars(right.subplots(), report)
    return figure


def _confusions(axes: Axes, answer: Json, title: str, plugins: Json) -> None:
    shares = np.array(answer["confusions"])
    names = [plugins.get(name, DRY) for name in answer["classes"]]
    axes.imshow(shares, cmap="cividis", vmin=0, vmax=1)
    for row, column in np.ndindex(shares.shape):
        share = shares[row, column]
        if share >= 0.005:
            colour = "white" if share < _DARK else "black"
            axes.text(
                column, row, f"{100 * share:.0f}", ha="center", va="center", color=colour, size=8
            )
    axes.set_xticks(range(len(names)), names, rotation=40, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(names)), names)
    accuracy = answer["accuracy"]
    figures = f"{100 * accuracy['mean']:.1f} ± {100 * accuracy['ci95']:.1f} %"
    axes.set_title(f"{title}: accuracy {figures}, chance {100 * answer['chance']:.1f} %")
    axes.set_xlabel("answer (% of the true effect's clips)")
    axes.set_ylabel("true effect")


def _bars(axes: Axes, report: Json) -> None:
    """Two bars for each parameter, and a mark at a class's entropy."""
    found = report["parameters"]
    rows = np.arange(len(found))
    for offset, (features, colour) in zip((-0.2, 0.2), _COLOURS.items(), strict=True):
        axes.barh(
            rows + offset,
            [entry[features]["mean"] for entry in found],
            0.4,
            xerr=[entry[features]["ci95"] for entry in found],
            color=colour,
            error_kw={"elinewidth": 0.8},
            label=features,
        )
    limits = [(row, entry[ENTROPY]) for row, entry in enumerate(found) if ENTROPY in entry]
    if limits:
        axes.plot(
            [bits for _, bits in limits],
            [row for row, _ in limits],
            "k|",
            markersize=14,
            markeredgewidth=2,
            label="entropy of a class: the most there is to know",
        )
    axes.set_yticks(rows, _labels(found, report["plugins"]), size=9)
    axes.set_ylim(len(found) - 0.5, -0.5)
    axes.set_xlim(left=0)
    axes.set_xlabel("mutual information (bits)")
    axes.grid(axis="x", alpha=0.3)
    for row in rows[1:]:
        if found[row]["plugin"] != found[row - 1]["plugin"]:
            axes.axhline(row - 0.5, color="#888888", linewidth=0.8)
    axes.legend(loc="lower right")


def _labels(found: Sequence[Json], plugins: Json) -> list[str]:
    return [f"{plugins[entry['plugin']]}: {entry['name']}" for entry in found]
