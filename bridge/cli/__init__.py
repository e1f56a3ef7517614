"""The command `dafx-bridge`: one file for each subcommand, all thin."""

import sys


def main() -> None:
    """Entry point of the console command; Ctrl-C ends it quietly, also while it is loading."""
    try:
        from bridge.cli.app import app

        app()
    except KeyboardInterrupt:
        sys.exit(130)
