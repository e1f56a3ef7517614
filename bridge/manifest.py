"""The table of plugins and rigs as frozen types, and the one mapping of normalised to real values.

A *normalised value* lies in 0..1 and is what models speak; a *real value* lies between a
parameter's min and max, in its unit, and is what hosts and people speak. A *rig* is a named chain;
`bridge.chain` has the chains that are played.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import exp, isfinite, log, log10
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from bridge.errors import ManifestError
from bridge.texts import YamlLoader, read_yaml

Scale = Literal["linear", "log", "integer", "enum", "toggle"]
Symbol = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
PluginId = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]

BYPASS = "bypass"
"""What hosts call the switch that leaves a plugin out; no parameter may have this symbol."""


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Choice(_Entry):
    """One class of an enum: its label and the real value the plugin takes for it."""

    label: str
    value: float


class Display(_Entry):
    """What the plugin itself shows for a parameter whose real value is only a share.

    It goes from `low` to `high` in `unit` as the value does from min to max; `gain` is that of a
    factor, so that half of the value is 6 dB less, down to `low`.
    """

    unit: str
    low: float
    high: float
    curve: Literal["linear", "gain"] = "linear"

    def of(self, normalised: float) -> float:
        """What is shown for a normalised value."""
        if self.curve == "linear":
            return self.low + normalised * (self.high - self.low)
        return max(self.high + 20 * log10(max(normalised, 1e-9)), self.low)

    def to_normalised(self, shown: float) -> float:
        """The normalised value for which that is shown; what lies outside is clamped."""
        shown = min(max(shown, self.low), self.high)
        if self.curve == "linear":
            return (shown - self.low) / (self.high - self.low)
        return 0.0 if shown <= self.low else float(10 ** ((shown - self.high) / 20))


class ParamSpec(_Entry):
    """One parameter of a plugin, with its range in real values."""

    symbol: Symbol
    name: str
    min: float
    max: float
    default: float
    unit: str = ""
    scale: Scale
    choices: tuple[Choice, ...] = ()
    predicted: bool = True
    display: Display | None = None
    """How a person reads it, where that is not the real value in its unit."""
    raw: bool = False
    """Of a VST3: from min to max is the plugin's own 0..1, as its texts are no numbers to trust."""

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if self.symbol == BYPASS:
            raise ValueError("the host has a bypass of its own; leave this parameter out")
        if self.min >= self.max:
            raise ValueError(f"min {self.min:g} must be below max {self.max:g}; swap or widen them")
        if not self.min <= self.default <= self.max:
            raise ValueError(
                f"default {self.default:g} lies outside {self.min:g}..{self.max:g}; move it inside"
            )
        if self.scale == "log" and self.min <= 0:
            raise ValueError(f"a log scale needs min above 0, not {self.min:g}; raise it")
        if (self.scale == "enum") != bool(self.choices):
            raise ValueError("choices and scale: enum belong together; give both or neither")
        if self.display and self.scale != "linear":
            raise ValueError("a display belongs to scale: linear; leave one of them out")
        if any(not self.min <= choice.value <= self.max for choice in self.choices):
            raise ValueError(f"every choice must lie inside {self.min:g}..{self.max:g}")
        return self

    @property
    def classes(self) -> int:
        """How many classes an enum or a toggle has; 0 for what is continuous or an integer."""
        return {"enum": len(self.choices), "toggle": 2}.get(self.scale, 0)

    def class_of(self, normalised: float) -> int:
        """Class that a normalised value of an enum or a toggle is nearest to, halves upward.

        Values outside 0..1 are clamped.
        """
        x = min(max(float(normalised), 0.0), 1.0)
        return int(x * (self.classes - 1) + 0.5)

    def label(self, real: float) -> str:
        """The name of a choice, `on` or `off`; empty for a number."""
        number = self.class_of(self.to_normalised(real)) if self.classes else 0
        if self.choices:
            return self.choices[number].label
        return ("off", "on")[number] if self.scale == "toggle" else ""

    def normalised_of_class(self, number: int) -> float:
        """Normalised value of a class of an enum or a toggle: they lie evenly from 0 to 1."""
        return number / max(self.classes - 1, 1)

    def to_real(self, normalised: float) -> float:
        """Real value of a normalised one; values outside 0..1 are clamped."""
        x = min(max(float(normalised), 0.0), 1.0)
        match self.scale:
            case "enum":
                return self.choices[self.class_of(x)].value
            case "toggle":
                return self.max if self.class_of(x) else self.min
            case "log":
                return min(
                    max(exp(log(self.min) + x * log(self.max / self.min)), self.min), self.max
                )
            case "integer":
                return float(round(self.min + x * (self.max - self.min)))
            case "linear":
                return self.min + x * (self.max - self.min)

    def to_normalised(self, real: float) -> float:
        """Normalised value of a real one; values outside the range are clamped."""
        value = min(max(float(real), self.min), self.max)
        if self.scale == "enum":
            distances = [abs(choice.value - value) for choice in self.choices]
            return self.normalised_of_class(distances.index(min(distances)))
        if self.scale == "log":
            return log(value / self.min) / log(self.max / self.min)
        return (value - self.min) / (self.max - self.min)


class Formats(_Entry):
    """Where one plugin can be found; several formats may stand for the same effect."""

    lv2: str | None = None
    builtin: str | None = None
    vst3: str | None = None
    vst3_plugin: str | None = None
    """Its name, where the file holds several."""

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if not (self.lv2 or self.builtin or self.vst3):
            raise ValueError("no format is given; name lv2, builtin or vst3")
        return self


def _no_repeated_symbols(parameters: tuple[ParamSpec, ...]) -> tuple[ParamSpec, ...]:
    symbols = [parameter.symbol for parameter in parameters]
    if repeated := _repeated(symbols):
        raise ValueError(f"symbol {repeated} is a duplicate; remove or rename one")
    return parameters


class PluginSpec(_Entry):
    """One plugin: how to find it, its parameters in model order, its model folder."""

    id: PluginId
    name: str
    kind: str
    formats: Formats
    parameters: Annotated[
        tuple[ParamSpec, ...], Field(min_length=1), AfterValidator(_no_repeated_symbols)
    ]
    model: str | None = None
    fixed_block: bool = False
    isolated: bool = False
    """Whether it renders in a child process, where a crash costs nothing else."""

    @property
    def predicted(self) -> tuple[ParamSpec, ...]:
        """The parameters a predictor answers, in the order of its output."""
        return tuple(parameter for parameter in self.parameters if parameter.predicted)

    def parameter(self, symbol: str) -> ParamSpec:
        """The parameter of that symbol. Raises ManifestError where there is none."""
        for parameter in self.parameters:
            if parameter.symbol == symbol:
                return parameter
        known = ", ".join(parameter.symbol for parameter in self.parameters)
        raise ManifestError(f"{self.id} has no parameter {symbol!r}; it has {known}")


class SlotSpec(_Entry):
    """One plugin's place in a rig."""

    slot: PluginId
    """Its name in the rig."""
    plugin: PluginId
    start: dict[Symbol, float] = {}
    """Real values by symbol: where a search starts. What is not named starts at its default."""
    optional: bool = False
    """Whether a search may leave the plugin out."""


class RigSpec(_Entry):
    """A named chain: plugins in order."""

    id: PluginId
    name: str
    kind: str
    slots: Annotated[tuple[SlotSpec, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _no_repeated_slots(self) -> Self:
        if repeated := _repeated([slot.slot for slot in self.slots]):
            raise ValueError(f"slot {repeated} is a duplicate; rename one")
        return self


Named = TypeVar("Named", PluginSpec, RigSpec)


def _no_repeated_ids(entries: tuple[Named, ...]) -> tuple[Named, ...]:
    if repeated := _repeated([entry.id for entry in entries]):
        raise ValueError(f"id {repeated} is a duplicate; remove or rename one")
    return entries


class Manifest(_Entry):
    """The whole table."""

    schema_version: Literal[1] = Field(alias="schema")
    plugins: Annotated[tuple[PluginSpec, ...], AfterValidator(_no_repeated_ids)] = ()
    rigs: Annotated[tuple[RigSpec, ...], AfterValidator(_no_repeated_ids)] = ()

    @classmethod
    def merged(cls, tables: Sequence[Self]) -> Self:
        """One table of several: of two entries with one id the later table's counts.

        Raises ManifestError where a rig names a plugin or a value that is not there.
        """
        plugins = {plugin.id: plugin for table in tables for plugin in table.plugins}
        rigs = {rig.id: rig for table in tables for rig in table.rigs}
        whole = cls(schema=1, plugins=tuple(plugins.values()), rigs=tuple(rigs.values()))
        whole._check_rigs()
        return whole

    def plugin(self, plugin_id: str) -> PluginSpec:
        """The entry of that id. Raises ManifestError where there is none."""
        for plugin in self.plugins:
            if plugin.id == plugin_id:
                return plugin
        known = ", ".join(plugin.id for plugin in self.plugins)
        raise ManifestError(f"unknown plugin {plugin_id!r}; the manifest holds {known}")

    def rig(self, rig_id: str) -> RigSpec:
        """The rig of that id. Raises ManifestError where there is none."""
        for rig in self.rigs:
            if rig.id == rig_id:
                return rig
        known = ", ".join(rig.id for rig in self.rigs) or "none"
        raise ManifestError(f"unknown rig {rig_id!r}; the manifest holds {known}")

    def _check_rigs(self) -> None:
        ids = {plugin.id for plugin in self.plugins}
        for rig in self.rigs:
            if rig.id in ids:
                raise ManifestError(f"{rig.id} is the id of a plugin and of a rig; rename the rig")
            for slot in rig.slots:
                try:
                    plugin = self.plugin(slot.plugin)
                    for symbol, value in slot.start.items():
                        spec = plugin.parameter(symbol)
                        if not spec.min <= value <= spec.max:
                            raise ManifestError(
                                f"{symbol} starts at {value:g}, outside"
                                f" {spec.min:g}..{spec.max:g}; move it inside"
                            )
                except ManifestError as error:
                    raise ManifestError(f"rig {rig.id}, slot {slot.slot}: {error}") from None


@dataclass(frozen=True)
class Setting:
    """Every parameter of one plugin, as normalised values in manifest order."""

    plugin: PluginSpec
    normalised: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse a wrong number of values, and values that are not finite or outside 0..1."""
        if len(self.normalised) != len(self.plugin.parameters):
            raise ManifestError(
                f"{self.plugin.id} takes {len(self.plugin.parameters)} values,"
                f" not {len(self.normalised)}"
            )
        for parameter, value in zip(self.plugin.parameters, self.normalised, strict=True):
            if not (isfinite(value) and 0.0 <= value <= 1.0):
                raise ManifestError(
                    f"{self.plugin.id}: {parameter.symbol} must be a number in 0..1, not {value}"
                )

    @classmethod
    def default(cls, plugin: PluginSpec) -> Self:
        """The setting the plugin opens with."""
        return cls(plugin, tuple(p.to_normalised(p.default) for p in plugin.parameters))

    @classmethod
    def of_values(cls, plugin: PluginSpec, values: Mapping[str, float]) -> Self:
        """The setting with these real values by symbol; what is not named stays at its default."""
        for symbol in values:
            plugin.parameter(symbol)
        return cls(
            plugin,
            tuple(p.to_normalised(values.get(p.symbol, p.default)) for p in plugin.parameters),
        )

    @classmethod
    def of_predicted(cls, plugin: PluginSpec, normalised: Sequence[float]) -> Self:
        """The setting with a predictor's answer; the other parameters stay at their defaults."""
        values = iter(normalised)
        return cls(
            plugin,
            tuple(
                float(next(values)) if p.predicted else p.to_normalised(p.default)
                for p in plugin.parameters
            ),
        )

    @property
    def predicted(self) -> tuple[float, ...]:
        """The normalised values of the predicted parameters, in the order of a model's output."""
        pairs = zip(self.plugin.parameters, self.normalised, strict=True)
        return tuple(value for parameter, value in pairs if parameter.predicted)

    @cached_property
    def values(self) -> dict[str, float]:
        """Real values by symbol."""
        pairs = zip(self.plugin.parameters, self.normalised, strict=True)
        return {parameter.symbol: parameter.to_real(value) for parameter, value in pairs}


class _StrictLoader(YamlLoader):
    """YAML that refuses a key written twice, which PyYAML would take silently."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [self.construct_object(key, deep=deep) for key, _ in node.value]
        if repeated := _repeated(keys):
            raise yaml.MarkedYAMLError(
                problem=f"key {repeated!r} is a duplicate; remove one", problem_mark=node.start_mark
            )
        return super().construct_mapping(node, deep)


def read_manifest(path: Path) -> Manifest:
    """Read and check one table.

    Raises ManifestError with one line that names the file, the entry and the remedy.
    """
    try:
        data = read_yaml(path, _StrictLoader)
    except (OSError, ValueError) as error:
        raise ManifestError(f"{path}: cannot be read ({error}); give a readable manifest") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise ManifestError(f"{path}, line {line}: {error.problem}") from None
    except yaml.YAMLError as error:
        raise ManifestError(f"{path}: not valid YAML ({error})".replace("\n", " ")) from None
    try:
        return Manifest.model_validate(data)
    except ValidationError as error:
        raise ManifestError(f"{path}, {_first_line(error, data)}") from None


def _first_line(error: ValidationError, data: object) -> str:
    """The first fault as 'entry, place: what is wrong; what to do'."""
    fault = error.errors(include_url=False)[0]
    where = _where(fault["loc"], data)
    if fault["type"] == "extra_forbidden":
        return f"{where}: unknown key; remove it or correct its spelling"
    if fault["type"] == "missing":
        return f"{where}: is missing; add it"
    reason = fault["msg"].removeprefix("Value error, ")
    return (
        f"{where}: {reason} (got {fault['input']!r})"
        if "ctx" not in fault
        else f"{where}: {reason}"
    )


def _where(place: tuple[int | str, ...], data: object) -> str:
    """A path such as ('plugins', 0, 'parameters', 1, 'min') with ids instead of numbers."""
    words: list[str] = []
    for step in place:
        if isinstance(step, int) and isinstance(data, list) and step < len(data):
            data = data[step]
            name = (
                data.get("id") or data.get("slot") or data.get("symbol")
                if isinstance(data, dict)
                else None
            )
            words.append(str(name or f"entry {step + 1}"))
        else:
            data = data.get(step) if isinstance(data, dict) else None
            if step not in ("plugins", "rigs", "slots", "parameters"):
                words.append(str(step))
    return ", ".join(words) or "the whole file"


def _repeated(items: Sequence[Hashable]) -> Hashable | None:
    return next((item for item in items if items.count(item) > 1), None)
