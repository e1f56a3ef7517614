"""The command `dafx-train`, which is part of a checkout and not of an installed wheel."""

import sys
from importlib import import_module

_OWN = "training"


def main() -> None:
    """Entry point of the console command."""
    try:
        # By its name: the bridge does not depend on training.
        command = import_module(f"{_OWN}.__main__")
    except ModuleNotFoundError as error:
        if error.name != _OWN:
            raise
        sys.exit("error: dafx-train needs a checkout of dafx-bridge; docs/training.md tells how")
    command.main()
