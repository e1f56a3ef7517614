"""Families of effects: what an entry's `kind`, which is anybody's word, comes to."""

import re

from bridge.manifest import Choice, Formats, ParamSpec, PluginSpec

FAMILIES: dict[str, tuple[str, ...]] = {
    "distortion": ("distort", "overdrive", "drive", "fuzz", "saturat", "clip", "waveshap"),
    "bit crusher": ("bit", "crush", "decimat"),
    "amplifier": ("amp", "cabinet", "speaker sim"),
    "rotary speaker": ("rotary", "leslie"),
    "ring modulator": ("ring mod", "ringmod", "frequency shift"),
    "flanger": ("flang",),
    "phaser": ("phas",),
    "chorus": ("chorus", "ensemble"),
    "reverb": ("reverb", "room"),
    "delay": ("delay", "echo"),
    "gate": ("gate", "expander"),
    "compressor": ("compress", "limit", "dynamics", "maximi"),
    "equalizer": ("eq", "filter", "low-pass", "high-pass", "shelf", "tone"),
    "gain": ("gain", "volume"),
}
"""By name: how words begin that say so; the first family that has one counts."""


def family_of(kind: str) -> str | None:
    """The family of a kind; None where no word of it is known."""
    said = kind.casefold()
    for family, beginnings in FAMILIES.items():
        if re.search(rf"\b({'|'.join(beginnings)})", said):
            return family
    return None


LEARNED = tuple(family for family in FAMILIES if family != "gain")
"""What the network of kinds tells apart; a change of level is told from the levels."""

KINDS = PluginSpec(
    id="kinds",
    name="Kinds",
    kind="network",
    formats=Formats(builtin="none"),
    parameters=(
        ParamSpec(
            symbol="family",
            name="Family",
            min=0,
            max=len(LEARNED) - 1,
            default=0,
            scale="enum",
            choices=tuple(
                Choice(label=family, value=number) for number, family in enumerate(LEARNED)
            ),
        ),
    ),
    model="kinds",
)
"""No plugin, but to its network the one parameter is like any other: which family it was."""
