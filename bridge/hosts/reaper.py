"""REAPER: values from 0 to 1, every index from 1.

It answers no questions. Asked to refresh its control surfaces it tells all that the patterns of
`docs/hosts/DafxBridge.ReaperOSC` name, inside the banks that the bridge has set, a packet each
10 ms, empty slots too; and later every change, but none that came over OSC. So banks are kept
small: one look at all tracks with their effects' names, and then only what holds the chain.

Names are told again only after a restart or a change, so one that comes unasked, of a track or
effect or parameter that matters, means that all must be found again. It may come after the values
of what has taken the place, so a change counts only when no such name has followed for a moment.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from math import inf
from time import monotonic

from typing_extensions import override

from bridge.hosts.base import (
    NEVER_S,
    Attachment,
    HostParameter,
    HostPlugin,
    HostTrack,
    News,
    Profile,
    Progress,
    Ref,
    silently,
)
from bridge.hosts.giving_back import Standing, same_before, to_give_back
from bridge.hosts.osc_dialect import Gathering, OscDialect
from bridge.hosts.reaper_bank import ALL_TRACKS, Bank, Surface
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
_REFRESH = Message("/action/41743")
_REFRESH_S = 2.0
"""A refresh is over after so long, whatever was lost of it."""
_FOLLOWED_S = 0.1
"""So long a change waits for the news that something has moved."""
_LATELY_S = 5.0
"""So old a write may be that has met another effect; REAPER tells within a tenth of a second."""
_TRACKS_AT_ONCE = 16
_PARAMETERS = 32
"""How many parameters of an effect are looked at."""


class Reaper(OscDialect):
    """REAPER's tracks, their effects and parameters."""

    def __init__(self, address: Address, reply_port: int) -> None:
        super().__init__(PROFILE, address, reply_port)
        self._surface = Surface()
        self._bank = ALL_TRACKS
        self._refreshed_s = -inf
        """When a refresh was asked for."""
        self._due: set[str] = set()
        """What it has still to tell; what is told twice has changed."""
        self._held: dict[str, Argument] = {}
        """What was told when it was asked for."""
        self._before: list[Standing] | None = None
        """What stood in the bank, before something moved."""
        self._attached: tuple[Attachment, ...] = ()
        self._resolved: tuple[Standing, ...] = ()
        self._watched: re.Pattern[str] = re.compile("")
        self._refs: dict[str, Ref] = {}
        self._changes: list[tuple[float, str, Argument]] = []
        """When what was told to be what; they count when no driven plugin's name has followed."""
        self._written: dict[Ref, tuple[float, float]] = {}
        """The latest write of each, and when it was sent."""

    @override
    def tracks(self) -> Sequence[HostTrack]:
        self._surface = Surface()
        self._read(ALL_TRACKS)
        return self._surface.tracks

    @override
    def plugins(self, track: HostTrack) -> Sequence[HostPlugin]:
        return self._surface.plugins(int(track.key))

    @override
    def parameters(self, track: HostTrack, plugin: HostPlugin) -> Sequence[HostParameter]:
        return self.parameters_of([(track, plugin)])[0]

    @override
    def parameters_of(
        self, places: Sequence[tuple[HostTrack, HostPlugin]], told: Progress = silently
    ) -> Sequence[Sequence[HostParameter]]:
        keys = [(int(track.key), int(plugin.key)) for track, plugin in places]
        missing = sorted({place for place in keys if place not in self._surface.detailed})
        while missing:
            first = missing[0][0]
            group = [place for place in missing if place[0] < first + _TRACKS_AT_ONCE]
            effects = max(effect for _, effect in group)
            self._read(Bank.over(first, group[-1][0], effects, _PARAMETERS))
            self._surface.detailed.update(group)
            missing = missing[len(group) :]
            told(len(places) - len(missing), len(places))
        return [self._surface.parameters(*place) for place in keys]

    @override
    def attach(self, attachments: Sequence[Attachment]) -> None:
        """Blocking: reads what the bank around them holds."""
        self._attached = tuple(attachments)
        tracks = [int(attachment.track.key) for attachment in attachments]
        parameters = [int(key) for attachment in attachments for key in attachment.keys]
        # With the effect below the last one, which takes its place where one above goes.
        effects = max(len(self._surface.plugins(track)) for track in tracks) + 1
        self._bank = Bank.over(min(tracks), max(tracks), effects, max(parameters))
        self._surface = Surface()
        self._read(self._bank)
        refs = [(number, key) for number, a in enumerate(attachments) for key in a.keys]
        self._refs = {self._address_of(ref): ref for ref in refs}
        self._refs |= {self._address_of((n, BYPASS)): (n, BYPASS) for n in range(len(tracks))}
        names = "|".join(re.sub("/(value|bypass)$", "", address) for address in self._refs)
        of_tracks = "|".join(str(track) for track in tracks)
        self._watched = re.compile(rf"(/track/({of_tracks})(/fx/\d+)?|{names})/name")
        self._resolved = tuple(map(self._standing, range(len(attachments))))
        self._before = None
        self._changes.clear()
        self._written.clear()

    @override
    def mend(self) -> None:
        lately = monotonic() - _LATELY_S
        before = self._surface.standing if self._before is None else self._before
        self._surface = Surface()
        self._read(self._bank)
        for number in range(len(self._attached)):
            now = self._standing(number)
            writes = {
                key: value
                for (of, key), (value, at_s) in self._written.items()
                if of == number and at_s > lately
            }
            if now.is_like(self._resolved[number]) or not writes:
                continue
            if same := same_before(now, before, writes):
                back = to_give_back(writes, same, now)
                self._send(*(self._message((number, key), v) for key, v in back.items()))
        self._written.clear()

    @override
    def set(self, values: Mapping[Ref, float]) -> None:
        now_s = monotonic()
        self._written |= {ref: (float(value), now_s) for ref, value in values.items()}
        self._send_together([self._message(ref, value) for ref, value in values.items()])

    @override
    def bypass(self, number: int, on: bool) -> None:
        self.set({(number, BYPASS): float(on)})

    @override
    def touch(self, refs: Iterable[Ref], on: bool) -> None:
        if not on:
            addresses = (self._bank.to_reaper(self._address_of(ref)) for ref in refs)
            self._send(*(Message(address, (-1,)) for address in addresses))

    @override
    def ask(self) -> None:
        self._begin()
        self._send(*self._bank.messages, _REFRESH)

    @override
    def poll(self) -> News[Ref]:
        news = self._gathered()
        due_s = monotonic() - _FOLLOWED_S
        if news.moved:
            self._changes.clear()
        while self._changes and self._changes[0][0] <= due_s:
            _, address, value = self._changes.pop(0)
            self._surface.told[address] = value
            ref = self._refs.get(address)
            if ref and not isinstance(value, str):
                news.turned.append((ref, _of_host(ref, value)))
        return super().poll()

    @override
    def _hear(self, message: Message, news: Gathering) -> None:
        if len(message.arguments) != 1:
            return
        address, (value,) = self._bank.from_reaper(message.address), message.arguments
        now_s = monotonic()
        is_refresh = address in self._due and now_s - self._refreshed_s < _REFRESH_S
        self._due.discard(address)
        if self._watched.fullmatch(address):
            if value != self._surface.told.get(address) or not is_refresh:
                news.moved = True
                if self._before is None:
                    of_before = Surface(self._held) if is_refresh else self._surface
                    self._before = of_before.standing
        elif not is_refresh:
            self._changes.append((now_s, address, value))
        else:
            self._surface.told[address] = value
            ref = self._refs.get(address)
            if ref and not isinstance(value, str):
                news.values.append((ref, _of_host(ref, value)))

    def _begin(self) -> None:
        """A refresh is about to come."""
        self._refreshed_s = monotonic()
        self._due = set(self._surface.told)
        self._held = dict(self._surface.told)

    def _read(self, bank: Bank) -> None:
        """Blocking: all that a bank holds."""
        self._bank = bank
        told = self._request_all(*bank.messages, _REFRESH)
        self._surface.told |= {bank.from_reaper(address): value for address, value in told.items()}

    def _standing(self, number: int) -> Standing:
        attachment = self._attached[number]
        return self._surface.standing_at(int(attachment.track.key), int(attachment.plugin.key))

    def _message(self, ref: Ref, value: float) -> Message:
        return Message(self._bank.to_reaper(self._address_of(ref)), (_of_host(ref, value),))

    def _address_of(self, ref: Ref) -> str:
        number, key = ref
        attachment = self._attached[number]
        place = f"/track/{attachment.track.key}/fx/{attachment.plugin.key}"
        return f"{place}/bypass" if key == BYPASS else f"{place}/fxparam/{key}/value"


def _of_host(ref: Ref, value: float) -> float:
    """A value between the bridge and REAPER, where 1 is a plugin that is heard."""
    return float(value < 0.5) if ref[1] == BYPASS else float(value)
