"""The status bar: what an engineer looks at during a show."""

from dataclasses import dataclass
from typing import Literal

from gui.views.setup import listed
from gui.views.values import Values, is_on, number, text

Level = Literal["quiet", "good", "warn", "bad"]
ENGINE = {
    "looking": ("Engine: looking for it", "quiet"),
    "starting": ("Engine starting", "warn"),
    "up": ("Engine up", "good"),
    "restarting": ("Engine restarting", "warn"),
    "frozen": ("Engine frozen", "bad"),
    "down": ("Engine down", "bad"),
}
ENGINE_HELP = {
    "frozen": "The engine has said nothing for two seconds; Ctrl+Shift+R restarts it.",
    "down": "The engine ends as soon as it starts. Ctrl+Shift+R tries again.",
}


def engine_message(engine: str, reason: str) -> str:
    """What to say when the supervisor's state becomes this; empty where all is well.

    `reason` is what an engine that has ended said last.
    """
    if engine == "down" and reason:
        return f"The engine does not start: {reason}. Ctrl+Shift+R tries again."
    return ENGINE_HELP.get(engine, "")


_LONGEST = 28


@dataclass(frozen=True)
class Segment:
    """One field of the bar."""

    text: str
    level: Level = "quiet"
    help: str = ""


def segments(values: Values, engine: str) -> dict[str, Segment]:
    """The fields by name, left to right; `engine` is the supervisor's state."""
    words, level = ENGINE[engine]
    bar = {"engine": Segment(words, level, ENGINE_HELP.get(engine, ""))}  # type: ignore[arg-type]
    if engine in ("looking", "starting"):
        return bar
    return (
        bar
        | {
            "device": _device(values),
            "host": _host(values),
            "latency": Segment(
                f"{number(values, '/latency/compute'):.1f} ms"
                f" · adapts in {number(values, '/latency/adaptation'):.1f} s",
                help="From what is heard to the knobs; until half of a change is followed",
            ),
            "sends": Segment(
                f"{number(values, '/host/sends'):.0f} sends/s",
                help="Values sent in the last second",
            ),
            "overflows": _overflows(values),
        }
        | _gaps(values)
    )


def _device(values: Values) -> Segment:
    name = text(values, "/input/device")
    if not name:
        return Segment("No input")
    connected = is_on(values, "/input/connected")
    rate = number(values, "/input/rate") / 1000
    block = number(values, "/input/block")
    words = f"{_short(name)} · {rate:g} kHz" + (f" · {block:.0f} frames" if block else "")
    return Segment(words, "quiet" if connected else "bad", name)


def _short(name: str) -> str:
    """A device's name, or a file's without its folders."""
    name = name.replace("\\", "/").rsplit("/", 1)[-1] if name.startswith(("/", "\\")) else name
    return name if len(name) <= _LONGEST else f"{name[:14]}…{name[-13:]}"


def _host(values: Values) -> Segment:
    state = text(values, "/host/state", "none")
    level: dict[str, Level] = {"connected": "good", "connecting": "warn", "lost": "bad"}
    return Segment(
        {"none": "No host"}.get(state, f"Host {state}"),
        level.get(state, "quiet"),
        text(values, "/host"),
    )


def _overflows(values: Values) -> Segment:
    overflows = round(number(values, "/input/overflows"))
    words = "No overflow" if not overflows else f"{overflows} overflow{'s' * (overflows != 1)}"
    return Segment(
        words, "bad" if overflows else "quiet", "How often audio was lost; click to clear"
    )


def _gaps(values: Values) -> dict[str, Segment]:
    """Only where playback broke up."""
    gaps = round(number(values, "/output/gaps"))
    if not gaps:
        return {}
    words = f"{gaps} gap{'s' * (gaps != 1)} in playback"
    return {"gaps": Segment(words, "bad", "How often playback broke up; click to clear")}


def devices(values: Values) -> list[str]:
    """Names of the sound devices with inputs, as `/source` takes them."""
    return [str(device["name"]) for device in listed(values, "/devices")]
