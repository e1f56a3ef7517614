"""A preset: the wanted sound and how to get there, as one JSON file to keep or to share.

What belongs to the room stays out of it: input, channels and host.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bridge.chain import Chain, ChainSetting, chain_of
from bridge.control.nodes import NODES, PARAMETER, Value, chain_nodes, node_address
from bridge.errors import BridgeError, ManifestError
from bridge.manifest import BYPASS, Manifest
from bridge.texts import read_json
from gui.views.parameters import address
from gui.views.values import Values, is_on, number

_FORMAT = "dafx-bridge preset"
_VERSION = 2
_ONE_PLUGIN = 1
"""The version whose presets hold one plugin, and values by symbol."""
_ROOM = frozenset(("/source", "/source/channels", "/host", "/chain"))
"""What no preset sets as one of its values; the chain is set before all of them."""
SUFFIX = ".dafx.json"
_LONGEST_NAME = 60


class PresetError(BridgeError):
    """A preset cannot be read or written."""


@dataclass(frozen=True)
class Preset:
    """Everything it sets, by address."""

    nodes: dict[str, Value]
    """Kept values of the control surface, the chain's own ones among them."""
    setting: ChainSetting

    @property
    def chain(self) -> Chain:
        """What it drives."""
        return self.setting.chain

    @property
    def general(self) -> tuple[tuple[str, Value], ...]:
        """What can be set at once."""
        return tuple(
            (where, value) for where, value in self.nodes.items() if not _is_of_chain(where)
        )

    @property
    def of_chain(self) -> tuple[tuple[str, Value], ...]:
        """What can be set once the engine has taken the chain."""
        own = [(where, value) for where, value in self.nodes.items() if _is_of_chain(where)]
        values = [(address(p), (self.setting.values[p.address],)) for p in self.chain.parameters]
        switches = [
            (node_address(slot.address(BYPASS)), (int(slot.id in self.setting.bypassed),))
            for slot in self.chain.slots
        ]
        return (*own, *values, *switches)


def setting_now(chain: Chain, values: Values) -> ChainSetting:
    """The host's values."""
    told = [p for p in chain.parameters if address(p) in values]
    real = {p.address: number(values, address(p)) for p in told}
    bypassed = [s.id for s in chain.slots if is_on(values, node_address(s.address(BYPASS)))]
    return ChainSetting.of_values(chain, real).without(bypassed)


def preset_of(chain: Chain, values: Values) -> Preset:
    """What is set now."""
    return Preset(
        {where: values[where] for where in _kept(chain) if where in values},
        setting_now(chain, values),
    )


def file_name(chain: Chain) -> str:
    """What a file of this chain is called by itself."""
    return "+".join(dict.fromkeys(chain.id.replace("/", "-").split(",")))[:_LONGEST_NAME]


def save_preset(preset: Preset, path: Path) -> None:
    """Write it. Raises PresetError where that fails."""
    told = {
        "format": _FORMAT,
        "version": _VERSION,
        "chain": preset.chain.id,
        "settings": {where: list(value) for where, value in preset.nodes.items()},
        "parameters": preset.setting.all_values,
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
        told = read_json(path)
    except (OSError, ValueError) as error:
        raise PresetError(f"{path}: cannot be read as a preset ({error})") from None
    if not isinstance(told, dict) or told.get("format") != _FORMAT:
        raise PresetError(f"{path}: is not a preset of dafx-bridge; choose another file")
    if told.get("version") not in (_ONE_PLUGIN, _VERSION):
        raise PresetError(
            f"{path}: is of version {told.get('version')}, not {_VERSION}; update dafx-bridge"
        )
    try:
        if told["version"] == _ONE_PLUGIN:
            told = _as_chain(told)
        chain = chain_of(str(told["chain"]), manifest)
        setting = ChainSetting.of_values(chain, dict(told["parameters"]))
        settings = dict(told["settings"])
        nodes = {where: tuple(settings[where]) for where in _kept(chain) if where in settings}
    except (ManifestError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise PresetError(f"{path}: does not fit this computer's manifest ({error})") from None
    return Preset(nodes, setting)


def _as_chain(told: dict[str, Any]) -> dict[str, Any]:
    """A preset of one plugin as that of a chain of one."""
    plugin = str(told.get("plugin"))
    renamed = {
        where.replace(f"{PARAMETER}/", f"{PARAMETER}/{plugin}/", 1)
        if _is_of_chain(where)
        else {"/memory": "/averaging"}.get(where, where): value
        for where, value in dict(told["settings"]).items()
    }
    values = {f"{plugin}/{symbol}": real for symbol, real in dict(told["parameters"]).items()}
    return {"chain": plugin, "settings": renamed, "parameters": values}


def _is_of_chain(where: str) -> bool:
    return where.startswith(f"{PARAMETER}/")


def _kept(chain: Chain) -> list[str]:
    """What a preset may set, the chain itself apart; in the table's order, as a reference that is
    chosen takes its region back."""
    nodes = [node for node in (*NODES, *chain_nodes(chain)) if node.kept]
    return [node.address for node in nodes if node.address not in _ROOM]
