"""The command `dafx-bridge`: one file for each subcommand, all thin."""

import sys


def main() -> None:
    """Entry point of the console command; Ctrl-C ends it quietly, also while it is loading."""
    try:
        from bridge.cli.printing import encode_anything
        from bridge.cli.stopping import clean_up_when_ended

        encode_anything()
        clean_up_when_ended()
        from bridge.cli.app import app

        app()
    except KeyboardInterrupt:
        sys.exit(130)
