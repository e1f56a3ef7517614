"""Families of effects: what an entry's `kind`, which is anybody's word, comes to."""

import re

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
