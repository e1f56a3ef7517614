"""Whether a program that a test needs is here."""

import shutil
from pathlib import Path

import pytest


def required(program: Path | str | None, package: str) -> Path:
    """Where the program is. Skips the test only where Debian's `package` cannot be installed."""
    if found := program and shutil.which(program):
        return Path(found)
    if shutil.which("apt-get"):
        pytest.fail(f"{package} is missing; install it: scripts/install_system_packages.sh test")
    pytest.skip(f"{package} is missing, and only Debian's package of it is known")
