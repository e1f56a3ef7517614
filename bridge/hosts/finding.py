"""Which track, plugin and parameters of a host are meant: by name and range, or not at all."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import isclose, isfinite
from typing import TypeVar

from bridge.errors import HostError
from bridge.hosts.base import Dialect, HostParameter, HostPlugin, HostTrack, Key, Profile
from bridge.manifest import ParamSpec, PluginSpec

_RANGE_TOLERANCE = 1e-4
"""Of the range: hosts speak in single precision and some round."""
_Item = TypeVar("_Item", HostTrack, HostPlugin)


@dataclass(frozen=True)
class Wanted:
    """Track and plugin of a URL, each as a name or as the host's own number; None is not given."""

    track: str | None = None
    plugin: str | None = None


@dataclass(frozen=True)
class Place:
    """A plugin in its track, as found."""

    track: HostTrack
    plugin: HostPlugin


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


def find_place(dialect: Dialect, wanted: Wanted, plugin: PluginSpec) -> Place:
    """Blocking: the one plugin meant. Raises HostError where there is none, or more than one."""
    if not dialect.profile.discovers:
        return _stated(dialect.profile, wanted)
    tracks = dialect.tracks()
    if wanted.track is not None:
        tracks = [_meant(tracks, wanted.track, "track")]
    if wanted.plugin is not None and len(tracks) == 1:
        (track,) = tracks
        return Place(track, _meant(dialect.plugins(track), wanted.plugin, "plugin"))
    places = [Place(track, found) for track in tracks for found in dialect.plugins(track)]
    meant = _named([place.plugin for place in places], wanted.plugin or plugin.name)
    chosen = [place for place in places if any(place.plugin is found for found in meant)]
    if len(chosen) == 1:
        return chosen[0]
    known = ", ".join(f"{p.track.name}/{p.plugin.name}" for p in chosen or places) or "none at all"
    if not chosen:
        raise HostError(f"the host holds no plugin named {plugin.name!r}, but {known}; add it")
    raise HostError(f"{plugin.name!r} is there {len(chosen)} times ({known}); name one in the URL")


def find_again(dialect: Dialect, before: Place) -> Place:
    """Blocking: where the same track and plugin are now.

    They go by their names; of several with one name, by the number they had. Raises HostError
    where they are no longer there, or could be several.
    """
    if not dialect.profile.discovers:
        return before
    track = _same(dialect.tracks(), before.track, "track")
    return Place(track, _same(dialect.plugins(track), before.plugin, "plugin"))


def match(plugin: PluginSpec, parameters: Sequence[HostParameter]) -> dict[str, Mapped]:
    """The host's parameter of each of the plugin's, by symbol.

    What is not predicted may be missing. Raises HostError that names the parameter which is
    missing, of another range, or there several times.
    """
    found = {}
    for spec in plugin.parameters:
        names = {_plain(spec.name), _plain(spec.symbol)}
        named = [parameter for parameter in parameters if _plain(parameter.name) in names]
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


def _stated(profile: Profile, wanted: Wanted) -> Place:
    """What the URL says, of a host that cannot be asked."""
    if wanted.plugin is None or (profile.tracks and wanted.track is None):
        raise HostError(
            f"{profile.name} cannot be asked what it holds; name the plugin in the URL, such as"
            f" {profile.example}"
        )
    track, plugin = wanted.track or "", wanted.plugin
    return Place(HostTrack(_key(track), track), HostPlugin(_key(plugin), plugin))


def _key(name: str) -> Key:
    return int(name) if name.isdecimal() else name


def _fits(spec: ParamSpec, found: HostParameter) -> bool:
    if found.normalised or found.min is None or found.max is None:
        return True
    tolerance = _RANGE_TOLERANCE * (spec.max - spec.min)
    return isclose(found.min, spec.min, rel_tol=0, abs_tol=tolerance) and isclose(
        found.max, spec.max, rel_tol=0, abs_tol=tolerance
    )


def _meant(items: Sequence[_Item], wanted: str, what: str) -> _Item:
    """The item of that name, or else of that number."""
    meant = _named(items, wanted) or [item for item in items if str(item.key) == wanted]
    if len(meant) == 1:
        return meant[0]
    if meant:
        keys = ", ".join(str(item.key) for item in meant)
        raise HostError(f"{len(meant)} {what}s are named {wanted!r}; give one's number: {keys}")
    known = ", ".join(f"{item.key} {item.name!r}" for item in items) or "none at all"
    raise HostError(f"the host has no {what} {wanted!r}, but {known}")


def _same(items: Sequence[_Item], before: _Item, what: str) -> _Item:
    same = [item for item in items if item.name == before.name]
    if len(same) > 1:
        same = [item for item in same if item.key == before.key]
    if len(same) == 1:
        return same[0]
    raise HostError(
        f"the {what} {before.name!r} is no longer in the host, or not alone; put it back"
    )


def _named(items: Sequence[_Item], wanted: str) -> list[_Item]:
    """Items of that name: exactly, else apart from case and signs, else with it among others."""
    words = f" {_plain(wanted)} "
    for near in (
        lambda item: item.name == wanted,
        lambda item: f" {_plain(item.name)} " == words,
        lambda item: words.strip() and words in f" {_plain(item.name)} ",
    ):
        if meant := [item for item in items if near(item)]:
            return meant
    return []


def _plain(name: str) -> str:
    """A name apart from case and signs; a name of signs alone stays."""
    return re.sub(r"[\W_]+", " ", name.casefold()).strip() or name
