"""What versions before chains have kept, as it is kept now.

They drove a single plugin: its id is the chain's and the slot's, so an address SYMBOL of theirs is
PLUGIN/SYMBOL here.
"""

from collections.abc import Mapping

from bridge.control.nodes import PARAMETER

_RENAMED = {"/plugin": "/chain", "/memory": "/averaging"}
_OF_PLUGINS = "parameters"
"""The part that only files of these versions have: values by node, by the plugin's id."""


def migrated(kept: object) -> object:
    """The content of a file of any version, as `Kept` has it; what is not valid stays so."""
    if not isinstance(kept, Mapping) or not isinstance(kept.get(_OF_PLUGINS), Mapping):
        return kept
    rest = {name: value for name, value in kept.items() if name != _OF_PLUGINS}
    chains = {plugin: _nodes(values, plugin) for plugin, values in kept[_OF_PLUGINS].items()}
    snapshots = {plugin: _named(named, plugin) for plugin, named in _items(kept, "snapshots")}
    settings = {_RENAMED.get(a, a): value for a, value in _items(kept, "settings")}
    return rest | {"settings": settings, "chains": chains, "snapshots": snapshots}


def _items(kept: Mapping[str, object], name: str) -> list[tuple[str, object]]:
    part = kept.get(name, {})
    return list(part.items()) if isinstance(part, Mapping) else [(name, part)]


def _nodes(values: object, plugin: str) -> object:
    """`/parameter/SYMBOL/…` becomes `/parameter/PLUGIN/SYMBOL/…`."""
    if not isinstance(values, Mapping):
        return values
    below = f"{PARAMETER}/"
    return {f"{below}{plugin}/{a.removeprefix(below)}": value for a, value in values.items()}


def _named(snapshots: object, plugin: str) -> object:
    """Snapshots of a plugin by name: their symbols become addresses."""
    if not isinstance(snapshots, Mapping):
        return snapshots
    return {
        name: {f"{plugin}/{symbol}": value for symbol, value in values.items()}
        if isinstance(values, Mapping)
        else values
        for name, values in snapshots.items()
    }
