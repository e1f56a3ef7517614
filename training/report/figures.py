"""Curves of a run as pictures; colours of Okabe & Ito, which the colour-blind can tell apart."""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bridge.manifest import PluginSpec

History = Mapping[str, Mapping[int, Mapping[str, float]]]

_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))
_COLUMNS = 3
_GUESS = 1 / 3
"""Mean absolute error of guessing at random."""
_PANEL_IN = (3.6, 2.5)


def figures_of(
    history: History, plugins: Sequence[PluginSpec], starts: Sequence[float], truth: Sequence[float]
) -> dict[str, Figure]:
    """Titled pictures of a run's log.

    `starts` are those of one plugin alone, and `truth` the mean true values of its parameters; both
    are empty for a joint run.
    """
    found = {}
    if "joint" in history:
        found["Joint training"] = _joint(history["joint"])
        found["Joint training: error of every plugin"] = _joint_errors(history["joint"], plugins)
    if starts:
        (plugin,) = plugins
        stages = {
            f"start {number + 1}, at {start:g}": history.get(f"spsa-{number}", {})
            for number, start in enumerate(starts)
        }
        found["Training through the plugin"] = _starts_losses(stages)
        found["Mean answer on validation audio"] = _starts_answers(stages, plugin, truth)
    elif any(f"spsa-{plugin.id}" in history for plugin in plugins):
        found["Training through the plugins"] = _tuned(history, plugins)
    return found


def _panels(count: int, title: str) -> tuple[Figure, list[Axes]]:
    columns = min(count, _COLUMNS)
    rows = ceil(count / columns)
    size = (max(columns * _PANEL_IN[0], 5.0), rows * _PANEL_IN[1] + 0.8)
    figure = Figure(figsize=size, layout="constrained")
    figure.suptitle(title)
    panels = [figure.add_subplot(rows, columns, number + 1) for number in range(count)]
    for panel in panels:
        panel.grid(alpha=0.3)
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure, panels


def _line(panel: Axes, counts: Mapping[int, Mapping[str, float]], key: str, **style: Any) -> None:
    """What was logged under `key`, over its epoch or step."""
    pairs = [(count, figures[key]) for count, figures in counts.items() if key in figures]
    if pairs:
        panel.plot(*zip(*pairs, strict=True), **style)


def _style(number: int) -> dict[str, Any]:
    return {
        "color": _COLOURS[number % len(_COLOURS)],
        "linestyle": _LINES[number % len(_LINES)],
        "marker": "o",
        "markersize": 3,
    }


def _joint(epochs: Mapping[int, Mapping[str, float]]) -> Figure:
    figure, (left, right) = _panels(2, "Encoder and all predictors together")
    _line(left, epochs, "loss", label="training loss", **_style(0))
    _line(right, epochs, "weighted", label="validation error", **_style(1))
    left.set(xlabel="epoch", ylabel="loss (nats + weighted error)")
    right.set(xlabel="epoch", ylabel="mean absolute error, weighted (0..1)")
    left.legend()
    right.legend()
    return figure


def _joint_errors(
    epochs: Mapping[int, Mapping[str, float]], plugins: Sequence[PluginSpec]
) -> Figure:
    figure, panels = _panels(len(plugins), "Mean absolute error of the parameters, validation")
    for panel, plugin in zip(panels, plugins, strict=True):
        _line(panel, epochs, plugin.id, **_style(0))
        panel.set(title=plugin.name, xlabel="epoch", ylabel="error (0..1)", ylim=(0, _GUESS))
    return figure


def _tuned(history: History, plugins: Sequence[PluginSpec]) -> Figure:
    figure, panels = _panels(len(plugins), "Audio loss through the plugin, by SPSA")
    for panel, plugin in zip(panels, plugins, strict=True):
        steps = history.get(f"spsa-{plugin.id}", {})
        _line(panel, steps, "mrstft", label="training (both perturbed)", **_style(0))
        _line(panel, steps, "validation_mrstft", label="validation", **_style(1))
        panel.set(title=plugin.name, xlabel="step", ylabel="MRSTFT")
    _legend(figure, panels)
    return figure


def _starts_losses(stages: History) -> Figure:
    figure, (left, right) = _panels(2, "Audio loss through the plugin, by SPSA")
    for number, (label, steps) in enumerate(stages.items()):
        _line(left, steps, "mrstft", label=label, **_style(number))
        _line(right, steps, "validation_mrstft", label=label, **_style(number))
    left.set(title="training (both perturbed)", xlabel="step", ylabel="MRSTFT")
    right.set(title="validation", xlabel="step", ylabel="MRSTFT")
    _legend(figure, [right])
    return figure


def _starts_answers(stages: History, plugin: PluginSpec, truth: Sequence[float]) -> Figure:
    figure, panels = _panels(len(plugin.predicted), "Mean answer on validation audio")
    for column, (panel, spec) in enumerate(zip(panels, plugin.predicted, strict=True)):
        for number, (label, steps) in enumerate(stages.items()):
            _line(panel, steps, f"answer_{column}", label=label, **_style(number))
        panel.axhline(truth[column], color="#000000", linewidth=0.8, label="mean truth")
        panel.set(title=spec.name, xlabel="step", ylabel="normalised value", ylim=(-0.05, 1.05))
    _legend(figure, panels)
    return figure


def _legend(figure: Figure, panels: Sequence[Axes]) -> None:
    """One legend for all panels, below them."""
    handles, labels = panels[0].get_legend_handles_labels()
    if handles:
        figure.legend(handles, labels, loc="outside lower center", ncols=3)
