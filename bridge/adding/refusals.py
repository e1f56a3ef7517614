"""Why plugins could not be added, kept in a file of the user's cache, for `dafx-bridge scan`.

A reason stands until the plugin is added. Where the file cannot be written, nothing is remembered.
"""

import json
import logging
import os
from pathlib import Path

from platformdirs import user_cache_path

_log = logging.getLogger(__name__)


def refusals() -> dict[str, str]:
    """Reason by source, with `#NAME` behind it where a file holds several plugins."""
    try:
        kept = json.loads(_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(kept, dict):
        return {}
    return {str(source): str(reason) for source, reason in kept.items()}


def remember(source: str, reason: str) -> None:
    """Keep a reason; an empty one forgets."""
    kept = refusals()
    if kept.get(source, "") == reason:
        return
    kept.pop(source, None)
    if reason:
        kept[source] = reason
    file = _file()
    partial = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(json.dumps(kept, indent=1), encoding="utf-8")
        partial.replace(file)
    except OSError as error:
        _log.info("%s cannot be kept (%s)", file, error)


def _file() -> Path:
    return user_cache_path("dafx-bridge", appauthor=False) / "refused.json"
