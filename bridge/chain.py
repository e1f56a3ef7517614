"""The chain: plugins in order, each with its setting and its own bypass.

A single plugin is a chain of one. Every parameter of a chain has an *address*, `SLOT/SYMBOL`, such
as `mda-overdrive/drive`; `SLOT/bypass` is the switch that leaves the slot's plugin out, and is
treated as one more parameter wherever values travel.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from bridge.errors import ManifestError
from bridge.manifest import BYPASS, Manifest, ParamSpec, PluginSpec, RigSpec, Setting

MOST_SLOTS = 64
"""So many can be told in one datagram, and rendered in time."""


@dataclass(frozen=True)
class Slot:
    """One plugin's place in a chain."""

    id: str
    """Unique in the chain: the plugin's id, or the slot's name in a rig."""
    plugin: PluginSpec
    start: Setting
    """Where a search starts; what is not predicted stays there."""
    optional: bool = False
    """Whether a search may leave the plugin out."""

    def address(self, symbol: str) -> str:
        """The address in the chain of a parameter of the plugin, or of `BYPASS`."""
        return f"{self.id}/{symbol}"


@dataclass(frozen=True)
class ChainParameter:
    """One parameter of a chain."""

    slot: Slot
    spec: ParamSpec

    @property
    def address(self) -> str:
        """`SLOT/SYMBOL`."""
        return self.slot.address(self.spec.symbol)


@dataclass(frozen=True)
class Chain:
    """Slots in the order in which sound goes through them."""

    id: str
    """What it is asked for by: a plugin's id, a rig's, or what `chain_of` understands."""
    name: str
    slots: tuple[Slot, ...]

    @classmethod
    def of_plugin(cls, plugin: PluginSpec) -> Self:
        """A chain of one."""
        return cls(plugin.id, plugin.name, (Slot(plugin.id, plugin, Setting.default(plugin)),))

    @cached_property
    def parameters(self) -> tuple[ChainParameter, ...]:
        """All parameters, slot by slot, in the manifest's order."""
        return tuple(ChainParameter(s, spec) for s in self.slots for spec in s.plugin.parameters)

    @cached_property
    def predicted(self) -> tuple[ChainParameter, ...]:
        """Those of them that are searched for and predicted."""
        return tuple(p for p in self.parameters if p.spec.predicted)

    @cached_property
    def switches(self) -> tuple[str, ...]:
        """The addresses of the slots' bypasses."""
        return tuple(slot.address(BYPASS) for slot in self.slots)

    def slot(self, slot_id: str) -> Slot:
        """The slot of that id. Raises ManifestError where there is none."""
        for slot in self.slots:
            if slot.id == slot_id:
                return slot
        known = ", ".join(slot.id for slot in self.slots)
        raise ManifestError(f"{self.id} has no slot {slot_id!r}; it has {known}")

    def parameter(self, address: str) -> ChainParameter:
        """The parameter at an address. Raises ManifestError where there is none."""
        for parameter in self.parameters:
            if parameter.address == address:
                return parameter
        known = ", ".join(parameter.address for parameter in self.parameters)
        raise ManifestError(f"{self.id} has no parameter {address!r}; it has {known}")

    def resolved(self, name: str) -> str:
        """The address that a person means: one, or a symbol that only one slot has.

        Raises ManifestError where there is none, or several.
        """
        addresses = [*(p.address for p in self.parameters), *self.switches]
        if name in addresses:
            return name
        meant = [address for address in addresses if address.rpartition("/")[2] == name]
        if len(meant) == 1:
            return meant[0]
        raise ManifestError(
            f"{self.id} has no parameter {name!r}; it has {', '.join(meant or addresses)}"
        )

    def is_switch(self, address: str) -> bool:
        """Whether an address is that of a slot's bypass."""
        return address in self.switches

    def to_normalised(self, address: str, real: float) -> float:
        """Normalised value of a real one; of a bypass 0 or 1."""
        if self.is_switch(address):
            return float(real >= 0.5)
        return self.parameter(address).spec.to_normalised(real)


@dataclass(frozen=True)
class ChainSetting:
    """A setting of every slot, and which slots are left out."""

    chain: Chain
    settings: tuple[Setting, ...]
    """One a slot, in order; stands also where the slot is left out."""
    bypassed: frozenset[str] = frozenset()
    """Ids of the slots that are left out."""

    def __post_init__(self) -> None:
        """Refuse settings that are not the slots', and unknown slots."""
        plugins = [slot.plugin.id for slot in self.chain.slots]
        if [setting.plugin.id for setting in self.settings] != plugins:
            given = ", ".join(setting.plugin.id for setting in self.settings)
            raise ManifestError(
                f"{self.chain.id} takes settings of {', '.join(plugins)}, not {given}"
            )
        for slot_id in self.bypassed:
            self.chain.slot(slot_id)

    @classmethod
    def start(cls, chain: Chain) -> Self:
        """Where a search starts: every slot in the sound, at its start."""
        return cls(chain, tuple(slot.start for slot in chain.slots))

    @classmethod
    def of_values(cls, chain: Chain, values: Mapping[str, float]) -> Self:
        """These real values by address, bypasses among them; the others stay at their start.

        Raises ManifestError for an unknown address.
        """
        return cls.start(chain).with_values(values)

    @classmethod
    def of_predicted(
        cls, chain: Chain, normalised: Sequence[float], bypassed: Iterable[str] = ()
    ) -> Self:
        """Normalised values of the predicted parameters; the others stay at their start."""
        values = iter(normalised)
        settings = tuple(
            Setting(
                slot.plugin,
                tuple(
                    float(next(values)) if spec.predicted else at_start
                    for spec, at_start in zip(
                        slot.plugin.parameters, slot.start.normalised, strict=True
                    )
                ),
            )
            for slot in chain.slots
        )
        return cls(chain, settings, frozenset(bypassed))

    @classmethod
    def of_normalised(
        cls, chain: Chain, normalised: Sequence[float], bypassed: Iterable[str] = ()
    ) -> Self:
        """Normalised values of all parameters, in the chain's order."""
        values = iter(normalised)
        settings = tuple(
            Setting(slot.plugin, tuple(float(next(values)) for _ in slot.plugin.parameters))
            for slot in chain.slots
        )
        return cls(chain, settings, frozenset(bypassed))

    def with_values(self, values: Mapping[str, float]) -> Self:
        """This one with other real values by address, bypasses among them."""
        bypassed = set(self.bypassed)
        known = {p.address: p for p in self.chain.parameters}
        changed: dict[str, float] = {}
        for address, value in values.items():
            if self.chain.is_switch(address):
                slot_id = address.rpartition("/")[0]
                (bypassed.add if value >= 0.5 else bypassed.discard)(slot_id)
            else:
                parameter = known.get(address) or self.chain.parameter(address)
                changed[address] = parameter.spec.to_normalised(value)
        normalised = [
            changed.get(parameter.address, value)
            for parameter, value in zip(self.chain.parameters, self.normalised, strict=True)
        ]
        return self.of_normalised(self.chain, normalised, bypassed)

    def without(self, slot_ids: Iterable[str]) -> Self:
        """This one with exactly these slots left out."""
        return type(self)(self.chain, self.settings, frozenset(slot_ids))

    def all_left_out(self) -> Self:
        """This one with every slot left out."""
        return self.without(slot.id for slot in self.chain.slots)

    @cached_property
    def normalised(self) -> tuple[float, ...]:
        """Normalised values of all parameters, in the chain's order."""
        return tuple(value for setting in self.settings for value in setting.normalised)

    @cached_property
    def predicted(self) -> tuple[float, ...]:
        """Those of the predicted parameters."""
        return tuple(value for setting in self.settings for value in setting.predicted)

    @cached_property
    def values(self) -> dict[str, float]:
        """Real values by address, without the bypasses."""
        return {
            slot.address(symbol): value
            for slot, setting in zip(self.chain.slots, self.settings, strict=True)
            for symbol, value in setting.values.items()
        }

    @cached_property
    def all_values(self) -> dict[str, float]:
        """Real values by address, and 0 or 1 for every bypass."""
        return self.values | {
            slot.address(BYPASS): float(slot.id in self.bypassed) for slot in self.chain.slots
        }

    @property
    def dry(self) -> bool:
        """Whether every slot is left out."""
        return len(self.bypassed) == len(self.chain.slots)


def chain_of(text: str, manifest: Manifest) -> Chain:
    """The chain that a text names: items with commas between them.

    An item is a plugin's id, a rig's id for all its slots, or `RIG/SLOT` for one of them. A slot
    whose id is taken gets the next free number: `pedalboard-peak`, `pedalboard-peak-2`.

    Raises ManifestError where a name is unknown or empty, or there are more than `MOST_SLOTS`.
    """
    items = [item.strip() for item in text.split(",")]
    if not all(items):
        raise ManifestError(
            f"a chain is plugins or rigs with commas between them, but {text!r} leaves one empty"
        )
    rigs = {rig.id: rig for rig in manifest.rigs}
    slots: list[Slot] = []
    for item in items:
        rig_id, _, slot_id = item.partition("/")
        if rig := rigs.get(rig_id):
            found = _slots_of(rig, manifest)
            if slot_id and not (found := [slot for slot in found if slot.id == slot_id]):
                known = ", ".join(slot.slot for slot in rig.slots)
                raise ManifestError(f"rig {rig_id} has no slot {slot_id!r}; it has {known}")
        else:
            found = list(Chain.of_plugin(_plugin(item, manifest)).slots)
        slots += found
    if len(slots) > MOST_SLOTS:
        raise ManifestError(
            f"a chain may have {MOST_SLOTS} slots, not {len(slots)}; leave some out"
        )
    if len(items) == 1 and items[0] in rigs:
        return Chain(items[0], rigs[items[0]].name, tuple(slots))
    return Chain(",".join(items), " + ".join(slot.plugin.name for slot in slots), _unique(slots))


def _plugin(plugin_id: str, manifest: Manifest) -> PluginSpec:
    try:
        return manifest.plugin(plugin_id)
    except ManifestError as error:
        rigs = ", ".join(rig.id for rig in manifest.rigs)
        raise ManifestError(f"{error}; and the rigs {rigs}" if rigs else str(error)) from None


def _slots_of(rig: RigSpec, manifest: Manifest) -> list[Slot]:
    slots = []
    for spec in rig.slots:
        plugin = manifest.plugin(spec.plugin)
        start = Setting.of_values(plugin, spec.start)
        slots.append(Slot(spec.slot, plugin, start, spec.optional))
    return slots


def _unique(slots: Iterable[Slot]) -> tuple[Slot, ...]:
    taken: dict[str, Slot] = {}
    for slot in slots:
        slot_id, number = slot.id, 1
        while slot_id in taken:
            number += 1
            slot_id = f"{slot.id}-{number}"
        taken[slot_id] = Slot(slot_id, slot.plugin, slot.start, slot.optional)
    return tuple(taken.values())
