"""Drafts of the plugins in a VST3 file, which is loaded in a child process to ask it."""

import re
from collections.abc import Callable, Container, Iterator
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from bridge.adding.draft import HELD_SWITCH, Draft, RefusedPluginError, free_id
from bridge.adding.words import is_bypass, kind_of_words, logarithmic, rounded
from bridge.effects.child_process import ChildProcess
from bridge.effects.vst3_description import Vst3Description, Vst3Parameter, describe, names_in
from bridge.errors import EffectError, PluginFaultError
from bridge.manifest import BYPASS, Choice, Display, Formats, ParamSpec, PluginSpec

_LOAD_S = 30.0
_NUMBER = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(\S*)\s*$")
_SYMBOL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*$")
_PROGRAMS = ("program", "preset")
_BACK_TOLERANCE = 0.005
"""How far from its place, as raw value, a plugin may take the text that it showed there."""
_MOST_INTEGERS = 200


def drafts_of_vst3(
    path: Path, taken: Container[str]
) -> Iterator[tuple[str, Draft | RefusedPluginError]]:
    """Blocking: each plugin of a file by name, with its draft or the reason that there is none."""
    names = _asked(names_in, str(path))
    if isinstance(names, RefusedPluginError):
        yield path.stem, names
        return
    ids = set[str]()
    for name in names:
        answer = _asked(describe, str(path), name)
        if isinstance(answer, RefusedPluginError):
            yield name, answer
            continue
        try:
            draft = draft_of_description(path, answer, len(names) > 1, _Both(taken, ids))
        except RefusedPluginError as refusal:
            yield name, refusal
        else:
            ids.add(draft.plugin.id)
            yield name, draft


class _Both:
    """Ids that are in either of two collections."""

    def __init__(self, one: Container[str], other: Container[str]) -> None:
        self._collections = one, other

    def __contains__(self, item: object) -> bool:
        return any(item in each for each in self._collections)


Answer = TypeVar("Answer")


def _asked(function: Callable[..., Answer], *arguments: object) -> Answer | RefusedPluginError:
    """What a function answers in a fresh child, or why it does not."""
    with ChildProcess() as child:
        try:
            answer: Answer = child.ask(_LOAD_S, "call", function, *arguments)
            return answer
        except PluginFaultError as fault:
            return RefusedPluginError(f"loading it {fault}")
        except EffectError as error:
            return RefusedPluginError(f"it cannot be loaded ({error})")


def draft_of_description(
    path: Path, told: Vst3Description, one_of_several: bool, taken: Container[str]
) -> Draft:
    """The draft of one plugin of a file. Raises RefusedPluginError where it is no effect."""
    if not told.is_effect:
        raise RefusedPluginError("it takes no audio: an instrument")
    if not told.channels:
        raise RefusedPluginError("it takes neither stereo nor mono")
    parameters: list[ParamSpec] = []
    held: dict[str, str] = {}
    left_out: list[str] = []
    for each in told.parameters:
        if reason := _reason_to_leave_out(each):
            left_out.append(f"{each.name}: {reason}")
        elif each.is_automatable:
            spec = _parameter(each)
            parameters.append(spec)
            if spec.scale == "toggle" and is_bypass(each.symbol, each.name):
                held[spec.symbol] = HELD_SWITCH
    if not any(spec.symbol not in held for spec in parameters):
        raise RefusedPluginError("it has nothing to turn")
    channels = told.channels
    return Draft(
        PluginSpec(
            id=free_id(told.name, taken),
            name=told.name,
            kind=kind_of_words([*told.category.split("|"), told.name]),
            formats=Formats(
                vst3=str(path.absolute()), vst3_plugin=told.name if one_of_several else None
            ),
            parameters=tuple(parameters),
            isolated=True,
        ),
        str(path.absolute()),
        f"{channels} in, {channels} out",
        held,
        "Analyzer" in told.category,
        tuple(left_out),
    )


def _reason_to_leave_out(told: Vst3Parameter) -> str:
    """Empty for a parameter that is turned, and for those that no host can turn."""
    if told.symbol == BYPASS:
        return HELD_SWITCH
    if not told.is_automatable:
        return ""
    if not _SYMBOL.match(told.symbol):
        return "its name makes no symbol"
    if told.name.startswith("MIDI CC"):
        return "it is a MIDI controller"
    if any(word in told.symbol.lower() for word in _PROGRAMS):
        return "it turns the others"
    if len({text for _, text in told.texts}) < 2:
        return "it can only be one thing"
    return ""


def _parameter(told: Vst3Parameter) -> ParamSpec:
    *texts, (_, at_default) = told.texts
    numbers = [_number(text) for _, text in texts]
    values = [number for number in numbers if number is not None]
    if told.steps == 2:
        return _of_raw(told, scale="toggle")
    if told.steps and not _is_whole_range(told, values):
        choices = [Choice(label=text or f"{raw:g}", value=rounded(raw)) for raw, text in texts]
        return _of_raw(told, scale="enum", choices=tuple(choices))
    default = _number(at_default)
    rises = len(values) == len(texts) and all(a < b for a, b in pairwise(values))
    if not rises or default is None or not _is_taken_back(told) or _units(told) is None:
        return _of_raw(told, scale="linear", raw=True, display=_display(told, values, rises))
    low, high, unit = values[0], values[-1], _units(told) or ""
    whole = told.steps or (
        _is_integer(values) and high - low <= _MOST_INTEGERS and "." not in texts[1][1]
    )
    ratio = low > 0 and (_is_geometric(values) or logarithmic(unit, low, high))
    return ParamSpec(
        symbol=told.symbol,
        name=told.name,
        min=low,
        max=high,
        default=min(max(default, low), high),
        unit=unit,
        scale="integer" if whole else "log" if ratio else "linear",
    )


def _of_raw(told: Vst3Parameter, **more: object) -> ParamSpec:
    """A parameter whose real value is the plugin's own 0..1."""
    default = min(max(rounded(told.default), 0.0), 1.0)
    fields = {"symbol": told.symbol, "name": told.name, "min": 0.0, "max": 1.0}
    return ParamSpec.model_validate(fields | {"default": default} | more)


def _number(text: str) -> float | None:
    found = _NUMBER.match(text)
    return float(found[1]) if found else None


def _units(told: Vst3Parameter) -> str | None:
    """The unit that all texts share; None where they change it on the way."""
    seen = {found[2] for _, text in told.texts if (found := _NUMBER.match(text))}
    if len(seen) > 1:
        return None
    return told.unit.strip() or next(iter(seen), "")


def _is_whole_range(told: Vst3Parameter, values: list[float]) -> bool:
    """Whether steps are whole numbers one after another."""
    return len(values) == told.steps and all(b - a == 1 for a, b in pairwise(values))


def _is_integer(values: list[float]) -> bool:
    return all(value == round(value) for value in values)


def _is_taken_back(told: Vst3Parameter) -> bool:
    """Whether the plugin understands the numbers that it shows."""
    places = (raw for raw, _ in told.texts)
    return all(
        abs(raw - back) <= _BACK_TOLERANCE for raw, back in zip(places, told.back, strict=False)
    )


def _is_geometric(values: list[float]) -> bool:
    """Whether the middle of the range is nearer to the geometric mean of its ends."""
    low, middle, high = values[0], values[len(values) // 2], values[-1]
    geometric = float((low * high) ** 0.5)
    return abs(middle - geometric) < abs(middle - (low + high) / 2)


def _display(told: Vst3Parameter, values: list[float], rises: bool) -> Display | None:
    """How a person reads a share, where the plugin shows it evenly in one unit."""
    unit = _units(told)
    if not rises or unit is None:
        return None
    low, middle, high = values[0], values[len(values) // 2], values[-1]
    if abs(middle - (low + high) / 2) > 0.01 * (high - low):
        return None
    return Display(unit=unit, low=low, high=high)
