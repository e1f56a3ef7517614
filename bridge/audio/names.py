"""Names of files as libsndfile takes them."""

import os
from pathlib import Path


def file_name(path: Path) -> str | bytes:
    """The name itself, of any bytes: soundfile encodes a text, which fails where it is no UTF-8."""
    return str(path) if os.name == "nt" else os.fsencode(path)
