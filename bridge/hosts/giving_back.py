"""What was written to a plugin that took the place of another, and what it held before.

Most hosts number plugins by their place and tell late, or not at all, that another one stands
there. A dialect keeps what it wrote since it last knew its plugins in place; once they have moved,
this says which of that changed somebody else's plugin, and what to set there again.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isclose

from bridge.hosts.base import HostParameter, Key
from bridge.manifest import BYPASS

_NEAR = 1e-3
"""How near a value lies to the one that was written, as a share: hosts round."""


@dataclass(frozen=True)
class Standing:
    """A plugin as it stands somewhere, with what it holds."""

    name: str
    parameters: Mapping[Key, HostParameter]
    bypassed: bool | None = None

    @classmethod
    def of(
        cls, name: str, parameters: Iterable[HostParameter], bypassed: bool | None = None
    ) -> "Standing":
        """A plugin of that name with these parameters."""
        return cls(name, {p.key: p for p in parameters}, bypassed)

    def is_like(self, other: "Standing") -> bool:
        """Whether both have one name and parameters of the same names and ranges."""
        return self.name == other.name and _identity(self) == _identity(other)

    def has(self, parameter: HostParameter) -> bool:
        """Whether it has this parameter, by key, name and range."""
        own = self.parameters.get(parameter.key)
        return own is not None and _about(own) == _about(parameter)

    @property
    def values(self) -> dict[Key, float]:
        """What it holds, its switch included, as far as that is told."""
        told = {key: p.value for key, p in self.parameters.items() if p.value is not None}
        return told | ({} if self.bypassed is None else {BYPASS: float(self.bypassed)})


def to_give_back(writes: Mapping[Key, float], before: Standing, now: Standing) -> dict[Key, float]:
    """What a plugin held before these writes, of all that it holds since because of them."""
    held, holds = before.values, now.values
    return {
        key: held[key]
        for key, write in writes.items()
        if key in held
        and key in holds
        and held[key] != holds[key]
        and _is_of(write, holds[key], now.parameters.get(key))
    }


def same_before(
    now: Standing, before: Sequence[Standing], written: Collection[Key]
) -> Standing | None:
    """The same plugin among those of before; of several alike the one with the same values.

    `written`: keys whose values tell nothing, as the bridge has written there.
    """
    alike = [other for other in before if other.is_like(now)]
    values = {key: value for key, value in now.values.items() if key not in written}

    def agreeing(other: Standing) -> int:
        return sum(other.values.get(key) == value for key, value in values.items())

    return max(alike, key=agreeing, default=None)


def _identity(standing: Standing) -> dict[Key, tuple[str, float | None, float | None]]:
    return {key: _about(p) for key, p in standing.parameters.items()}


def _about(parameter: HostParameter) -> tuple[str, float | None, float | None]:
    return parameter.name, parameter.min, parameter.max


def _is_of(write: float, value: float, parameter: HostParameter | None) -> bool:
    """Whether a host has made this value of that write: in its range, and whole where it must."""
    if parameter and parameter.min is not None and parameter.max is not None:
        write = min(max(write, parameter.min), parameter.max)
    return isclose(value, write, rel_tol=_NEAR, abs_tol=_NEAR) or value == round(write)
