"""The command `dafx-bridge`: one file for each subcommand, all thin."""


def main() -> None:
    """Entry point of the console command."""
    from bridge.cli.stopping import end_at_once

    end_at_once()
    from bridge.cli.app import app
    from bridge.cli.printing import encode_anything

    encode_anything()
    app()
