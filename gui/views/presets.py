"""A preset: the wanted sound and how to get there, as one JSON file to keep or to share.

What belongs to the room stays out of it: input, channels and host.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bridge.control.nodes import NODES, Value, parameter_nodes
from bridge.errors import BridgeError, ManifestError
from bridge.manifest import Manifest, PluginSpec, Setting
from gui.views.parameters import address
from gui.views.values import Values, number

_FORMAT = "dafx-bridge preset"
_VERSION = 1
_ROOM = frozenset(("/source", "/source/channels", "/host"))
SUFFIX = ".dafx.json"


class PresetError(BridgeError):
    """A preset cannot be read or written."""


@dataclass(frozen=True)
class Preset:
    """Everything it sets, by address."""

    plugin: PluginSpec
    nodes: dict[str, Value]
    """Kept values of the control surface, the plugin's own ones among them."""
    setting: Setting

    def general(self) -> Iterator[tuple[str, Value]]:
        """What can be set at once; the plugin first."""
        yield "/plugin", (self.plugin.id,)
        for where, value in self.nodes.items():
            if not where.startswith("/parameter/"):
                yield where, value

    def of_plugin(self) -> Iterator[tuple[str, Value]]:
        """What can be set once the engine has taken the plugin."""
        for where, value in self.nodes.items():
            if where.startswith("/parameter/"):
                yield where, value
        for spec in self.plugin.parameters:
            yield address(spec), (self.setting.values[spec.symbol],)


def setting_now(plugin: PluginSpec, values: Values) -> Setting:
    """The host's values."""
    return Setting.of_values(
        plugin,
        {spec.symbol: number(values, address(spec), spec.default) for spec in plugin.parameters},
    )


def preset_of(plugin: PluginSpec, values: Values) -> Preset:
    """What is set now."""
    return Preset(
        plugin,
        {where: values[where] for where in _kept(plugin) if where in values},
        setting_now(plugin, values),
    )


def save_preset(preset: Preset, path: Path) -> None:
    """Write it. Raises PresetError where that fails."""
    told = {
        "format": _FORMAT,
        "version": _VERSION,
        "plugin": preset.plugin.id,
        "settings": {where: list(value) for where, value in preset.nodes.items()},
        "parameters": preset.setting.values,
    }
    try:
        path.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise PresetError(
            f"{path}: cannot be written ({error.strerror}); choose another place"
        ) from None


def load_preset(path: Path, manifest: Manifest) -> Preset:
    """Read it. Raises PresetError, one line, where it is no preset or does not fit."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PresetError(f"{path}: cannot be read as a preset ({error})") from None
    if not isinstance(told, dict) or told.get("format") != _FORMAT:
        raise PresetError(f"{path}: is not a preset of dafx-bridge; choose another file")
    if told.get("version") != _VERSION:
        raise PresetError(
            f"{path}: is of version {told.get('version')}, not {_VERSION}; update dafx-bridge"
        )
    try:
        plugin = manifest.plugin(str(told.get("plugin")))
        setting = Setting.of_values(plugin, dict(told["parameters"]))
        settings = dict(told["settings"])
        nodes = {where: tuple(settings[where]) for where in _kept(plugin) if where in settings}
    except (ManifestError, KeyError, TypeError, ValueError) as error:
        raise PresetError(f"{path}: does not fit this computer's manifest ({error})") from None
    return Preset(plugin, nodes, setting)


def _kept(plugin: PluginSpec) -> list[str]:
    """What a preset may set, the plugin itself apart; in the table's order, as a reference that is
    chosen takes its region back."""
    nodes = [node for node in (*NODES, *parameter_nodes(plugin)) if node.kept]
    return [n.address for n in nodes if n.address not in _ROOM and n.address != "/plugin"]
