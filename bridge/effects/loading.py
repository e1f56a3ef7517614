"""Find the first installed format of a manifest entry."""

from collections.abc import Callable

from bridge.effects.base import Effect
from bridge.effects.builtin import BuiltinEffect
from bridge.effects.isolated import IsolatedEffect
from bridge.effects.lv2 import Lv2Effect
from bridge.effects.vst3 import Vst3Effect
from bridge.errors import EffectError
from bridge.manifest import PluginSpec


def load_effect(plugin: PluginSpec) -> Effect:
    """The plugin, ready to render. Raises EffectError, saying what to install, where it is not.

    One that is `isolated` in the manifest renders in a child process.
    """
    return IsolatedEffect(plugin) if plugin.isolated else load_here(plugin)


def load_here(plugin: PluginSpec) -> Effect:
    """The plugin in this process, whatever the manifest says; raises as `load_effect` does."""
    formats: dict[str, Callable[[PluginSpec], Effect]] = {
        "lv2": Lv2Effect,
        "builtin": BuiltinEffect,
        "vst3": Vst3Effect,
    }
    reasons = []
    for name, effect in formats.items():
        if getattr(plugin.formats, name) is None:
            continue
        try:
            return effect(plugin)
        except EffectError as error:
            reasons.append(str(error))
    raise EffectError("; ".join(reasons))


def is_installed(plugin: PluginSpec) -> bool:
    """Whether the plugin can be loaded here."""
    try:
        load_effect(plugin)
    except EffectError:
        return False
    return True
