"""Small text files that a person may have written: JSON and YAML, read as far as they are sound."""

import json
from pathlib import Path
from typing import Any

import yaml

_MOST_BYTES = 1 << 26


def read_json(path: Path) -> Any:
    """What a JSON file holds. Raises OSError where it cannot be read, ValueError for no JSON."""
    return parse_json(_read(path))


def parse_json(text: str | bytes) -> Any:
    """What JSON holds. Raises ValueError for no JSON."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def read_yaml(path: Path, loader: type[yaml.SafeLoader] = yaml.SafeLoader) -> Any:
    """What a YAML file holds.

    Raises OSError where it cannot be read, yaml.YAMLError for no YAML, and ValueError for other
    text and for values that are none, such as a date in month 13.
    """
    text = _read(path)
    try:
        return yaml.load(text, loader)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _read(path: Path) -> str:
    """The whole file; a pipe or a device might never end."""
    if path.exists() and not path.is_file():
        raise ValueError("it is not a file")
    with path.open("rb") as file:
        content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise ValueError(f"it is larger than {_MOST_BYTES >> 20} MB")
    return content.decode("utf-8")
