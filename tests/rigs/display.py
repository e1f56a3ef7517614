"""A display without a screen."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.rigs.children import started, wait_for

SIZE = "1920x1080x24"


@contextmanager
def display() -> Iterator[dict[str, str]]:
    """An Xvfb of its own; the environment of programs that shall show themselves there."""
    with TemporaryDirectory() as folder:
        number = Path(folder, "number")
        script = f'exec Xvfb -displayfd 3 -screen 0 {SIZE} -nolisten tcp 3>"{number}"'
        with started("sh", "-c", script):
            told = wait_for("Xvfb", lambda: number.exists() and number.read_text().strip())
            yield os.environ | {"DISPLAY": f":{told}", "QT_QPA_PLATFORM": "xcb"}
