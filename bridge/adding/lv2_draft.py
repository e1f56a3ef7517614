"""What an LV2 plugin's description says: no code of the plugin runs here."""

import math
from collections.abc import Container, Iterable

from bridge.adding.draft import (
    HELD_HOST,
    HELD_SWITCH,
    HELD_TRIGGER,
    LEAST_RATE_HZ,
    MOST_CHANNELS,
    Draft,
    RefusedPluginError,
    free_id,
)
from bridge.adding.words import is_bypass, kind_of_words, logarithmic, rounded
from bridge.effects.lilv import lilv
from bridge.effects.lv2_features import CORE, FIXED_BLOCK, SUPPORTED
from bridge.effects.lv2_ports import PORT_PROPERTIES, UNITS, Port, Ports, read_ports
from bridge.manifest import BYPASS, Choice, Formats, ParamSpec, PluginSpec, Scale

_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_GENERATORS = ("GeneratorPlugin", "InstrumentPlugin", "OscillatorPlugin")
_UNIT_WORDS = {
    "db": "dB",
    "hz": "Hz",
    "khz": "kHz",
    "mhz": "MHz",
    "ms": "ms",
    "s": "s",
    "min": "min",
    "pc": "%",
    "bpm": "BPM",
    "degree": "°",
    "semitone12TET": "semitones",
    "cent": "cents",
    "oct": "octaves",
    "m": "m",
    "cm": "cm",
    "mm": "mm",
    "bar": "bars",
    "beat": "beats",
    "frame": "frames",
}


def draft_of_lv2(uri: str, taken: Container[str]) -> Draft:
    """The draft of an installed plugin.

    Raises RefusedPluginError where it is no effect, or none for this host.
    """
    plugin = lilv().plugin(uri)
    if plugin is None:
        raise RefusedPluginError("it is not installed; check the URI with `dafx-bridge scan`")
    ports = read_ports(plugin)
    features = lilv().values(plugin, CORE + "requiredFeature")
    _require_hostable(ports, features)
    classes = [each.rpartition("#")[2] for each in lilv().values(plugin, _TYPE)]
    _require_effect(ports, classes)
    name = lilv().name(plugin) or uri.rpartition("/")[2]
    parameters, held, left_out = _parameters(ports.controls.values())
    if not any(spec.symbol not in held for spec in parameters):
        raise RefusedPluginError("it has nothing to turn")
    side = sum(1 for port in ports.of("audio", True) if port.is_side_chain)
    return Draft(
        PluginSpec(
            id=free_id(name, taken),
            name=name,
            kind=kind_of_words([*classes, name]),
            formats=Formats(lv2=uri),
            parameters=tuple(parameters),
            fixed_block=bool(FIXED_BLOCK & set(features)),
            isolated=True,
        ),
        uri,
        f"{len(ports.audio_in)} in, {len(ports.audio_out)} out"
        + (f", {side} side-chain (silent)" if side else ""),
        held,
        "AnalyserPlugin" in classes,
        tuple(left_out),
    )


def _require_hostable(ports: Ports, features: Iterable[str]) -> None:
    missing = sorted(set(features) - SUPPORTED)
    if missing:
        raise RefusedPluginError(f"it requires {missing[0]}, which this host does not give")
    for port in ports.all:
        if port.kind == "unknown" and not port.is_optional:
            raise RefusedPluginError(
                f"its port {port.symbol} is of a kind that this host does not know"
            )


def _require_effect(ports: Ports, classes: list[str]) -> None:
    inputs, outputs = len(ports.audio_in), len(ports.audio_out)
    generator = next((each for each in classes if each in _GENERATORS), None)
    has_events = bool(ports.of("atom", True) or ports.of("event", True))
    if not inputs and not outputs:
        raise RefusedPluginError("it has no audio: it works on control or MIDI alone")
    if not inputs:
        raise RefusedPluginError(
            "it takes no audio: an instrument"
            if has_events or generator == "InstrumentPlugin"
            else "it takes no audio: a generator"
        )
    if not outputs:
        raise RefusedPluginError("it gives no audio: a meter or an analyser")
    if generator:
        raise RefusedPluginError("it calls itself a generator or an instrument")
    if max(inputs, outputs) > MOST_CHANNELS:
        raise RefusedPluginError(
            f"it has {inputs} audio inputs and {outputs} outputs; one or two of each can be used"
        )


def _parameters(ports: Iterable[Port]) -> tuple[list[ParamSpec], dict[str, str], list[str]]:
    parameters: list[ParamSpec] = []
    held: dict[str, str] = {}
    left_out: list[str] = []
    for port in ports:
        low, high, _ = port.range_at(LEAST_RATE_HZ)
        if port.symbol == BYPASS:
            left_out.append(f"{port.symbol}: {HELD_SWITCH}")
        elif not low < high:
            left_out.append(f"{port.symbol}: it can only be {low:g}")
        else:
            spec = _parameter(port)
            parameters.append(spec)
            if reason := _reason_to_hold(port, spec):
                held[spec.symbol] = reason
    return parameters, held, left_out


def _parameter(port: Port) -> ParamSpec:
    low, high, default = (rounded(value) for value in port.range_at(LEAST_RATE_HZ))
    scale, choices = _scale(port, low, high)
    return ParamSpec(
        symbol=port.symbol,
        name=port.name or port.symbol,
        min=low,
        max=high,
        default=default,
        unit=_unit(port.unit),
        scale=scale,
        choices=choices,
    )


def _scale(port: Port, low: float, high: float) -> tuple[Scale, tuple[Choice, ...]]:
    if port.has("toggled"):
        return "toggle", ()
    if port.has("enumeration") or (port.has("integer") and len(port.choices) > 1):
        choices = _choices(port, low, high)
        whole = port.has("enumeration") or len(choices) == round(high - low) + 1
        if len(choices) > 1 and whole:
            return "enum", choices
    if port.has("integer") or port.has("enumeration"):
        return ("toggle" if high - low == 1 else "integer"), ()
    said = port.has("logarithmic", PORT_PROPERTIES)
    return (
        "log" if low > 0 and (said or logarithmic(_unit(port.unit), low, high)) else "linear"
    ), ()


def _choices(port: Port, low: float, high: float) -> tuple[Choice, ...]:
    """The named values that can be set, each once."""
    values: dict[float, str] = {}
    for label, value in port.choices:
        if math.isfinite(value) and low <= rounded(value) <= high:
            values.setdefault(rounded(value), label)
    return tuple(Choice(label=label, value=value) for value, label in values.items())


def _unit(uri: str) -> str:
    return _UNIT_WORDS.get(uri.removeprefix(UNITS), "") if uri.startswith(UNITS) else ""


def _reason_to_hold(port: Port, spec: ParamSpec) -> str:
    if port.designation == CORE + "enabled" or (
        spec.scale == "toggle" and is_bypass(port.symbol, port.name)
    ):
        return HELD_SWITCH
    if port.designation == CORE + "freeWheeling" or "/ext/time#" in port.designation:
        return HELD_HOST
    if port.has("trigger", PORT_PROPERTIES):
        return HELD_TRIGGER
    return ""
