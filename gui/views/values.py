"""What the engine has told, read with a default where it has not told it yet."""

from collections.abc import Mapping

from bridge.control.nodes import Value
from bridge.manifest import Manifest, PluginSpec

Values = Mapping[str, Value]


def number(values: Values, address: str, default: float = 0.0) -> float:
    """The first number there."""
    told = values.get(address, ())
    return float(told[0]) if told and not isinstance(told[0], str) else default


def text(values: Values, address: str, default: str = "") -> str:
    """The string there."""
    told = values.get(address, ())
    return told[0] if told and isinstance(told[0], str) else default


def is_on(values: Values, address: str) -> bool:
    """Whether a switch is on."""
    return number(values, address) >= 0.5


def numbers(values: Values, address: str) -> tuple[float, ...]:
    """All numbers there."""
    return tuple(float(v) for v in values.get(address, ()) if not isinstance(v, str))


def chosen_plugin(values: Values, manifest: Manifest) -> PluginSpec | None:
    """The plugin that is chosen, where the manifest has it."""
    chosen = text(values, "/plugin")
    return next((plugin for plugin in manifest.plugins if plugin.id == chosen), None)
