"""Small text files that a person may have written: JSON and YAML, read as far as they are sound."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

_MOST_BYTES = 1 << 26
_MOST_LEVELS = 100
"""How deep YAML may be nested: libyaml recurses, and would overrun its stack."""

if TYPE_CHECKING:
    YamlLoader = yaml.SafeLoader
else:
    # libyaml's reads ten times as fast; PyYAML may have been built without.
    YamlLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_json(path: Path) -> Any:
    """What a JSON file holds. Raises OSError where it cannot be read, ValueError for no JSON."""
    return parse_json(_read(path))


def parse_json(text: str | bytes) -> Any:
    """What JSON holds. Raises ValueError for no JSON."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def read_yaml(path: Path, loader: type[yaml.SafeLoader] = YamlLoader) -> Any:
    """What a YAML file holds.

    Raises OSError where it cannot be read, yaml.YAMLError for no YAML, and ValueError for other
    text and for values that are none, such as a date in month 13.
    """
    text = _read(path)
    levels = 0
    for event in yaml.parse(text, YamlLoader):
        levels += isinstance(event, yaml.CollectionStartEvent)
        levels -= isinstance(event, yaml.CollectionEndEvent)
        if levels > _MOST_LEVELS:
            raise ValueError("it is nested too deeply")
    return yaml.load(text, loader)


def _read(path: Path) -> str:
    """The whole file; a pipe or a device might never end."""
    if path.exists() and not path.is_file():
        raise ValueError("it is not a file")
    with path.open("rb") as file:
        content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise ValueError(f"it is larger than {_MOST_BYTES >> 20} MB")
    return content.decode("utf-8")
