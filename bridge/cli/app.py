"""The command line's frame: subcommands, errors as one line, exit codes.

A subcommand's module is loaded when it is asked for: all of them together take a second.
"""

import logging
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typing_extensions import override

from bridge import errors
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
    (9, "audio to learn from is missing or too short"),
    (130, "stopped with Ctrl-C before it was done"),
    (129, "the terminal was closed before it was done; 143: SIGTERM came"),
)
_EPILOG = "\b\nExit codes:\n" + "\n".join(f"  {code:<4}{meaning}" for code, meaning in _CODES)


SUMMARIES = {
    "gui": "Open the window; an engine is started where none answers on the port.",
    "match": "Find the setting of a plugin or a chain that brings INPUT to the sound of REFERENCE.",
    "live": "Listen to SOURCE and turn the host's knobs towards the sound of the reference.",
    "learn": "Teach the bridge a plugin: it listens to many settings and trains a network on them.",
    "engine": "Run the live engine and steer it over OSC; what it was set to is remembered.",
    "host": "Run a chain of effect plugins whose knobs any OSC program on this computer can turn.",
    "hosts": "List the kinds of host that --host takes, and what the bridge can do with each.",
    "discover": "List a host's tracks, their plugins and parameters with ranges and values.",
    "demo": "Match a bundled guitar to a bundled reference, live, and show the result.",
    "plugins": "List plugins and rigs, yours among them: which are installed and have a model.",
    "scan": "List LV2 and VST3 plugins on this computer: added, can be added, or cannot and why.",
    "add": "Try plugins in a process of their own, and add what is an effect to your table.",
    "devices": "List the sound devices by the index and name that --input and --play take.",
    "doctor": "Look at everything the bridge needs of this computer, and print what to do.",
    "bench": "Run the live engine on the demo's guitar into a host, and print what it costs.",
}
"""What each subcommand does: its help's first sentence."""


class _Commands(TyperGroup):
    """The subcommands of `SUMMARIES`, each in the module of its name."""

    @override
    def list_commands(self, ctx: Any) -> list[str]:
        return list(SUMMARIES)

    @override
    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in SUMMARIES:
            return None
        module = import_module(f"bridge.cli.{cmd_name}")
        alone = typer.Typer(
            add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False
        )
        examples = f"\b\nExamples:\n{module.EXAMPLES}"
        alone.command(cmd_name, epilog=examples)(explained(module.command))
        return typer.main.get_command(alone)

    @override
    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(SUMMARIES.items()))


app = typer.Typer(
    cls=_Commands,
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
