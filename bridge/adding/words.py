"""What names and ranges tell: the kind of an effect, a logarithmic scale, a bypass."""

import re
from collections.abc import Iterable

import numpy as np

_KINDS = (
    ("reverb", ("reverb", "reverberat", "plate", "convol")),
    ("delay", ("delay", "echo")),
    ("multiband compressor", ("multiband", "multicomp")),
    ("limiter", ("limiter", "maxim")),
    ("noise gate", ("gate", "expander")),
    ("compressor", ("compress", "comp", "leveler", "levelling", "dynamics")),
    ("distortion", ("distort", "overdrive", "fuzz", "saturat", "waveshaper", "crush", "clip")),
    ("amplifier", ("amplifier", "amp", "simulator", "cabinet")),
    ("chorus", ("chorus",)),
    ("flanger", ("flanger",)),
    ("phaser", ("phaser",)),
    ("tremolo", ("tremolo", "vibrato", "rotary", "leslie")),
    ("modulator", ("modulator", "ringmod")),
    ("pitch shifter", ("pitch", "detune")),
    ("equalizer", ("equal", "eq", "paraeq", "multieq", "bandpass", "allpass", "tone")),
    ("filter", ("filter", "wah", "lowpass", "highpass", "comb")),
    ("stereo", ("spatial", "stereo", "pan")),
)
_BYPASSES = ("bypass", "enable", "enabled", "power", "active", "on", "onoff", "on/off")
_MANY_TIMES = 50.0
"""A frequency or a time that goes over so many times its least value is turned by ratios."""
_RATIO_UNITS = ("Hz", "kHz", "ms", "s")


def kind_of_words(words: Iterable[str]) -> str:
    """The kind of effect that the first telling word names; `effect` where none does."""
    for word in words:
        parts = re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", word).lower())
        joined = word.lower()
        for kind, signs in _KINDS:
            if any(sign in parts or (len(sign) > 3 and sign in joined) for sign in signs):
                return kind
    return "effect"


def logarithmic(unit: str, low: float, high: float) -> bool:
    """Whether a parameter is likely heard by ratios."""
    return unit in _RATIO_UNITS and low > 0 and high / low >= _MANY_TIMES


def is_bypass(symbol: str, name: str) -> bool:
    """Whether a switch is called as one that takes the plugin out of the sound."""
    return symbol.lower().strip("_") in _BYPASSES or name.lower().strip() in _BYPASSES


def rounded(value: float) -> float:
    """The shortest number that is the same to a plugin, which computes in single precision."""
    return float(str(np.float32(value)))
