"""Any host, from a YAML file of its own: `generic://ADDRESS:PORT/TRACK/PLUGIN?profile=my-host.yaml`.

Nothing is discovered: tracks and plugins are the URL's, as written, one a slot. Where the host can
be asked for the names of numbered parameters, numbers are found by them, and the names are asked
for again with the values; else the file must give the numbers.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from typing_extensions import override

from bridge.errors import HostError
from bridge.hosts.base import (
    NEVER_S,
    Attachment,
    HostParameter,
    HostPlugin,
    HostTrack,
    Key,
    Profile,
    Ref,
)
from bridge.hosts.giving_back import Standing, to_give_back
from bridge.hosts.osc_dialect import Gathering, OscDialect
from bridge.manifest import ParamSpec, PluginSpec
from bridge.osc import Address, Argument, Message
from bridge.texts import read_yaml

PROFILE = Profile(
    scheme="generic",
    name="generic",
    example="generic://127.0.0.1:7700/TRACK/PLUGIN?profile=my-host.yaml",
    remedy="compare the addresses of its profile with the host's manual",
    discovers=False,
    reads=True,
    follows=True,
    bypasses=True,
    follows_bypass=False,
)
_MOST_NUMBERS = 128
"""How many numbers are asked for their names."""
_ABSENT = 2
"""After so many numbers in a row without a name, there are no more."""
_About = dict[str, Key]
"""What the patterns' placeholders stand for."""
_Question = tuple[str, tuple[Argument, ...]]
_Placeholder = Literal["track", "plugin", "symbol", "name", "number"]
_Pattern = Annotated[str, Field(pattern=r"^/([^{}]|\{(track|plugin|symbol|name|number)\})*$")]
_PlacePattern = Annotated[str, Field(pattern=r"^/([^{}]|\{(track|plugin)\})*$")]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BypassPattern(_Entry):
    """What leaves the plugin out, and what brings it back."""

    address: _PlacePattern
    arguments: tuple[Literal["track", "plugin"], ...] = ()
    bypassed: int | float | str = 1
    active: int | float | str = 0


class HostFile(_Entry):
    """The profile of a host.

    Addresses may hold {track}, {plugin}, {symbol}, {name} and {number}, with _ for spaces in them;
    `arguments` names those that go before the value, as whole numbers where they are numbers.
    `ask` and `ask_name` are addresses that are sent without a value, and answered from the same
    address with it.
    """

    name: str
    set: _Pattern
    arguments: tuple[_Placeholder, ...] = ()
    value: Literal["real", "normalised", "integer"] = "real"
    steps: Annotated[int, Field(ge=2)] = 128
    """How many whole numbers there are from 0, where the value is an integer."""
    index_base: int = 0
    """The first parameter's number."""
    numbers: dict[str, int] = {}
    """Numbers by symbol, where the host does not tell names."""
    ask: _Pattern | None = None
    ask_name: _Pattern | None = None
    bypass: BypassPattern | None = None
    tracks: bool = True
    """Whether the URL's path is TRACK/PLUGIN, and else PLUGIN."""
    bundles: bool = False
    updates_per_s: Annotated[float, Field(gt=0, le=100)] = 25.0

    @model_validator(mode="after")
    def _numbers_are_known(self) -> Self:
        if self.is_numbered and not (self.ask_name or self.numbers):
            raise ValueError("parameters go by number; give ask_name, or numbers by symbol")
        return self

    @property
    def is_numbered(self) -> bool:
        """Whether parameters go by number."""
        return "{number}" in self.set or "number" in self.arguments

    @property
    def profile(self) -> Profile:
        """What this host can do."""
        return Profile(
            scheme=PROFILE.scheme,
            name=self.name,
            example=PROFILE.example,
            remedy=PROFILE.remedy,
            discovers=False,
            reads=self.ask is not None,
            follows=self.ask is not None,
            bypasses=self.bypass is not None,
            follows_bypass=False,
            tracks=self.tracks,
            tick_s=1 / self.updates_per_s,
            ask_s=PROFILE.ask_s if self.ask else NEVER_S,
            lost_s=PROFILE.lost_s if self.ask else NEVER_S,
            step=1 / (self.steps - 1) if self.value == "integer" else 0.0,
        )


class Generic(OscDialect):
    """A host as its profile describes it; a parameter's key is its manifest symbol."""

    def __init__(self, address: Address, path: Path) -> None:
        """Raises HostError where the profile cannot be read or is not valid."""
        self._file = read_profile(path)
        super().__init__(self._file.profile, address)
        self._known: dict[tuple[Key, Key], dict[Key, _About]] = {}
        """By track and plugin, and then by symbol."""
        self._attached: tuple[Attachment, ...] = ()
        self._asked: dict[_Question, Ref] = {}
        self._named: dict[_Question, Ref] = {}
        """Questions for the names of numbers."""
        self._others: dict[Ref, str] = {}
        """Names that were answered otherwise since."""
        self._before: dict[Ref, float] = {}
        """What those numbers held when that was first told, before a write met them."""
        self._written: dict[Ref, float] = {}

    @override
    def assumed(
        self, track: HostTrack, plugin: HostPlugin, spec: PluginSpec
    ) -> Sequence[HostParameter]:
        place: _About = {"track": track.key, "plugin": plugin.key}
        numbers = self._numbers(place, spec)
        self._known[track.key, plugin.key] = {
            p.symbol: place | {"symbol": p.symbol, "name": p.name} | numbers.get(p.symbol, {})
            for p in spec.parameters
        }
        usable = [p for p in spec.parameters if not self._file.is_numbered or p.symbol in numbers]
        return [self._parameter(p) for p in usable]

    @override
    def attach(self, attachments: Sequence[Attachment]) -> None:
        self._attached = tuple(attachments)
        for kept in (self._others, self._before, self._written):
            kept.clear()
        refs = [(n, key) for n, attachment in enumerate(attachments) for key in attachment.keys]
        if ask := self._file.ask:
            asked = {ref: self._message(ask, self._about(ref)) for ref in refs}
            self._asked = {(m.address, m.arguments): ref for ref, m in asked.items()}
        if name := self._file.ask_name:
            named = {ref: self._message(name, self._about(ref)) for ref in refs}
            self._named = {(m.address, m.arguments): ref for ref, m in named.items()}

    @override
    def mend(self) -> None:
        asked = {ref: question for question, ref in self._asked.items()}
        for ref in self._before.keys() & self._written.keys():
            # Asked for once: what has gone for good cannot answer.
            before = self._before.pop(ref)
            (told,) = self._request_each([Message(*asked[ref])])
            for value in told:
                if isinstance(value, str):
                    continue
                was, now = (
                    Standing.of("", [HostParameter(ref[1], "", value=v)])
                    for v in (before, float(value))
                )
                for back in to_give_back({ref[1]: self._written[ref]}, was, now).values():
                    self._send(self._value(ref, back))

    @override
    def set(self, values: Mapping[Ref, float]) -> None:
        messages = [self._value(ref, value) for ref, value in values.items()]
        self._written |= values
        if self._named:
            # What stands there, and what it holds, just before it is written.
            self.ask()
        if self._file.bundles:
            self._send_together(messages)
        else:
            self._send(*messages)

    @override
    def bypass(self, number: int, on: bool) -> None:
        pattern = self._file.bypass
        if pattern is not None:
            attachment = self._attached[number]
            place: _About = {"track": attachment.track.key, "plugin": attachment.plugin.key}
            arguments = [place[what] for what in pattern.arguments]
            address = _filled(pattern.address, place)
            self._send(Message(address, (*arguments, pattern.bypassed if on else pattern.active)))

    @override
    def ask(self) -> None:
        self._send(*(Message(*question) for question in (*self._named, *self._asked)))

    @override
    def _hear(self, message: Message, news: Gathering) -> None:
        match message.arguments:
            case (*about, int() | float() as value):
                ref = self._asked.get((message.address, tuple(about)))
                if ref in self._others:
                    self._before.setdefault(ref, float(value))
                elif ref is not None:
                    news.values.append((ref, float(value)))
            case (*about, str(name)):
                ref = self._named.get((message.address, tuple(about)))
                if ref and str(self._about(ref)["name"]).casefold() != name.casefold():
                    self._others[ref] = name
                    news.moved = True

    def _value(self, ref: Ref, value: float) -> Message:
        """What sets a parameter."""
        whole = self._file.value == "integer"
        return self._message(
            self._file.set, self._about(ref), int(value) if whole else float(value)
        )

    def _parameter(self, spec: ParamSpec) -> HostParameter:
        if self._file.value == "real":
            return HostParameter(spec.symbol, spec.name)
        whole = self._file.value == "integer"
        most = float(self._file.steps - 1) if whole else 1.0
        return HostParameter(spec.symbol, spec.name, 0.0, most, normalised=True, integer=whole)

    def _numbers(self, place: _About, plugin: PluginSpec) -> dict[str, _About]:
        """The number of each parameter, by symbol; told by the host, or else by the file."""
        if self._file.ask_name is None:
            return {symbol: {"number": n} for symbol, n in self._file.numbers.items()}
        symbols = {spec.name.casefold(): spec.symbol for spec in plugin.parameters}
        found: dict[str, _About] = {}
        absent = 0
        for number in range(self._file.index_base, self._file.index_base + _MOST_NUMBERS):
            name = self._name_of(place | {"number": number}, number == self._file.index_base)
            absent = 0 if name else absent + 1
            if symbol := symbols.get(name.casefold()):
                found[symbol] = {"number": number}
            if absent == _ABSENT or len(found) == len(symbols):
                break
        return found

    def _name_of(self, about: _About, first: bool) -> str:
        """The name of a numbered parameter; empty where the host tells none, but for the first."""
        question = self._message(self._file.ask_name or "", about)
        names: list[str] = []

        def take(message: Message) -> None:
            match message.arguments:
                case (*place, str(name)) if tuple(place) == question.arguments:
                    names.extend([name] if message.address == question.address else [])

        try:
            self._request(lambda: [question], take, lambda: bool(names))
        except HostError:
            if first:
                raise
        return names[-1] if names else ""

    def _about(self, ref: Ref) -> _About:
        number, key = ref
        attachment = self._attached[number]
        return self._known[attachment.track.key, attachment.plugin.key][key]

    def _message(self, pattern: str, about: _About, *value: Argument) -> Message:
        arguments = [about[what] for what in self._file.arguments]
        return Message(_filled(pattern, about), (*arguments, *value))


def _filled(pattern: str, about: Mapping[str, Key]) -> str:
    return pattern.format_map(about).replace(" ", "_")


def read_profile(path: Path) -> HostFile:
    """A host's profile. Raises HostError with one line that says what is wrong with it."""
    try:
        return HostFile.model_validate(read_yaml(path))
    except yaml.YAMLError as error:
        raise HostError(f"{path}: not valid YAML ({error})".replace("\n", " ")) from None
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        where = ", ".join(str(step) for step in fault["loc"]) or "the whole file"
        raise HostError(f"{path}, {where}: {fault['msg'].removeprefix('Value error, ')}") from None
    # A ValidationError is a ValueError too.
    except (OSError, ValueError) as error:
        raise HostError(f"{path}: cannot be read ({error}); give a readable profile") from None
