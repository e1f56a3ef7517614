"""The command `dafx-bridge`: one file for each subcommand, all thin."""

import os


def main() -> None:
    """Entry point of the console command."""
    from bridge.cli.stopping import end_at_once

    end_at_once()
    # To look for plugins of its own, pydantic would read what every package says of itself.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from bridge.cli.app import app
    from bridge.cli.printing import encode_anything

    encode_anything()
    app()
