"""What a value means to a player: dB, Hz, ms, where the plugin's own formula is known.

The mda plugins count all their parameters from 0 to 1 and say in their own windows what that is;
LV2 hosts do not show it. The formulas are those of their displays.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import log10

from bridge.manifest import ParamSpec, PluginSpec

_LEAST = 1e-4
"""In the place of 0 in a logarithm."""


@dataclass(frozen=True)
class Reading:
    """A number in the unit that a plugin's own display has."""

    value: float
    unit: str

    def __str__(self) -> str:
        size = abs(self.value)
        digits = 0 if size >= 100 else 1 if size >= 10 else 2
        return f"{self.value:.{digits}f} {self.unit}".strip()


_Formula = Callable[[float, float], float]
"""From a real value and the sample rate in Hz."""


def _linear(low: float, high: float) -> _Formula:
    return lambda x, _rate: low + (high - low) * x


def _half_life(least: float, decades: float, unit_s: float) -> _Formula:
    """How long an envelope takes for half of its way, in units of so many seconds."""
    return lambda x, rate: log10(0.5) / (rate * log10(1 - 10 ** (least - decades * x))) / unit_s


_PERCENT = (_linear(0, 100), "%")
_LEVEL = (_linear(-20, 20), "dB")
_BOTH_WAYS = (_linear(-100, 100), "%")
_ANY_RATE: dict[str, dict[str, tuple[_Formula, str]]] = {
    "mda-overdrive": {"drive": _PERCENT, "muffle": _PERCENT, "output": _LEVEL},
    "mda-delay": {
        "feedback": (_linear(0, 99), "%"),
        "fb_tone": _BOTH_WAYS,
        "fx_mix": _PERCENT,
        "output": (lambda x, _rate: 20 * log10(2 * max(x, _LEAST)), "dB"),
    },
    "mda-ambience": {
        "size": (_linear(0, 10), "m"),
        "hf_damp": _PERCENT,
        "mix": _PERCENT,
        "output": _LEVEL,
    },
    "mda-combo": {
        "drive": _BOTH_WAYS,
        "bias": _BOTH_WAYS,
        "output": _LEVEL,
        "hpf_freq": _PERCENT,
        "hpf_reso": _PERCENT,
    },
    "mda-ringmod": {
        "freq": (_linear(0, 16_000), "Hz"),
        "fine": (_linear(0, 100), "Hz"),
        "feedback": _PERCENT,
    },
    "mda-dynamics": {
        "thresh": (_linear(-40, 0), "dB"),
        "output": (_linear(0, 40), "dB"),
        "mix": _PERCENT,
    },
    "mda-multiband": {
        **dict.fromkeys(("l_comp", "m_comp", "h_comp"), (_linear(0, 30), "dB")),
        **dict.fromkeys(("l_out", "m_out", "h_out"), _LEVEL),
        "stereo": (_linear(0, 200), "%"),
    },
    "mda-thruzero": {"mix": _PERCENT, "feedback": _BOTH_WAYS, "depth_mod": _PERCENT},
    "mda-leslie": {
        **dict.fromkeys(("lo_width", "lo_throb", "hi_width", "hi_depth", "hi_throb"), _PERCENT),
        "x_over": (lambda x, _rate: 10 * 10 ** (1.179 + x), "Hz"),
        "output": _LEVEL,
        "speed": (_linear(0, 200), "%"),
    },
}
_OF_RATE: dict[str, dict[str, tuple[_Formula, str]]] = {
    "mda-delay": {"l_delay": (lambda x, rate: 1e3 * 32_766 * x * x / rate, "ms")},
    "mda-dynamics": {
        "attack": (_half_life(-0.002, 2.0, 1e-6), "µs"),
        "release": (_half_life(-2.0, 3.0, 1e-3), "ms"),
    },
    "mda-multiband": {
        "attack": (_half_life(-0.05, 2.0, 1e-6), "µs"),
        "release": (_half_life(-2.0, 3.0, 1e-3), "ms"),
    },
}
"""What a plugin does so many samples long, whatever the rate."""


def reading(
    plugin: PluginSpec, spec: ParamSpec, real: float, sample_rate: float | None = None
) -> Reading | None:
    """What a real value of a parameter is in the unit of the plugin's display.

    None where that is not known, or depends on a sample rate that is not.
    """
    if (plugin.id, spec.symbol) == ("mda-dynamics", "limiter") and real <= 0.98:
        return Reading(30 * real - 20, "dB")
    if (plugin.id, spec.symbol) == ("mda-dynamics", "gate_thr") and real >= 0.02:
        return Reading(60 * real - 60, "dB")
    known = _ANY_RATE.get(plugin.id, {}).get(spec.symbol)
    if known is None and sample_rate:
        known = _OF_RATE.get(plugin.id, {}).get(spec.symbol)
    if known is None:
        return None
    formula, unit = known
    return Reading(formula(real, sample_rate or 0.0), unit)


def shown(plugin: PluginSpec, spec: ParamSpec, real: float, sample_rate: float | None) -> str:
    """A real value as a player reads it: a choice's name, a number with its unit, both where the
    plugin's own display has another."""
    if spec.scale == "enum":
        return spec.choices[spec.class_of(spec.to_normalised(real))].label
    if spec.scale == "toggle":
        return "on" if spec.class_of(spec.to_normalised(real)) else "off"
    told = f"{real:.3f} {spec.unit}".strip()
    meant = reading(plugin, spec, real, sample_rate)
    return f"{told} ({meant})" if meant else told
