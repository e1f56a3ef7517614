"""Naming a model in the user's table of plugins, and leaving all else in it as it is."""

import yaml

from bridge.adding.entry import Entry
from bridge.adding.user_table import item_of, write_entry
from bridge.library import Layer, Library
from bridge.manifest import PluginSpec
from training.files import write_whole


def name_model(layer: Layer, plugin: PluginSpec, model: str | None) -> None:
    """Let the plugin's entry in the user's table name a model, or none.

    Of a plugin that is shipped the table gets a copy of the entry. Comments and order stay. Raises
    ManifestError where the table cannot be understood.
    """
    text = layer.manifest.read_text(encoding="utf-8") if layer.manifest.is_file() else ""
    entry = item_of(plugin.id, text, layer.manifest) if text.strip() else None
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
