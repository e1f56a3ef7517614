"""What REAPER tells: the banks it tells of, and what they hold.

A bank is a window on tracks, effects and parameters. REAPER numbers tracks from the bank's first
one; everywhere else in the bridge they have the numbers that REAPER's mixer shows.
"""

import re
from dataclasses import dataclass, field
from typing import Self

from bridge.hosts.base import HostParameter, HostPlugin, HostTrack
from bridge.hosts.giving_back import Standing
from bridge.osc import Argument, Message

_IN_TRACK = re.compile(r"/track/(\d+)(/.*)")
_TRACK = re.compile(r"/track/(\d+)/name")
_EFFECT = re.compile(r"/track/(\d+)/fx/(\d+)/name")


@dataclass(frozen=True)
class Bank:
    """So many tracks, effects a track and parameters an effect; of several such, the n-th."""

    tracks: int
    effects: int
    parameters: int
    nth: int = 1

    @classmethod
    def over(cls, first: int, last: int, effects: int, parameters: int) -> Self:
        """The smallest bank that holds both these tracks; banks begin where others end."""
        size = last - first + 1
        while (first - 1) // size != (last - 1) // size:
            size += 1
        return cls(size, effects, parameters, (first - 1) // size + 1)

    @property
    def messages(self) -> list[Message]:
        """What sets it."""
        return [
            Message("/device/track/count", (self.tracks,)),
            Message("/device/fx/count", (self.effects,)),
            Message("/device/fxparam/count", (self.parameters,)),
            Message("/device/track/bank/select", (self.nth,)),
        ]

    def from_reaper(self, address: str) -> str:
        """An address with the mixer's number of its track."""
        return self._moved(address, self._before)

    def to_reaper(self, address: str) -> str:
        """The same address as REAPER numbers it in this bank."""
        return self._moved(address, -self._before)

    @property
    def _before(self) -> int:
        """How many tracks come before it."""
        return (self.nth - 1) * self.tracks

    def _moved(self, address: str, by: int) -> str:
        match = _IN_TRACK.fullmatch(address)
        return f"/track/{int(match[1]) + by}{match[2]}" if match else address


ALL_TRACKS = Bank(64, 8, 1)
"""For a look at what there is: 90 packets, a second."""


@dataclass
class Surface:
    """What was told, by address."""

    told: dict[str, Argument] = field(default_factory=dict)
    detailed: set[tuple[int, int]] = field(default_factory=set)
    """Tracks and effects of which all parameters were told."""

    @property
    def tracks(self) -> list[HostTrack]:
        """Those that exist: without a name, they are told like those that do not."""
        found = []
        for number, name in sorted(self._all(_TRACK)):
            named = name != f"Track {number}"
            if name and (named or self.plugins(number)):
                found.append(HostTrack(number, name, named))
        return found

    def plugins(self, track: int) -> list[HostPlugin]:
        """The effects of a track."""
        place = f"/track/{track}/fx"
        return [
            HostPlugin(n, name, self._bypassed(f"{place}/{n}"))
            for n, name in sorted(self._all(re.compile(rf"{place}/(\d+)/name")))
            if name
        ]

    def parameters(self, track: int, effect: int) -> list[HostParameter]:
        """The parameters of an effect."""
        place = f"/track/{track}/fx/{effect}/fxparam"
        return [
            HostParameter(n, name, 0.0, 1.0, self._value(f"{place}/{n}"), normalised=True)
            for n, name in sorted(self._all(re.compile(rf"{place}/(\d+)/name")))
            if name
        ]

    def standing_at(self, track: int, effect: int) -> Standing:
        """What stands there."""
        place = f"/track/{track}/fx/{effect}"
        name = str(self.told.get(f"{place}/name", ""))
        return Standing.of(name, self.parameters(track, effect), self._bypassed(place))

    @property
    def standing(self) -> list[Standing]:
        """All effects."""
        matches = (_EFFECT.fullmatch(address) for address, name in self.told.items() if name)
        return [self.standing_at(int(match[1]), int(match[2])) for match in matches if match]

    def _all(self, pattern: re.Pattern[str]) -> list[tuple[int, str]]:
        matches = ((pattern.fullmatch(address), name) for address, name in self.told.items())
        return [(int(match[1]), str(name)) for match, name in matches if match]

    def _value(self, parameter: str) -> float | None:
        value = self.told.get(f"{parameter}/value")
        return float(value) if isinstance(value, int | float) else None

    def _bypassed(self, place: str) -> bool | None:
        enabled = self.told.get(f"{place}/bypass")
        return enabled < 0.5 if isinstance(enabled, int | float) else None
