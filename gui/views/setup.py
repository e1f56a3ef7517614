"""The four things to choose before playing, and how far each is."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from bridge.chain import Chain
from gui.views.hosts import profile_of
from gui.views.values import Values, is_on, number, text
from gui.views.words import sentence

SILENT_DB = -60.0
"""A peak below it, in dBFS, is no playing."""
SILENT_S = 4.0
Progress = Literal["todo", "working", "done", "fault"]


@dataclass(frozen=True)
class Step:
    """One of the four cards' headlines."""

    progress: Progress
    text: str
    why: str = ""
    """What went wrong with the choice, and what is used instead."""
    back: str = ""
    """What can be gone back to; empty where there is nothing."""


@dataclass(frozen=True)
class ReferenceReport:
    """What the engine has found out about the reference."""

    seconds: float
    facts: str
    advice: tuple[str, ...]


def parsed(values: Values, address: str) -> Any:
    """The JSON that is told there; None where there is none."""
    try:
        return json.loads(text(values, address))
    except ValueError:
        return None


def listed(values: Values, address: str) -> list[Any]:
    """The JSON list that is told there; empty where there is none."""
    told = parsed(values, address)
    return told if isinstance(told, list) else []


def reference_report(values: Values) -> ReferenceReport | None:
    """Length, silence, clipping and advice; None before a reference was read."""
    told = parsed(values, "/reference/report")
    if not isinstance(told, dict) or "seconds" not in told:
        return None
    facts = [f"{told['seconds']:.1f} s"]
    if (sounding := told.get("sounding_share")) is not None:
        facts.append(f"{sounding:.0%} sounding")
    if (level := told.get("level_db")) is not None:
        facts.append(f"{level:z.0f} dB")
    if clipped := told.get("clipped_share"):
        facts.append(f"{clipped:.1%} clipped")
    return ReferenceReport(told["seconds"], " · ".join(facts), tuple(told.get("advice", ())))


def steps(values: Values, chain: Chain | None) -> dict[str, Step]:
    """Input, reference, chain and host."""
    return {
        "input": _failed(values, "source") or _input(values),
        "reference": _failed(values, "reference") or _reference(values),
        "chain": _failed(values, "chain") or _chain(values, chain),
        "host": _failed(values, "host") or _host(values),
    }


def _failed(values: Values, choice: str) -> Step | None:
    """Why a choice is not used; None where it is."""
    chosen, used = text(values, f"/{choice}"), text(values, f"/{choice}/used")
    why = text(values, f"/{choice}/fault").replace(chosen, _called(values, choice, chosen))
    if not why:
        return None
    why = sentence(why, _names(values).values()) + "."
    if used in ("", chosen):
        return Step("fault", "Failed", why)
    name = _called(values, choice, used)
    # A host is left before another one is tried.
    stays = "" if choice == "host" else f" Still in use: {name}."
    return Step("fault", "Failed", why + stays, name)


def _called(values: Values, choice: str, chosen: str) -> str:
    """What a choice is called in a sentence."""
    match choice:
        case "chain":
            return _names(values).get(chosen) or chosen
        case "host":
            return profile_of(chosen.partition(":")[0]).name if chosen else chosen
        case _:
            return Path(chosen).name or chosen


def _names(values: Values) -> dict[str, str]:
    """Of plugins and rigs, by id."""
    told = (*listed(values, "/plugins"), *listed(values, "/rigs"))
    return {str(o.get("id")): str(o.get("name", "")) for o in told if isinstance(o, dict)}


def _input(values: Values) -> Step:
    if not text(values, "/source"):
        return Step("todo", "Choose what to listen to")
    if not is_on(values, "/input/connected"):
        return Step("fault", "Nothing comes in: check the cable or choose another")
    return Step("done", f"{number(values, '/input/rate') / 1000:g} kHz")


def _reference(values: Values) -> Step:
    if is_learning(values):
        return Step("working", f"Learning: {number(values, '/learn/progress'):.0%}. Play on")
    if not text(values, "/reference"):
        return Step("todo", "Drop the sound you want")
    if {"reference", "model"} & set(text(values, "/engine/busy").split(", ")):
        return Step("working", "Being read")
    report = reference_report(values)
    if report is None:
        return Step("todo", "Waits for a plugin")
    return Step("done", report.facts)


def is_learning(values: Values) -> bool:
    """Whether the input is being taken as the reference."""
    return 0 < number(values, "/learn/progress") < 1


def _chain(values: Values, chain: Chain | None) -> Step:
    if chain is None:
        return Step("todo", "Choose what to turn")
    here = installed(values)
    absent = {s.plugin.name: None for s in chain.slots if here.get(s.plugin.id) is False}
    if absent:
        return Step("fault", f"Not installed here: install {', '.join(absent)}")
    count = len(chain.slots)
    return Step("done", chain.slots[0].plugin.kind if count == 1 else f"{count} plugins in a row")


def installed(values: Values) -> dict[str, bool]:
    """Whether each plugin of the library is installed, by id."""
    told = (entry for entry in listed(values, "/plugins") if isinstance(entry, dict))
    return {str(entry["id"]): bool(entry.get("installed")) for entry in told if "id" in entry}


def _host(values: Values) -> Step:
    if not text(values, "/host"):
        return Step("todo", "Choose where the effect runs")
    state = text(values, "/host/state", "none")
    if state == "connected":
        return Step("done", "Connected")
    if state == "lost":
        return Step("fault", "Lost: start it again, it is looked for")
    if state == "connecting" or text(values, "/engine/busy"):
        return Step("working", "Connecting")
    return Step("todo", "Not connected")


def snapshots(values: Values) -> dict[str, dict[str, float]]:
    """The snapshots of the chain that is chosen: real values by address, by name."""
    told = parsed(values, "/snapshots")
    return told if isinstance(told, dict) else {}


def snapshot_name(values: Values, letter: str) -> str:
    """What the player calls a snapshot; empty where it has no name."""
    told = parsed(values, "/snapshots/named")
    return str(told.get(letter, "")) if isinstance(told, dict) else ""


class SignalWatch:
    """Notices that nobody has played for a while."""

    def __init__(self) -> None:
        self._sounded_s: float | None = None

    def silent(self, peak_db: float, now_s: float) -> bool:
        """Whether no peak has come for `SILENT_S`, this being the newest."""
        if self._sounded_s is None or peak_db > SILENT_DB:
            self._sounded_s = now_s
        return now_s - self._sounded_s > SILENT_S
