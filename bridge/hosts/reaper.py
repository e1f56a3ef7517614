"""REAPER: values from 0 to 1, every index from 1, track 0 the master.

It answers no questions. Asked to refresh its control surfaces it tells all that the patterns of
`docs/hosts/DafxBridge.ReaperOSC` name, inside the banks that the bridge has set, and later every
change. Names are told again only after a restart or a change, so one that comes unasked, of a
track or effect or parameter that matters, means that all must be found again. Integers are ignored
but for -1, which ends an edit.
"""

import re
import time
from collections.abc import Iterable, Mapping, Sequence

from typing_extensions import override

from bridge.hosts.base import (
    NEVER_S,
    Attachment,
    HostParameter,
    HostPlugin,
    HostTrack,
    Profile,
    Ref,
)
from bridge.hosts.osc_dialect import Gathering, OscDialect
from bridge.manifest import BYPASS
from bridge.osc import Address, Argument, Message

PROFILE = Profile(
    scheme="reaper",
    name="REAPER",
    example="reaper://127.0.0.1:8000/TRACK/PLUGIN?reply=9000",
    remedy="add an OSC control surface with the pattern file DafxBridge.ReaperOSC, see docs/hosts",
    discovers=True,
    reads=True,
    follows=True,
    bypasses=True,
    pushes=True,
    tick_s=1 / 30,
    ask_s=NEVER_S,
    lost_s=NEVER_S,
    reply_port=9000,
)
_BANKS = (("track", 32), ("fx", 8), ("fxparam", 32))
"""How many of each REAPER is to tell of."""
_REFRESH = "/action/41743"
_SETTLED_S = 2.0
"""So long after a refresh, what still comes is taken for its rest."""
_TRACK = re.compile(r"/track/(\d+)/name")
_FX = re.compile(r"/track/(\d+)/fx/(\d+)/(name|bypass)")
_PARAMETER = re.compile(r"/track/(\d+)/fx/(\d+)/fxparam/(\d+)/(name|value)")


class Reaper(OscDialect):
    """REAPER's tracks, their effects and parameters."""

    def __init__(self, address: Address, reply_port: int) -> None:
        super().__init__(PROFILE, address, reply_port)
        self._told: dict[str, Argument] = {}
        self._refreshed_s = 0.0
        self._places: tuple[str, ...] = ()
        self._watched: re.Pattern[str] = re.compile("")
        self._refs: dict[str, Ref] = {}

    @override
    def tracks(self) -> Sequence[HostTrack]:
        self._refresh()
        return [HostTrack(int(m[1]), str(name)) for m, name in self._all(_TRACK) if name]

    @override
    def plugins(self, track: HostTrack) -> Sequence[HostPlugin]:
        return [
            HostPlugin(int(m[2]), str(name), self._bypassed(f"/track/{m[1]}/fx/{m[2]}"))
            for m, name in self._all(_FX)
            if name and m[3] == "name" and int(m[1]) == track.key
        ]

    @override
    def parameters(self, track: HostTrack, plugin: HostPlugin) -> Sequence[HostParameter]:
        return [
            HostParameter(int(m[3]), str(name), 0.0, 1.0, self._value(m[0]), normalised=True)
            for m, name in self._all(_PARAMETER)
            if name and m[4] == "name" and (int(m[1]), int(m[2])) == (track.key, plugin.key)
        ]

    @override
    def attach(self, attachments: Sequence[Attachment]) -> None:
        self._places = tuple(f"/track/{a.track.key}/fx/{a.plugin.key}" for a in attachments)
        refs = [(number, key) for number, a in enumerate(attachments) for key in a.keys]
        self._refs = {self._address_of(ref): ref for ref in refs}
        tracks = "|".join(str(a.track.key) for a in attachments)
        parameters = "|".join(address.removesuffix("/value") for address in self._refs)
        self._watched = re.compile(rf"(/track/({tracks})(/fx/\d+)?|{parameters})/name")

    @override
    def set(self, values: Mapping[Ref, float]) -> None:
        self._send_together(
            [Message(self._address_of(ref), (float(value),)) for ref, value in values.items()]
        )

    @override
    def bypass(self, number: int, on: bool) -> None:
        self._send(Message(f"{self._places[number]}/bypass", (float(not on),)))

    @override
    def touch(self, refs: Iterable[Ref], on: bool) -> None:
        if not on:
            self._send(*(Message(self._address_of(ref), (-1,)) for ref in refs))

    @override
    def _hear(self, message: Message, news: Gathering) -> None:
        address = message.address
        if self._watched.fullmatch(address):
            settled = time.monotonic() - self._refreshed_s > _SETTLED_S
            news.moved |= settled or message.arguments != (self._told.get(address),)
        match message.arguments:
            case (float() as value,) if address in self._refs:
                self._told[address] = value
                news.values.append((self._refs[address], value))
            case (float() | int() as on,) if address.endswith("/bypass"):
                place = address.removesuffix("/bypass")
                if place in self._places:
                    news.values.append(((self._places.index(place), BYPASS), float(on < 0.5)))

    def _refresh(self) -> None:
        banks = [Message(f"/device/{what}/count", (count,)) for what, count in _BANKS]
        self._told = self._request_all(*banks, Message(_REFRESH))
        self._refreshed_s = time.monotonic()

    def _all(self, pattern: re.Pattern[str]) -> list[tuple[re.Match[str], Argument]]:
        matches = ((pattern.fullmatch(address), value) for address, value in self._told.items())
        found = [(match, value) for match, value in matches if match]
        return sorted(found, key=lambda item: [int(n) for n in item[0].groups() if n.isdecimal()])

    def _value(self, name_address: str) -> float | None:
        value = self._told.get(name_address.removesuffix("name") + "value")
        return float(value) if isinstance(value, float) else None

    def _bypassed(self, place: str) -> bool | None:
        enabled = self._told.get(f"{place}/bypass")
        return enabled < 0.5 if isinstance(enabled, int | float) else None

    def _address_of(self, ref: Ref) -> str:
        number, key = ref
        return f"{self._places[number]}/fxparam/{key}/value"
