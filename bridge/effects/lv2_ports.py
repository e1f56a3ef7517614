"""What an LV2 plugin's description says of its ports; no code of the plugin runs for that."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from bridge.effects.lilv import lilv
from bridge.effects.lv2_features import CORE, EXT

Kind = Literal["audio", "control", "cv", "atom", "event", "unknown"]
PORT_PROPERTIES = EXT + "port-props#"
UNITS = "http://lv2plug.in/ns/extensions/units#"
_PORT_GROUPS = EXT + "port-groups#"
_KINDS: tuple[tuple[str, Kind], ...] = (
    (CORE + "AudioPort", "audio"),
    (CORE + "ControlPort", "control"),
    (CORE + "CVPort", "cv"),
    (EXT + "atom#AtomPort", "atom"),
    (EXT + "event#EventPort", "event"),
)
_SIDE_CHAIN_WORDS = ("sidechain", "side_chain", "side-chain", "side chain")


@dataclass(frozen=True)
class Port:
    """One port. What is not said of a control is NaN."""

    number: int
    symbol: str
    name: str
    kind: Kind
    is_input: bool
    default: float
    minimum: float
    maximum: float
    properties: frozenset[str]
    """URIs."""
    designation: str
    """A URI, or empty."""
    unit: str
    """A URI, or empty."""
    choices: tuple[tuple[str, float], ...]
    """Label and value of each scale point, by value."""
    is_side_chain: bool

    def has(self, name: str, namespace: str = CORE) -> bool:
        """Whether it has a property such as `toggled`."""
        return namespace + name in self.properties

    @property
    def is_optional(self) -> bool:
        """Whether it may stay unconnected."""
        return self.has("connectionOptional")

    def range_at(self, sample_rate: float) -> tuple[float, float, float]:
        """Least, greatest and default value of a control at this rate, each finite.

        Where nothing is said it goes from 0 to 1, and starts as near to 0 as it may.
        """
        scale = sample_rate if self.has("sampleRate") else 1.0
        low = self.minimum * scale if math.isfinite(self.minimum) else 0.0
        high = self.maximum * scale if math.isfinite(self.maximum) else max(low + 1.0, 1.0)
        low, high = min(low, high), max(low, high)
        default = self.default * scale if math.isfinite(self.default) else 0.0
        return low, high, min(max(default, low), high)


@dataclass(frozen=True)
class Ports:
    """A plugin's ports, by what they carry."""

    all: tuple[Port, ...]
    latency: int | None
    """The number of the control output that tells it."""

    def of(self, kind: Kind, is_input: bool) -> tuple[Port, ...]:
        """Ports of one kind and direction."""
        return tuple(p for p in self.all if p.kind == kind and p.is_input == is_input)

    @cached_property
    def controls(self) -> dict[str, Port]:
        """Control inputs by symbol."""
        return {port.symbol: port for port in self.of("control", True)}

    @cached_property
    def audio_in(self) -> tuple[int, ...]:
        """Numbers of the inputs that hear the sound: no side-chain."""
        return tuple(p.number for p in self.of("audio", True) if not p.is_side_chain)

    @cached_property
    def audio_out(self) -> tuple[int, ...]:
        """Numbers of the audio outputs."""
        return tuple(p.number for p in self.of("audio", False))


def read_ports(plugin: int) -> Ports:
    """The ports of a plugin of `Lilv.plugin`, in the plugin's order."""
    world = lilv()
    count = world.call("plugin_get_num_ports", plugin)
    ranges = world.port_ranges(plugin, count)
    main = world.values(plugin, _PORT_GROUPS + "mainInput")
    ports = [_read(plugin, number, ranges, main) for number in range(count)]
    if not any(p.kind == "audio" and p.is_input and not p.is_side_chain for p in ports):
        # A plugin all of whose inputs are called so listens to them.
        ports = [_as_main(port) for port in ports]
    latency = (
        world.call("plugin_get_latency_port_index", plugin)
        if world.call("plugin_has_latency", plugin)
        else None
    )
    return Ports(tuple(ports), latency)


def _read(plugin: int, number: int, ranges: Sequence[Sequence[float]], main: Sequence[str]) -> Port:
    world = lilv()
    port = world.call("plugin_get_port_by_index", plugin, number)
    kinds = (kind for uri, kind in _KINDS if world.is_a(plugin, port, uri))
    kind: Kind = next(kinds, "unknown")
    is_input = world.is_a(plugin, port, CORE + "InputPort")
    properties = frozenset(world.port_values(plugin, port, CORE + "portProperty"))
    symbol, name = world.symbol(plugin, port), world.port_name(plugin, port)
    groups = world.port_values(plugin, port, _PORT_GROUPS + "group")
    units = world.port_values(plugin, port, UNITS + "unit")
    designations = world.port_values(plugin, port, CORE + "designation")
    called = f"{symbol} {name}".lower()
    is_side_chain = (
        kind == "audio"
        and is_input
        and (
            CORE + "isSideChain" in properties
            or any(word in called for word in _SIDE_CHAIN_WORDS)
            or bool(groups and main and groups[0] not in main)
        )
    )
    minimum, maximum, default = (float(each[number]) for each in ranges)
    return Port(
        number,
        symbol,
        name,
        kind,
        is_input,
        default,
        minimum,
        maximum,
        properties,
        designations[0] if designations else "",
        units[0] if units else "",
        tuple(world.scale_points(plugin, port)) if kind == "control" and is_input else (),
        is_side_chain,
    )


def _as_main(port: Port) -> Port:
    return Port(**{**port.__dict__, "is_side_chain": False})
