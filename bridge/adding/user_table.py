"""The user's table of plugins, changed as text: what a person wrote in it stays as it is.

An entry is put behind the last one, or in place of the one with its id. What comes of it is checked
before the file is replaced, so a fault leaves it untouched.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import yaml

from bridge.adding.entry import Entry
from bridge.errors import ManifestError
from bridge.library import Library
from bridge.manifest import Manifest, read_manifest

_NEW = """\
# Your plugins and rigs. The head of the table that is shipped explains every key.
schema: 1
plugins:
"""
_INDENT = 2


def write_entry(file: Path, entry: Entry, shipped: Library) -> None:
    """Put an entry into the table, which is made where there is none.

    Raises ManifestError where the table is not valid, before or afterwards, or cannot be written.
    """
    try:
        before = file.read_text(encoding="utf-8") if file.exists() else _NEW
        file.parent.mkdir(parents=True, exist_ok=True)
        partial = file.with_name(f".{file.name}.{os.getpid()}")
        partial.write_text(with_entry(before, entry, file), encoding="utf-8")
        try:
            Manifest.merged([shipped.manifest, read_manifest(partial)])
            partial.replace(file)
        finally:
            partial.unlink(missing_ok=True)
    except (OSError, UnicodeDecodeError) as error:
        raise ManifestError(f"{file} cannot be written ({error}); make room for it") from None


def with_entry(text: str, entry: Entry, file: Path) -> str:
    """The table with that entry. Raises ManifestError where it is no table, naming `file`."""
    lines = text.splitlines()
    plugins = _plugins(text, file)
    if plugins is not None and plugins.flow_style:
        raise ManifestError(
            f"{file}: the plugins stand in square brackets; write one below the other, with a dash"
            " before each"
        )
    if plugins is None:
        # Another list may stand before or behind it; order means nothing.
        kept = [line for line in lines if not line.startswith("plugins:")]
        return "\n".join([*kept, "plugins:", *_indented(entry, _INDENT)]) + "\n"
    indent = plugins.start_mark.column
    for item in plugins.value:
        if _id_of(item) == entry.plugin.id:
            first, end = _first_line(lines, item, indent), _end_line(lines, item)
            return "\n".join([*lines[:first], *_indented(entry, indent), *lines[end:]]) + "\n"
    end = _end_line(lines, plugins.value[-1])
    return "\n".join([*lines[:end], "", *_indented(entry, indent), *lines[end:]]) + "\n"


def item_of(plugin_id: str, text: str, file: Path) -> yaml.MappingNode | None:
    """A plugin's item in a table. Raises ManifestError where it is no table, naming `file`."""
    plugins = _plugins(text, file)
    for item in plugins.value if plugins else ():
        if isinstance(item, yaml.MappingNode) and _id_of(item) == plugin_id:
            return item
    return None


def _plugins(text: str, file: Path) -> yaml.SequenceNode | None:
    """The list, where there is one with something in it."""
    try:
        whole = yaml.compose(text, yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise ManifestError(f"{file}: not valid YAML ({' '.join(str(error).split())})") from None
    if not isinstance(whole, yaml.MappingNode):
        raise ManifestError(f"{file}: holds no table; delete it or mend it")
    for key, value in whole.value:
        if key.value == "plugins" and isinstance(value, yaml.SequenceNode) and value.value:
            return value
    return None


def _id_of(item: yaml.Node) -> str | None:
    if not isinstance(item, yaml.MappingNode):
        return None
    return next((str(value.value) for key, value in item.value if key.value == "id"), None)


def _first_line(lines: list[str], item: yaml.Node, indent: int) -> int:
    """Where an item begins, with the comments right above it."""
    line: int = item.start_mark.line
    while line > 0 and lines[line - 1].startswith(" " * indent + "#"):
        line -= 1
    return line


def _end_line(lines: list[str], item: yaml.Node) -> int:
    """Behind an item's last line that says something; comments behind it are the next one's."""
    mark = item.end_mark
    line = min(mark.line, len(lines))
    if mark.line < len(lines) and lines[mark.line][: mark.column].strip():
        line += 1
    while line > 0 and (not lines[line - 1].strip() or lines[line - 1].lstrip().startswith("#")):
        line -= 1
    return line


def _indented(entry: Entry, indent: int) -> Iterator[str]:
    for line in entry.text.splitlines():
        yield " " * indent + line if line else ""
