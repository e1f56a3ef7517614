"""What a chain can be made of: the rigs and plugins of the library, as the engine tells them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gui.views.setup import installed, listed
from gui.views.values import Values

RIGS, PLUGINS = "Rigs", "Plugins"
NO_MODEL = "No trained model: it is matched by search alone"


@dataclass(frozen=True)
class Entry:
    """One line of the list."""

    id: str
    """As `/chain` takes it."""
    name: str
    kind: str
    group: str
    missing: str = ""
    """Why it cannot be chosen; empty where it can."""
    help: str = ""

    @property
    def text(self) -> str:
        """Its line."""
        return f"{self.name} ({self.kind})" + (", not installed" if self.missing else "")

    def is_found_by(self, words: str) -> bool:
        """Whether every word is part of its name, kind or id."""
        line = f"{self.name} {self.kind} {self.id}".casefold()
        return all(word in line for word in words.casefold().split())


def catalogue(values: Values) -> list[Entry]:
    """Rigs, then plugins, each in the order of the library."""
    names = {plugin["id"]: plugin.get("name", plugin["id"]) for plugin in _told(values, "/plugins")}
    rigs = [_rig(rig, installed(values), names) for rig in _told(values, "/rigs")]
    return rigs + [_plugin(plugin) for plugin in _told(values, "/plugins")]


def _told(values: Values, address: str) -> Iterator[dict[str, Any]]:
    """The entries there that have an id."""
    return (one for one in listed(values, address) if isinstance(one, dict) and "id" in one)


def _rig(rig: dict[str, Any], present: dict[str, bool], names: dict[str, str]) -> Entry:
    plugins = [str(slot.get("plugin")) for slot in rig.get("slots", ())]
    absent = list(dict.fromkeys(names.get(p, p) for p in plugins if not present.get(p, True)))
    here = bool(rig.get("installed", not absent))
    through = " → ".join(names.get(plugin, plugin) for plugin in plugins)
    needed = ", ".join(absent) or "one of its plugins"
    return Entry(
        str(rig["id"]),
        str(rig.get("name", rig["id"])),
        str(rig.get("kind", "rig")),
        RIGS,
        "" if here else f"Not installed here: install {needed} first",
        through,
    )


def _plugin(plugin: dict[str, Any]) -> Entry:
    name = str(plugin.get("name", plugin["id"]))
    return Entry(
        str(plugin["id"]),
        name,
        str(plugin.get("kind", "effect")),
        PLUGINS,
        "" if plugin.get("installed") else f"Not installed here: install {name} first",
        "" if plugin.get("model") else NO_MODEL,
    )
