"""Options that several commands share, and how settings are shown."""

import json
from typing import Annotated, Any

import typer

from bridge.manifest import Setting

PluginOption = Annotated[str, typer.Option("--plugin", help="Plugin id of the manifest.")]
AttachedOption = Annotated[
    bool,
    typer.Option(
        "--attached", help="Stop when standard input ends, as when whoever started it does."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]


def parameter_rows(setting: Setting) -> list[dict[str, Any]]:
    """Symbol, normalised value, real value and unit of every parameter."""
    return [
        {
            "symbol": spec.symbol,
            "normalised": round(normalised, 6),
            "value": round(setting.values[spec.symbol], 6),
            "unit": spec.unit,
        }
        for spec, normalised in zip(setting.plugin.parameters, setting.normalised, strict=True)
    ]


def echo_json(data: object) -> None:
    """One line of JSON on standard output, at once."""
    print(json.dumps(data), flush=True)
