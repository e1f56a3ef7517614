"""The command line's frame: subcommands, errors as one line, exit codes."""

import logging
from typing import Annotated

import typer

from bridge import errors
from bridge.cli import (
    add,
    bench,
    demo,
    devices,
    discover,
    doctor,
    engine,
    gui,
    host,
    hosts,
    live,
    match,
    plugins,
    scan,
)
from bridge.cli.explained import explained
from bridge.cli.printing import OneLine
from bridge.version import __version__

_CODES = (
    (0, "done"),
    (
        errors.BridgeError.exit_code,
        "a setting out of range, no folder or display to work with, or an unforeseen fault",
    ),
    (2, "wrong usage"),
    (errors.AudioError.exit_code, "an audio file cannot be used"),
    (errors.ManifestError.exit_code, "the manifest is not valid or lacks the plugin"),
    (errors.EffectError.exit_code, "a plugin is not installed or cannot render"),
    (errors.ModelError.exit_code, "a model is missing, corrupt or does not fit"),
    (errors.HostError.exit_code, "the effect host does not answer"),
    (errors.DeviceError.exit_code, "a sound device is missing or refuses"),
    (130, "stopped with Ctrl-C before it was done"),
    (129, "the terminal was closed before it was done; 143: SIGTERM came"),
)
_EPILOG = "\b\nExit codes:\n" + "\n".join(f"  {code:<4}{meaning}" for code, meaning in _CODES)


app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    epilog=_EPILOG,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _frame(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print it.")
    ] = False,
) -> None:
    """Listen to your playing and turn an effect's knobs until it sounds like a reference."""
    told = logging.StreamHandler()
    told.setFormatter(OneLine("%(levelname)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[told])


_COMMANDS = (
    gui,
    match,
    live,
    engine,
    host,
    hosts,
    discover,
    demo,
    plugins,
    scan,
    add,
    devices,
    doctor,
    bench,
)
for _module in _COMMANDS:
    app.command(
        _module.__name__.rsplit(".", 1)[-1],
        epilog=f"\b\nExamples:\n{_module.EXAMPLES}",
    )(explained(_module.command))
