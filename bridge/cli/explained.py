"""A user's mistake ends a command in one line."""

import functools
from collections.abc import Callable

import typer

from bridge.cli.printing import printable
from bridge.errors import BridgeError


def explained(command: Callable[..., None]) -> Callable[..., None]:
    """A command that ends in one line and its exit code where a user's mistake stops it."""

    @functools.wraps(command)
    def run(*arguments: object, **options: object) -> None:
        try:
            command(*arguments, **options)
        except BridgeError as error:
            typer.echo(f"error: {printable(str(error))}", err=True)
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt:
            raise typer.Exit(130) from None

    return run
