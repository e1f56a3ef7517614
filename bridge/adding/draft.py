"""What is known of a plugin before it has rendered anything."""

import re
from collections.abc import Container
from dataclasses import dataclass, field

from bridge.errors import EffectError
from bridge.manifest import PluginSpec

LEAST_RATE_HZ = 44_100.0
"""Ranges that hang on the sample rate are written as at this one, so that all rates take them."""
MOST_CHANNELS = 2
HELD_SWITCH = "the bridge has a bypass of its own"
HELD_TRIGGER = "it starts something once"
HELD_HOST = "it is the host's"


class RefusedPluginError(EffectError):
    """A plugin that cannot be added; the message says why, without its name."""


@dataclass(frozen=True)
class Draft:
    """A plugin as its own description has it: every parameter is there, whether heard or not."""

    plugin: PluginSpec
    source: str
    """What it is added by: an LV2 URI, or a path."""
    channels: str
    """In words, such as `2 in, 2 out`."""
    held: dict[str, str] = field(default_factory=dict)
    """By symbol: why a parameter is held at its default whatever it does."""
    is_analyser: bool = False
    """Whether it calls itself one."""
    left_out: tuple[str, ...] = ()
    """In words: parameters that have no place in the manifest, and why."""


def slug(name: str) -> str:
    """A plugin's id out of its name."""
    words = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return words or "plugin"


def free_id(name: str, taken: Container[str]) -> str:
    """An id that no other plugin has."""
    first = slug(name)
    if first not in taken:
        return first
    number = 2
    while f"{first}-{number}" in taken:
        number += 1
    return f"{first}-{number}"
