"""`dafx-bridge match`: whole files."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bridge.cli.options import JsonOption, PluginOption, echo_json, parameter_rows
from bridge.errors import ModelError
from bridge.estimate.answer import Answer
from bridge.estimate.matcher import Matcher
from bridge.estimate.sound_map import Position, load_map
from bridge.library import open_library
from bridge.search.offline import MatchResult, match_files

EXAMPLES = """\
  dafx-bridge match dry.wav reference.wav --plugin mda-overdrive --out wet.wav
  dafx-bridge match dry.flac reference.ogg --plugin mda-overdrive --out wet.wav --json
  dafx-bridge match dry.wav reference.wav --plugin mda-overdrive --out wet.wav --budget-s 0"""


_MAP_CELLS = (32, 10)


def command(
    source: Annotated[Path, typer.Argument(metavar="INPUT", help="The dry recording.")],
    reference: Annotated[Path, typer.Argument(help="A recording with the sound you want.")],
    plugin: PluginOption,
    out: Annotated[Path, typer.Option(help="Where to write the processed input (WAV).")],
    budget_s: Annotated[
        float,
        typer.Option(
            min=0,
            max=3600,
            help="Seconds for trying settings by rendering them; 0 takes the network's answer.",
        ),
    ] = 3.0,
    as_json: JsonOption = False,
) -> None:
    """Find the plugin's setting that brings INPUT to the sound of REFERENCE, and apply it.

    Where REFERENCE sounds as if the plugin were not there, INPUT stays as it is but for its level.
    The confidence of a parameter is the probability that it is right within a tenth of its range.
    The distance is the mean difference, in dB, between the long-term spectra of two recordings;
    they need not play the same notes. On the plugin's sound map, a unit square, neighbours sound
    alike, whatever is played.
    """
    matcher = Matcher(open_library().manifest.plugin(plugin))
    result = match_files(source, reference, matcher, out, budget_s)
    places = _places(matcher, result)
    if as_json:
        echo_json(
            {
                "plugin": plugin,
                "parameters": _rows(result.answer),
                "bypass": result.answer.bypass,
                "gain_db": round(result.answer.gain_db, 2),
                "distance": {
                    "before": round(result.distance_before, 4),
                    "after": round(result.distance_after, 4),
                },
                "map": _rounded(places),
            }
        )
    else:
        _print(result, places, out)


Places = dict[str, Position]


def _places(matcher: Matcher, result: MatchResult) -> Places | None:
    """Where input, reference and prediction lie on the map; None where the plugin has no map."""
    try:
        sound_map = load_map(matcher.plugin, matcher.library)
    except ModelError as error:
        typer.echo(f"no sound map: {error}", err=True)
        return None
    return {
        "input": sound_map.locate(result.played),
        "reference": sound_map.locate(result.goal),
        "prediction": sound_map.position_of(result.answer.setting),
    }


def _rounded(places: Places | None) -> dict[str, list[float]] | None:
    if places is None:
        return None
    return {name: [round(value, 4) for value in place] for name, place in places.items()}


def _drawn(places: Places) -> str:
    """The square in characters; each place is the first letter of its name."""
    cells = [[" "] * _MAP_CELLS[0] for _ in range(_MAP_CELLS[1])]
    for name, place in places.items():
        column, row = (
            min(int(value * count), count - 1)
            for value, count in zip(place, _MAP_CELLS, strict=True)
        )
        cells[-1 - row][column] = name[0].upper()
    edge = "+" + "-" * _MAP_CELLS[0] + "+"
    legend = ", ".join(f"{name} {x:.2f} {y:.2f}" for name, (x, y) in places.items())
    return "\n".join(
        [f"sound map: {legend}", edge, *("|" + "".join(line) + "|" for line in cells), edge]
    )


def _rows(answer: Answer) -> list[dict[str, Any]]:
    """A row for every parameter; one that is held at its default has no confidence."""
    symbols = [spec.symbol for spec in answer.setting.plugin.predicted]
    confidence = dict(zip(symbols, answer.confidence, strict=True))
    return [
        row
        | {"confidence": round(confidence[row["symbol"]], 3) if row["symbol"] in symbols else None}
        for row in parameter_rows(answer.setting)
    ]


def _print(result: MatchResult, places: Places | None, out: Path) -> None:
    plugin = result.answer.setting.plugin
    table = Table("parameter", "normalised", "value", "unit", "confidence", title=plugin.name)
    for row in _rows(result.answer):
        share = row["confidence"]
        table.add_row(
            plugin.parameter(row["symbol"]).name,
            f"{row['normalised']:.3f}",
            f"{row['value']:.3f}",
            row["unit"],
            "held" if share is None else f"{share:.0%}",
        )
    console = Console()
    console.print(table)
    if result.answer.bypass:
        console.print(_bypass_advice(plugin.name, result.answer.gain_db))
    console.print(
        f"distance to the reference: {result.distance_before:.2f} dB before,"
        f" {result.distance_after:.2f} dB after"
    )
    if places:
        console.print(_drawn(places), highlight=False)
    console.print(f"wrote {out}", soft_wrap=True)


def _bypass_advice(name: str, gain_db: float) -> str:
    advice = f"the reference sounds dry: bypass {name}"
    if abs(gain_db) < 0.05:
        return advice
    return f"{advice} and turn the level {'up' if gain_db > 0 else 'down'} by {abs(gain_db):.1f} dB"
