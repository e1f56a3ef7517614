"""Options that several commands share, and how settings are shown."""

import json
from typing import Annotated, Any

import typer

from bridge.chain import Chain, ChainSetting, chain_of
from bridge.library import Library
from bridge.manifest import Setting

PluginOption = Annotated[str, typer.Option("--plugin", help="Plugin id of the manifest.")]
ChainOption = Annotated[
    str | None,
    typer.Option(
        "--plugin",
        metavar="ID[,ID...]",
        help="Plugin of the manifest, or several in the order in which sound goes through them.",
    ),
]
RigOption = Annotated[
    str | None, typer.Option("--rig", metavar="ID", help="Rig of the manifest: a named chain.")
]
AttachedOption = Annotated[
    bool,
    typer.Option(
        "--attached", help="Stop when standard input ends, as when whoever started it does."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]


def chain_from(plugin: str | None, rig: str | None, library: Library) -> Chain:
    """The chain that `--plugin` or `--rig` names.

    Raises typer.BadParameter unless exactly one is given, ManifestError for an unknown name.
    """
    if plugin is not None and rig is None:
        return chain_of(plugin, library.manifest)
    if rig is not None and plugin is None:
        return chain_of(library.manifest.rig(rig).id, library.manifest)
    raise typer.BadParameter("give either --plugin or --rig")


def chain_rows(setting: ChainSetting) -> list[dict[str, Any]]:
    """Address and what `parameter_rows` tells of every parameter of a chain."""
    return [
        {"address": slot.address(row["symbol"]), **row}
        for slot, its_setting in zip(setting.chain.slots, setting.settings, strict=True)
        for row in parameter_rows(its_setting)
    ]


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
