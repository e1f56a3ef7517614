"""Small JSON objects in the user's cache folder: what was found out, and need not be again.

Where a file cannot be read, nothing is known; where it cannot be written, nothing is kept.
"""

import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from bridge.texts import read_json

_log = logging.getLogger(__name__)


def read_answers(name: str) -> dict[str, Any]:
    """What the file of that name holds."""
    try:
        kept = read_json(_file(name))
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}


def keep_answers(name: str, answers: Mapping[str, Any]) -> None:
    """Write them, in the place of what was there."""
    file = _file(name)
    partial = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(json.dumps(dict(answers), indent=1), encoding="utf-8")
        partial.replace(file)
    except OSError as error:
        _log.info("%s cannot be kept (%s)", file, error)


def _file(name: str) -> Path:
    return user_cache_path("dafx-bridge", appauthor=False) / name
