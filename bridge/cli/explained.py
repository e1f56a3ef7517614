"""A user's mistake ends a command in one line."""

import functools
from collections.abc import Callable

import typer

from bridge.cli.printing import printable
from bridge.cli.stopping import asked_to_end, clean_up_when_ended
from bridge.errors import BridgeError


def explained(command: Callable[..., None]) -> Callable[..., None]:
    """A command that ends in one line and its exit code where a user's mistake stops it."""

    @functools.wraps(command)
    def run(*arguments: object, **options: object) -> None:
        clean_up_when_ended()
        try:
            command(*arguments, **options)
        except KeyboardInterrupt:
            raise typer.Exit(130) from None
        except Exception as error:
            if (code := asked_to_end()) is not None:
                raise typer.Exit(code) from None
            if not isinstance(error, BridgeError):
                raise
            typer.echo(f"error: {printable(str(error))}", err=True)
            raise typer.Exit(error.exit_code) from None

    return run
