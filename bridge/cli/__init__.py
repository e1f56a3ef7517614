"""The command `dafx-bridge`: one file for each subcommand, all thin."""

from bridge.cli.app import main

__all__ = ["main"]
