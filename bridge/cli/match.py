"""`dafx-bridge match`: whole files."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bridge.cli.options import JsonOption, PluginOption, echo_json, parameter_rows
from bridge.engine.matcher import Matcher
from bridge.engine.offline import MatchResult, match_files
from bridge.manifest import load_manifest

EXAMPLES = """\
  dafx-bridge match dry.wav reference.wav --plugin mda-overdrive --out wet.wav
  dafx-bridge match dry.flac reference.ogg --plugin mda-overdrive --out wet.wav --json"""


def command(
    source: Annotated[Path, typer.Argument(metavar="INPUT", help="The dry recording.")],
    reference: Annotated[Path, typer.Argument(help="A recording with the sound you want.")],
    plugin: PluginOption,
    out: Annotated[Path, typer.Option(help="Where to write the processed input (WAV).")],
    as_json: JsonOption = False,
) -> None:
    """Find the plugin's setting that brings INPUT to the sound of REFERENCE, and apply it.

    The distance is the mean difference, in dB, between the long-term spectra of two recordings;
    they need not play the same notes.
    """
    matcher = Matcher(load_manifest().plugin(plugin))
    result = match_files(source, reference, matcher, out)
    if as_json:
        echo_json(
            {
                "plugin": plugin,
                "parameters": parameter_rows(result.setting),
                "distance": {
                    "before": round(result.distance_before, 4),
                    "after": round(result.distance_after, 4),
                },
            }
        )
    else:
        _print(result, out)


def _print(result: MatchResult, out: Path) -> None:
    table = Table("parameter", "normalised", "value", "unit", title=result.setting.plugin.name)
    for row in parameter_rows(result.setting):
        spec = result.setting.plugin.parameter(row["symbol"])
        table.add_row(spec.name, f"{row['normalised']:.3f}", f"{row['value']:.3f}", row["unit"])
    console = Console()
    console.print(table)
    console.print(
        f"distance to the reference: {result.distance_before:.2f} dB before,"
        f" {result.distance_after:.2f} dB after"
    )
    console.print(f"wrote {out}", soft_wrap=True)
