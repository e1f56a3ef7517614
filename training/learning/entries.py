"""Naming a model in the user's table of plugins, and leaving all else in it as it is."""

from pathlib import Path

import yaml

from bridge.adding.entry import Entry
from bridge.adding.user_table import write_entry
from bridge.errors import ManifestError
from bridge.library import Layer, Library
from bridge.manifest import PluginSpec
from training.files import write_whole


def name_model(layer: Layer, plugin: PluginSpec, model: str | None) -> None:
    """Let the plugin's entry in the user's table name a model, or none.

    Of a plugin that is shipped the table gets a copy of the entry. Comments and order stay. Raises
    ManifestError where the table cannot be understood.
    """
    text = layer.manifest.read_text(encoding="utf-8") if layer.manifest.is_file() else ""
    entry = _entry(text, plugin.id, layer.manifest)
    if entry is None:
        if model is not None:
            write_entry(layer.manifest, _copy(plugin, model), Library())
        return
    write_whole(layer.manifest, _changed(text, entry, model))


def _copy(plugin: PluginSpec, model: str) -> Entry:
    """An entry of the user's own for a plugin that is shipped."""
    named = plugin.model_copy(update={"model": model})
    fields = named.model_dump(mode="json", exclude_defaults=True)
    return Entry(named, yaml.safe_dump([fields], sort_keys=False, allow_unicode=True), {})


def _entry(text: str, plugin_id: str, path: Path) -> yaml.MappingNode | None:
    """The node of the plugin's entry."""
    plugins = _plugins(text, path)
    for node in plugins.value if plugins else ():
        if isinstance(node, yaml.MappingNode) and any(
            key.value == "id" and value.value == plugin_id for key, value in node.value
        ):
            return node
    return None


def _plugins(text: str, path: Path) -> yaml.SequenceNode | None:
    try:
        root = yaml.compose(text, yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise ManifestError(f"{path}: not valid YAML ({error})".replace("\n", " ")) from None
    if not isinstance(root, yaml.MappingNode):
        return None
    nodes = (value for key, value in root.value if key.value == "plugins")
    found = next(nodes, None)
    return found if isinstance(found, yaml.SequenceNode) else None


def _changed(text: str, entry: yaml.MappingNode, model: str | None) -> str:
    for key, value in entry.value:
        if key.value != "model":
            continue
        start, end = value.start_mark.index, value.end_mark.index
        return text[:start] + ("null" if model is None else model) + text[end:]
    if model is None:
        return text
    key, value = next((k, v) for k, v in entry.value if k.value == "id")
    end = value.end_mark.index
    if entry.flow_style:
        return f"{text[:end]}, model: {model}{text[end:]}"
    line_end = text.find("\n", end)
    line_end = len(text) if line_end < 0 else line_end
    indent = " " * key.start_mark.column
    return f"{text[:line_end]}\n{indent}model: {model}{text[line_end:]}"
