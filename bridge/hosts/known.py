"""Which of a host's plugins the library knows: by name, parameters and ranges."""

from collections.abc import Iterable, Sequence

from bridge.chain import MOST_SLOTS, Chain, chain_of
from bridge.errors import HostError
from bridge.hosts.connect import FoundPlugin, FoundTrack
from bridge.hosts.finding import IS_LIKE
from bridge.hosts.matching import match
from bridge.manifest import Manifest, PluginSpec


def known(found: FoundPlugin, manifest: Manifest) -> PluginSpec | None:
    """The library's entry of a host's plugin; None where there is none, or none for certain.

    Its name must be like the host's, and each predicted parameter must be there with its range.
    """
    for nearness in IS_LIKE:
        fitting = [
            plugin
            for plugin in manifest.plugins
            if nearness(found.plugin, plugin.name) and _has_all(found, plugin)
        ]
        if fitting:
            return fitting[0] if len(fitting) == 1 else None
    return None


def named_like(found: FoundPlugin, names: Sequence[str]) -> int | None:
    """Which of these names is a host's plugin's, by number; None where none is, or several are."""
    for nearness in IS_LIKE:
        numbers = [number for number, name in enumerate(names) if nearness(found.plugin, name)]
        if numbers:
            return numbers[0] if len(numbers) == 1 else None
    return None


def chains_of(tracks: Iterable[FoundTrack], manifest: Manifest) -> list[Chain]:
    """What the bridge can drive there: each known plugin, and those of each track together."""
    chains: dict[str, Chain] = {}
    for track in tracks:
        ids = [plugin.id for found in track.plugins if (plugin := known(found, manifest))]
        names = list(dict.fromkeys(ids))
        if 1 < len(ids) <= MOST_SLOTS:
            names.append(",".join(ids))
        chains |= {name: chain_of(name, manifest) for name in names}
    return list(chains.values())


def _has_all(found: FoundPlugin, plugin: PluginSpec) -> bool:
    try:
        match(plugin, found.parameters)
    except HostError:
        return False
    return True
