"""`dafx-bridge bench`: what the engine costs on this computer."""

from dataclasses import asdict
from math import isnan
from typing import Annotated

import typer
from rich.table import Table

from bridge.bench import GOALS, Goal, measure
from bridge.bench.figures import Report
from bridge.bench.run import LEAST_S, MEMORY_S, MOST_S
from bridge.bench.search_speed import measure_search
from bridge.cli.options import JsonOption, echo_json
from bridge.cli.printing import print_table, screen

EXAMPLES = """\
  dafx-bridge bench
  dafx-bridge bench --seconds 600 --plugin mda-delay --json
  dafx-bridge bench --search --plugin guitar-amp"""


def command(
    plugin: Annotated[
        str, typer.Option(help="Plugin id of a plugin with a model; with --search, any chain.")
    ] = "mda-overdrive",
    seconds: Annotated[
        float,
        typer.Option(
            min=LEAST_S,
            max=MOST_S,
            help=f"How long the engine runs; memory needs {MEMORY_S:.0f} or more.",
        ),
    ] = 60.0,
    search: Annotated[
        bool,
        typer.Option("--search", help="Measure how many settings a second are tried."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Run the live engine on the demo's guitar into a host, and print what it costs.

    The same run measures the models without all that surrounds them, and, where PyTorch is
    installed, the network of the published method. Keep the computer otherwise idle.
    """
    if search:
        _show_search(plugin, as_json)
        return
    report = measure(plugin, seconds)
    if as_json:
        goals = {
            goal.name: {
                "unit": goal.unit,
                "value": _value(goal, report),
                "at_least" if goal.at_least else "at_most": goal.limit,
                "met": goal.met(report),
            }
            for goal in GOALS
        }
        echo_json(asdict(report) | {"goals": goals})
        return
    table = Table("figure", "measured", "goal", "met")
    for goal in GOALS:
        value = _value(goal, report)
        measured = "not measured" if value is None else f"{value:.2f} {goal.unit}"
        limit = f"{'≥' if goal.at_least else '≤'} {goal.limit:g} {goal.unit}"
        met = goal.met(report)
        table.add_row(goal.name, measured, limit, "" if met is None else "yes" if met else "no")
    screen().print(table)
    typer.echo(
        f"bare inference {report.bare_inference_ms.p50:.2f} ms; trying settings in the background"
        f" {100 * report.decider_share:.0f} % of a core; memory {report.memory_mb:.0f} MB;"
        f" skipped hops {report.skipped_hops}"
    )
    if report.predecessor_ms is None:
        typer.echo("The predecessor's network was not measured: PyTorch is not installed.")
    else:
        typer.echo(f"The predecessor's network: {report.predecessor_ms.p50:.1f} ms a prediction.")


def _show_search(chain: str, as_json: bool) -> None:
    speed = measure_search(chain)
    if as_json:
        echo_json(asdict(speed) | {"to_bare": round(speed.to_bare, 3)})
        return
    parts = (
        ("rendering", speed.render_ms),
        ("resampling", speed.resample_ms),
        ("statistics", speed.statistics_ms),
        ("networks", speed.networks_ms),
        ("all", speed.candidate_ms),
    )
    print_table(("part of a candidate", "ms"), [(name, f"{ms:.2f}") for name, ms in parts])
    typer.echo(
        f"{speed.chain}: {speed.candidates_per_s:.0f} candidates a second, on one core"
        f" {speed.one_core_per_s:.0f}, of {speed.audio_s:g} s at"
        f" {speed.sample_rate_hz / 1_000:g} kHz;"
        f" {speed.to_bare:.2f} x rendering and statistics alone"
    )


def _value(goal: Goal, report: Report) -> float | None:
    value = goal.value(report)
    return None if value is None or isnan(value) else round(value, 3)
