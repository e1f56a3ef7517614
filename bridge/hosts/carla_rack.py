"""What Carla has told of its rack: plugins, parameters and values, message by message."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bridge.hosts.base import HostParameter
from bridge.hosts.giving_back import Standing
from bridge.osc import Argument

ACTIVE = -2
"""What a plugin's switch is called among its parameters."""
_INPUT = 1


@dataclass
class _Plugin:
    """One plugin; what it holds of each parameter, by number."""

    name: str = ""
    bypassed: bool | None = None
    names: dict[int, str] = field(default_factory=dict)
    ranges: dict[int, tuple[float, float]] = field(default_factory=dict)
    inputs: dict[int, float] = field(default_factory=dict)
    told: set[tuple[str, int]] = field(default_factory=set)
    """What was told since everything is told anew."""

    @property
    def standing(self) -> Standing:
        known = sorted(self.inputs.keys() & self.names.keys() & self.ranges.keys())
        found = [HostParameter(n, self.names[n], *self.ranges[n], self.inputs[n]) for n in known]
        return Standing.of(self.name, found, self.bypassed)


@dataclass
class Rack:
    """The rack as it was told last."""

    _plugins: dict[int, _Plugin] = field(default_factory=dict)

    @property
    def standing(self) -> dict[int, Standing]:
        """The plugins by their number, as far as they are told."""
        return {number: p.standing for number, p in self._plugins.items() if p.name}

    def at(self, number: int) -> Standing | None:
        """The plugin at that number."""
        plugin = self._plugins.get(number)
        return plugin.standing if plugin and plugin.name else None

    def begin(self) -> None:
        """Everything is about to be told anew."""
        for plugin in self._plugins.values():
            plugin.told.clear()

    def take(self, what: str, arguments: Sequence[Argument]) -> bool:
        """Keep what a message tells; whether it is understood."""
        match what, tuple(arguments):
            case "info", (int(number), _, _, _, _, _, _, str(name), *_):
                self._of(number, what).name = name
            case "iparams", (int(number), int() | float() as active, *_):
                self._of(number, what).bypassed = active < 0.5
            case "paramInfo", (int(number), int(key), str(name), *_):
                self._of(number, what, key).names[key] = name
            case "paramData", (int(number), int(key), kind, _, _, _, _, _, int() | float() as now):
                plugin = self._of(number, what, key)
                if kind == _INPUT:
                    plugin.inputs[key] = float(now)
            case (
                "paramRanges",
                (int(number), int(key), _, int() | float() as low, int() | float() as high, *_),
            ):
                self._of(number, what, key).ranges[key] = float(low), float(high)
            case _:
                return False
        return True

    def change(self, number: int, key: int, value: float) -> None:
        """A value has changed in Carla's window."""
        plugin = self._plugins.get(number)
        if plugin and key == ACTIVE:
            plugin.bypassed = value < 0.5
        elif plugin and key in plugin.inputs:
            plugin.inputs[key] = value

    def is_in_place(self, number: int, resolved: Standing) -> bool | None:
        """Whether the resolved plugin stands at that number; None until all of it is told anew."""
        plugin = self._plugins.get(number)
        if plugin is None:
            return None
        if ("info", 0) in plugin.told and plugin.name != resolved.name:
            return False
        wanted = {("info", 0), ("iparams", 0)}
        for key in resolved.parameters:
            wanted |= {(what, int(key)) for what in ("paramInfo", "paramData", "paramRanges")}
        return plugin.standing.is_like(resolved) if wanted <= plugin.told else None

    def _of(self, number: int, what: str, key: int = 0) -> _Plugin:
        plugin = self._plugins.setdefault(number, _Plugin())
        plugin.told.add((what, key))
        return plugin


def changed(
    before: Mapping[int, Standing], number: int, key: int, value: float
) -> dict[int, Standing]:
    """What stood in the rack, after a value has changed in Carla's window."""
    standing = before.get(number)
    if standing is None:
        return dict(before)
    if key == ACTIVE:
        return {**before, number: replace(standing, bypassed=value < 0.5)}
    parameters = {
        k: replace(p, value=value) if k == key else p for k, p in standing.parameters.items()
    }
    return {**before, number: replace(standing, parameters=parameters)}
