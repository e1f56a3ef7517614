"""`dafx-bridge plugins`: plugins and rigs, as they stand on this computer."""

from collections.abc import Mapping
from typing import Any

from bridge.cli.options import JsonOption, echo_json
from bridge.cli.printing import print_table
from bridge.effects import load_effect
from bridge.errors import EffectError
from bridge.library import open_library
from bridge.manifest import PluginSpec, RigSpec

EXAMPLES = """\
  dafx-bridge plugins
  dafx-bridge plugins --json"""

Faults = Mapping[str, str]
"""By plugin id: why it cannot be loaded; empty where it can."""


def command(as_json: JsonOption = False) -> None:
    """List plugins and rigs, yours among them: which are installed and have a model."""
    manifest = open_library().manifest
    faults = {plugin.id: _fault(plugin) for plugin in manifest.plugins}
    if as_json:
        echo_json(
            {
                "plugins": [_plugin_entry(plugin, faults) for plugin in manifest.plugins],
                "rigs": [_rig_entry(rig, faults) for rig in manifest.rigs],
            }
        )
        return
    _print_plugins(manifest.plugins, faults)
    _print_rigs(manifest.rigs, faults)


def _plugin_entry(plugin: PluginSpec, faults: Faults) -> dict[str, Any]:
    return {
        "id": plugin.id,
        "name": plugin.name,
        "kind": plugin.kind,
        "installed": not faults[plugin.id],
        "model": plugin.model,
        "parameters": [spec.model_dump(mode="json") for spec in plugin.parameters],
    }


def _rig_entry(rig: RigSpec, faults: Faults) -> dict[str, Any]:
    return {
        "id": rig.id,
        "name": rig.name,
        "kind": rig.kind,
        "slots": [
            {"slot": slot.slot, "plugin": slot.plugin, "optional": slot.optional}
            for slot in rig.slots
        ],
        "installed": not _missing(rig, faults),
    }


def _print_plugins(plugins: tuple[PluginSpec, ...], faults: Faults) -> None:
    rows = [
        (
            plugin.id,
            plugin.kind,
            faults[plugin.id] or "yes",
            "yes" if plugin.model else "-",
            ", ".join(spec.symbol for spec in plugin.parameters),
        )
        for plugin in plugins
    ]
    # An id is there to be copied.
    print_table(("plugin", "kind", "installed", "model", "parameters"), rows, whole=("plugin",))


def _print_rigs(rigs: tuple[RigSpec, ...], faults: Faults) -> None:
    rows = [
        (
            rig.id,
            rig.kind,
            f"without {', '.join(missing)}" if (missing := _missing(rig, faults)) else "yes",
            ", ".join(f"({s.slot})" if s.optional else s.slot for s in rig.slots),
        )
        for rig in rigs
    ]
    print_table(
        ("rig", "kind", "installed", "slots"),
        rows,
        whole=("rig",),
        caption="A slot in brackets may be left out.",
    )


def _missing(rig: RigSpec, faults: Faults) -> list[str]:
    """The rig's plugins that cannot be loaded, each once."""
    return [plugin for plugin in dict.fromkeys(s.plugin for s in rig.slots) if faults[plugin]]


def _fault(plugin: PluginSpec) -> str:
    try:
        load_effect(plugin)
    except EffectError as error:
        return str(error)
    return ""
