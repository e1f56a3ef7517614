"""Options that several commands share, and how settings are shown."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from bridge.audio.formats import BitDepth
from bridge.chain import Chain, ChainSetting, chain_of
from bridge.library import Library

PluginOption = Annotated[
    str | None,
    typer.Option(
        "--plugin",
        metavar="ID[,ID…]",
        help="Plugin id of `dafx-bridge plugins`; several with commas are a chain.",
    ),
]
RigOption = Annotated[
    str | None, typer.Option("--rig", metavar="ID", help="A named chain, in place of --plugin.")
]
FromHostOption = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="With --plugin auto: of all plugins only those on the tracks of this host, such as"
        " ardour://127.0.0.1:3819/guitar.",
    ),
]
AttachedOption = Annotated[
    bool,
    typer.Option(
        "--attached", help="Stop when standard input ends, as when whoever started it does."
    ),
]
BitDepthOption = Annotated[
    BitDepth,
    typer.Option(help="How --out keeps samples: as the input's, so many bits, or 32-bit floats."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]


AUTO = "auto"
"""What --plugin takes in place of a plugin's id."""
AUTO_BUDGET_S = 10.0
"""For all plugins and rigs together."""


def require_words(option: str, text: str) -> str:
    """The text that an option was given. Raises typer.BadParameter where it is empty."""
    if not text:
        # As of a variable in a script that is not set; it must not mean "nothing chosen".
        raise typer.BadParameter(f"it is empty; see --help for {option}", param_hint=option)
    return text


def folder_named(text: str) -> Path:
    """A folder. Raises typer.BadParameter for an empty name, which would be where one stands."""
    if not text:
        raise typer.BadParameter("it is empty; give the name of a folder")
    return Path(text)


def chain_from(plugin: str | None, rig: str | None, library: Library) -> Chain:
    """The chain that --plugin or --rig names.

    Raises typer.BadParameter unless one of them is given, ManifestError for an unknown name.
    """
    if (plugin is None) == (rig is None):
        raise typer.BadParameter("give either --plugin or --rig")
    manifest = library.manifest
    if rig is not None:
        return chain_of(manifest.rig(rig).id, manifest)
    return chain_of(plugin or "", manifest)


def parameter_rows(setting: ChainSetting) -> list[dict[str, Any]]:
    """Address, slot, symbol, normalised value, real value and unit of every parameter."""
    return [
        {
            "address": parameter.address,
            "slot": parameter.slot.id,
            "symbol": parameter.spec.symbol,
            "normalised": round(normalised, 6),
            "value": round(setting.values[parameter.address], 6),
            "unit": parameter.spec.unit,
        }
        for parameter, normalised in zip(setting.chain.parameters, setting.normalised, strict=True)
    ]


def echo_json(data: object) -> None:
    """One line of JSON on standard output, at once."""
    print(json.dumps(data), flush=True)
