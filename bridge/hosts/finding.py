"""Which tracks and plugins of a host are meant: by name and order, or not at all."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from typing_extensions import override

from bridge.chain import Chain
from bridge.errors import HostError
from bridge.hosts.base import Dialect, HostPlugin, HostTrack, Key, Profile
from bridge.hosts.matching import match, plain
from bridge.manifest import PluginSpec


@dataclass(frozen=True)
class Wanted:
    """Tracks and plugins of a URL, each as a name or as the host's own number; empty: not given."""

    tracks: tuple[str, ...] = ()
    """Searched in this order; where the host cannot be asked, one for all slots or one a slot."""
    plugins: tuple[str, ...] = ()
    """One a slot."""


@dataclass(frozen=True)
class Place:
    """A plugin in its track, as found."""

    track: HostTrack
    plugin: HostPlugin
    nth: int = 1
    """Of the plugins of its name on the track, from 1."""
    of: int = 1
    """How many of its name the track holds."""

    @property
    def keys(self) -> tuple[Key, Key]:
        """Track and plugin in the host's messages."""
        return self.track.key, self.plugin.key

    @override
    def __str__(self) -> str:
        return "/".join(name for name in (self.track.name, self.plugin.name) if name)


def find_places(dialect: Dialect, wanted: Wanted, chain: Chain) -> tuple[Place, ...]:
    """Blocking: the plugin of each slot.

    Of several plugins of one name, the n-th slot of that name takes the n-th. Raises HostError
    where plugins are missing, are more than the slots, or stand in another order on a track.
    """
    if wanted.plugins and len(wanted.plugins) != len(chain.slots):
        raise HostError(
            f"the URL names {len(wanted.plugins)} plugins and {chain.id} has {len(chain.slots)}"
            " slots; name one a slot, with %2C for a comma in a name"
        )
    if not dialect.profile.discovers:
        return _stated(dialect.profile, wanted, chain)
    tracks = dialect.tracks()
    if wanted.tracks:
        meant = [_meant_track(tracks, name) for name in wanted.tracks]
        tracks = list(dict.fromkeys(meant))
    listed = [place for of_track in _listed(dialect, tracks) for place in of_track]
    names = wanted.plugins or tuple(slot.plugin.name for slot in chain.slots)
    candidates = _candidates(listed, names)
    found: dict[int, Place] = {}
    for name in dict.fromkeys(names):
        numbers = [number for number, other in enumerate(names) if other == name]
        places = candidates.get(name, [])
        if len(places) > len(numbers):
            # A plugin of that name may be another one: its parameters tell.
            spec = chain.slots[numbers[0]].plugin
            places = [p for p in places if _has_parameters(dialect, p, spec)] or places
        if len(places) != len(numbers):
            raise HostError(_wrong_number(name, places, len(numbers), listed, wanted))
        found |= zip(numbers, places, strict=True)
    in_order = tuple(found[number] for number in range(len(names)))
    _check_order(in_order, listed, chain)
    return in_order


def find_again(
    dialect: Dialect, before: Sequence[Place], wanted: Wanted, chain: Chain
) -> tuple[Place, ...]:
    """Blocking: where the same plugins are now.

    They go by the names of track and plugin; of several with one name, by their order. Where a
    track has no name of its own, they go by what they are, the nearest track first. Raises
    HostError where they are no longer there, or could be others.
    """
    if not dialect.profile.discovers:
        return tuple(before)
    tracks = dialect.tracks()
    try:
        found = _where_they_were(dialect, tracks, before)
    except HostError:
        if not all(place.track.named for place in before):
            found = _nearest(dialect, tracks, before, chain)
        # Where the URL names nothing, they may have gone to another track.
        elif wanted.tracks or wanted.plugins:
            raise
        else:
            return find_places(dialect, wanted, chain)
    driven = list(dict.fromkeys(place.track for place in found))
    listed = [place for of_track in _listed(dialect, driven) for place in of_track]
    _check_order(found, listed, chain)
    return found


def _listed(dialect: Dialect, tracks: Sequence[HostTrack]) -> list[list[Place]]:
    """The plugins of each track, in order."""
    found = []
    for track, plugins in zip(tracks, dialect.plugins_of(tracks), strict=True):
        names = [plugin.name for plugin in plugins]
        found.append(
            [
                Place(
                    track, plugin, names[: number + 1].count(plugin.name), names.count(plugin.name)
                )
                for number, plugin in enumerate(plugins)
            ]
        )
    return found


def _candidates(listed: Sequence[Place], names: Iterable[str]) -> dict[str, list[Place]]:
    """The plugins that each name may mean; a plugin goes to the name that is nearest to its own."""
    found: dict[str, list[Place]] = {}
    taken: set[Place] = set()
    for near in _NEARNESS:
        for name in dict.fromkeys(names):
            if name not in found:
                places = [p for p in listed if p not in taken and near(p.plugin, name)]
                if places:
                    found[name] = places
                    taken.update(places)
    return found


def _has_parameters(dialect: Dialect, place: Place, plugin: PluginSpec) -> bool:
    try:
        match(plugin, dialect.parameters(place.track, place.plugin))
    except HostError:
        return False
    return True


def _wrong_number(
    name: str, places: Sequence[Place], slots: int, listed: Sequence[Place], wanted: Wanted
) -> str:
    known = ", ".join(f"{place.plugin.key} {str(place)!r}" for place in places or listed)
    if not places:
        what = f"no plugin {name!r}" if wanted.plugins else f"no plugin named {name!r}"
        return f"the host holds {what}, but {known or 'none at all'}; add it"
    if len(places) < slots:
        return (
            f"the chain takes {slots} plugins named {name!r}, and the host holds {len(places)}"
            f" ({known}); add the others"
        )
    one = "one" if slots == 1 else f"{slots}, with commas between them,"
    return f"{name!r} is there {len(places)} times ({known}); name {one} in the URL"


def _check_order(places: Sequence[Place], listed: Sequence[Place], chain: Chain) -> None:
    """Raises HostError where slots stand on a track in another order than in the chain."""
    order = [place.keys for place in listed]
    for track in dict.fromkeys(place.track for place in places):
        slots = [
            (order.index(place.keys), slot.id)
            for slot, place in zip(chain.slots, places, strict=True)
            if place.track == track
        ]
        if slots != sorted(slots):
            raise HostError(
                f"on {track.name!r} sound goes through"
                f" {', '.join(slot_id for _, slot_id in sorted(slots))}, and in the chain through"
                f" {', '.join(slot_id for _, slot_id in slots)}; bring them into one order"
            )


def _where_they_were(
    dialect: Dialect, tracks: Sequence[HostTrack], before: Sequence[Place]
) -> tuple[Place, ...]:
    """The same plugins on tracks of the same names."""
    now = {track: _same_track(tracks, track) for track in {place.track for place in before}}
    listed = dict(zip(now, _listed(dialect, list(now.values())), strict=True))
    found = []
    for place in before:
        same = [p for p in listed[place.track] if p.plugin.name == place.plugin.name]
        if len(same) != place.of:
            raise HostError(
                f"the plugin {str(place)!r} is {f'there {len(same)} times' if same else 'gone'} in"
                f" the host, and was there {'once' if place.of == 1 else f'{place.of} times'};"
                " put it back as it was, or connect again"
            )
        found.append(same[place.nth - 1])
    return tuple(found)


def _nearest(
    dialect: Dialect, tracks: Sequence[HostTrack], before: Sequence[Place], chain: Chain
) -> tuple[Place, ...]:
    """The same plugins on the nearest tracks that hold as many of their names and parameters."""
    listed = dict(zip(tracks, _listed(dialect, tracks), strict=True))
    found: dict[Place, Place] = {}
    for track in {place.track: None for place in before}:
        slots = [(p, s) for p, s in zip(before, chain.slots, strict=True) if p.track == track]
        by_distance: dict[int, list[dict[Place, Place]]] = {}
        for candidate, places in listed.items():
            same = {
                was: place
                for was, slot in slots
                for place in places
                if (place.plugin.name, place.nth, place.of) == (was.plugin.name, was.nth, was.of)
                and _has_parameters(dialect, place, slot.plugin)
            }
            if len(same) == len(slots):
                by_distance.setdefault(_distance(candidate, track), []).append(same)
        nearest = by_distance[min(by_distance)] if by_distance else []
        if len(nearest) != 1:
            what = "on several tracks" if nearest else "gone"
            raise HostError(
                f"{', '.join(str(was) for was, _ in slots)} is {what} in the host, where the track"
                " has no name of its own; give it one, and connect again"
            )
        found |= nearest[0]
    return tuple(found[place] for place in before)


def _distance(one: HostTrack, other: HostTrack) -> int:
    if isinstance(one.key, int) and isinstance(other.key, int):
        return abs(one.key - other.key)
    return 0


def _same_track(tracks: Sequence[HostTrack], before: HostTrack) -> HostTrack:
    same = [track for track in tracks if track.name == before.name]
    if len(same) > 1:
        same = [track for track in same if track.key == before.key]
    if len(same) == 1:
        return same[0]
    raise HostError(
        f"the track {before.name!r} is no longer in the host, or not alone; put it back"
    )


def _stated(profile: Profile, wanted: Wanted, chain: Chain) -> tuple[Place, ...]:
    """What the URL says, of a host that cannot be asked."""
    if not wanted.plugins or (profile.tracks and not wanted.tracks):
        raise HostError(
            f"{profile.name} cannot be asked what it holds; name the plugin in the URL, such as"
            f" {profile.example}"
        )
    count = len(chain.slots)
    tracks = wanted.tracks * count if len(wanted.tracks) == 1 else wanted.tracks or ("",) * count
    if len(tracks) != count:
        raise HostError(
            f"the URL names {len(tracks)} tracks and {chain.id} has {count} slots; name one for"
            " all, or one a slot"
        )
    places = tuple(
        Place(HostTrack(_key(track), track), HostPlugin(_key(plugin), plugin))
        for track, plugin in zip(tracks, wanted.plugins, strict=True)
    )
    if len(set(places)) < count:
        raise HostError(f"the URL names one plugin twice; {chain.id} takes one a slot")
    return places


def _key(name: str) -> Key:
    return int(name) if name.isdecimal() else name


def _meant_track(tracks: Sequence[HostTrack], wanted: str) -> HostTrack:
    """The track of that name, or else of that number."""
    meant = next(
        (found for near in _NEARNESS if (found := [t for t in tracks if near(t, wanted)])), []
    )
    if len(meant) == 1:
        return meant[0]
    if meant:
        keys = ", ".join(str(item.key) for item in meant)
        raise HostError(f"{len(meant)} tracks are named {wanted!r}; give one's number: {keys}")
    known = ", ".join(f"{item.key} {item.name!r}" for item in tracks) or "none at all"
    raise HostError(f"the host has no track {wanted!r}, but {known}")


def _is_named(item: HostTrack | HostPlugin, wanted: str) -> bool:
    return item.name == wanted


def _is_plainly_named(item: HostTrack | HostPlugin, wanted: str) -> bool:
    return plain(item.name) == plain(wanted)


def _holds_the_name(item: HostTrack | HostPlugin, wanted: str) -> bool:
    words = plain(wanted)
    return bool(words.strip()) and f" {words} " in f" {plain(item.name)} "


def _is_numbered(item: HostTrack | HostPlugin, wanted: str) -> bool:
    return str(item.key) == wanted


IS_LIKE = (_is_named, _is_plainly_named, _holds_the_name)
"""Whether a track or plugin of a host has a name, the nearest first."""
_NEARNESS = (*IS_LIKE, _is_numbered)
"""What a name in a URL or of a plugin may mean, the nearest first."""
