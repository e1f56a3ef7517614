"""Which of a plugin's parameters in a host is which of the manifest: by name and range."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from math import isclose, isfinite

from bridge.errors import HostError
from bridge.hosts.base import HostParameter
from bridge.manifest import ParamSpec, PluginSpec

_SPELLED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "œ": "oe", "æ": "ae", "ø": "o"})
_BRACKETS = re.compile(r"[(\[{][^)\]}]*[)\]}]")
_RANGE_TOLERANCE = 1e-4
"""Of the range: hosts speak in single precision and some round."""


@dataclass(frozen=True)
class Mapped:
    """One parameter in the manifest and in the host."""

    spec: ParamSpec
    found: HostParameter

    def to_host(self, real: float) -> float:
        """The host's value of a real one, inside the host's range.

        Raises HostError for what is not finite.
        """
        if not isfinite(real):
            raise HostError(f"{self.spec.symbol}: {real} cannot be sent; give a finite number")
        low, high = self._range
        if self.found.normalised:
            value = low + self.spec.to_normalised(real) * (high - low)
        else:
            value = min(max(float(real), low), high)
        return float(round(value)) if self.found.integer else value

    def to_real(self, value: float) -> float:
        """The real value of one of the host's, inside the manifest's range."""
        low, high = self._range
        if self.found.normalised:
            return self.spec.to_real((value - low) / (high - low))
        return min(max(float(value), self.spec.min), self.spec.max)

    @property
    def _range(self) -> tuple[float, float]:
        found, spec = self.found, self.spec
        return (
            spec.min if found.min is None else found.min,
            spec.max if found.max is None else found.max,
        )


def match(plugin: PluginSpec, parameters: Sequence[HostParameter]) -> dict[str, Mapped]:
    """The host's parameter of each of the plugin's, by symbol.

    A name may differ in case and signs. Where none is the same so, a unit in brackets is left out,
    and then the order of the words; such a name counts only where the range that the host tells is
    the same, its value lies within, and no other parameter could be meant.

    What is not predicted may be missing. Raises HostError that names the parameter which is
    missing, of another range, or there several times.
    """
    found = {}
    for spec in plugin.parameters:
        named = _named(spec, parameters) or _nearly_named(spec, plugin, parameters)
        fitting = [parameter for parameter in named if _fits(spec, parameter)]
        if len(fitting) == 1:
            found[spec.symbol] = Mapped(spec, fitting[0])
        elif fitting:
            raise HostError(
                f"{plugin.name} has {len(fitting)} parameters named {spec.name!r} in the host;"
                " nothing is written"
            )
        elif named:
            theirs = named[0]
            raise HostError(
                f"{plugin.name}: {spec.name!r} goes from {theirs.min:g} to {theirs.max:g} in the"
                f" host and from {spec.min:g} to {spec.max:g} in the manifest; nothing is written"
            )
        elif spec.predicted:
            known = ", ".join(repr(parameter.name) for parameter in parameters) or "none"
            raise HostError(
                f"{plugin.name} has no parameter {spec.name!r} in the host, but {known}; nothing is"
                " written"
            )
    return found


def _named(spec: ParamSpec, parameters: Sequence[HostParameter]) -> list[HostParameter]:
    names = {plain(spec.name), plain(spec.symbol)}
    return [parameter for parameter in parameters if plain(parameter.name) in names]


def _nearly_named(
    spec: ParamSpec, plugin: PluginSpec, parameters: Sequence[HostParameter]
) -> list[HostParameter]:
    for folded in (_without_units, _in_any_order):
        names = {folded(spec.name), folded(spec.symbol)}
        others = [one for one in plugin.parameters if one != spec]
        if any({folded(one.name), folded(one.symbol)} & names for one in others):
            return []
        near = [parameter for parameter in parameters if folded(parameter.name) in names]
        if near:
            return [parameter for parameter in near if _is_certainly(spec, parameter)]
    return []


def _is_certainly(spec: ParamSpec, found: HostParameter) -> bool:
    """Whether the host tells a range, and a value, that can be this parameter's."""
    if found.normalised or found.min is None or found.max is None or not _fits(spec, found):
        return False
    tolerance = _RANGE_TOLERANCE * (spec.max - spec.min)
    return found.value is None or spec.min - tolerance <= found.value <= spec.max + tolerance


def _without_units(name: str) -> str:
    """A name apart from case and signs, and from what stands in brackets."""
    bare = _BRACKETS.sub(" ", name)
    return plain(bare if bare.strip() else name)


def _in_any_order(name: str) -> str:
    return " ".join(sorted(_without_units(name).split()))


def plain(name: str) -> str:
    """A name apart from case, signs and accents; a name of signs alone stays.

    Umlauts are spelled out, as hosts do that tell names in ASCII: "Ü" is "Ue".
    """
    spelled = unicodedata.normalize("NFC", name).casefold().translate(_SPELLED)
    letters = unicodedata.normalize("NFKD", spelled)
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return re.sub(r"[\W_]+", " ", bare).strip() or name


def _fits(spec: ParamSpec, found: HostParameter) -> bool:
    if found.normalised or found.min is None or found.max is None:
        return True
    tolerance = _RANGE_TOLERANCE * (spec.max - spec.min)
    return isclose(found.min, spec.min, rel_tol=0, abs_tol=tolerance) and isclose(
        found.max, spec.max, rel_tol=0, abs_tol=tolerance
    )
