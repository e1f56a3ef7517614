"""What the maps are worth, as Markdown."""

from collections.abc import Sequence

from training.evaluation.intervals import Json
from training.evaluation.markdown import cell, heading, table
from training.sound_map.ear import BRIGHTNESS, DECAY, LOUDNESS, ROUGHNESS
from training.sound_map.judging import CENTRE, KEPT, LOCATED, REACHED, ROUND_TRIP
from training.sound_map.measuring import (
    BETWEEN,
    LARGEST_STEP,
    MAP,
    MIDWAY,
    PAIRS,
    RANGE,
    STRAIGHTNESS,
    SYSTEMS,
)

_INTRODUCTION = """\
Written by `dafx-train sound-map`, from the exported maps. {points} settings of each plugin are laid
out by how they sound in {clips} clips of the training pool. Lines are straight and random; {lines}
of each kind are rendered at 24 kHz, at seven places each, on validation audio (guitar, speech,
drums, keys in turn). Mean ± half of the 95 % interval.

The floor is a *random map*: the same places, with the settings shuffled; each place takes the
nearest one's. *Nearest setting* does so on the map as it is. The ceiling is turning *one knob*, the
others random and still.
"""

_GLANCE = """\
Means over the plugins; what the columns say stands below.
"""

_PARAMETERS = """\
- *straightness*: of the continuous parameters together, the net change along a line as a share of
  all changes; 1 where none turns back.
- *largest step*: the largest that any of them takes in a hundredth of a line, of its range.
- *range*: between the 5th and the 95th percentile over the square, mean over these parameters; 0.9
  where all values are equally frequent.
- *pairs*: of ten by ten cells of every two parameters (of a class one for each), the share that the
  square reaches.
"""

_SOUND = """\
- *brightness* (spectral centroid), *roughness* (modulation of 20 to 200 Hz), *loudness*
  (K-weighted), *decay* (what sounds on after the input): the net change along a line as a share of
  all changes, of the lines on which it is heard; 1 is monotonic (`training/sound_map/ear.py`).
- *midway*: share of lines whose middle sounds nearer to either end than they to each other, by the
  distance of embeddings.
- *between*: the ends' distance as a share of the way over the middle; 1 is on the straight line.
  Both are of lines whose ends differ at least a fifth of what random settings do.
"""

_LEARNED = """\
- *sound reached*: of how differently all settings sound, the share that is somewhere on the map;
  *kept*: in a setting's own place. The rest needs more than two dimensions.
- *round trip*: mean distance from a place to where its setting lies, in sides of the square.
- *located*: mean distance from where recordings that training never heard are put, by their sound
  alone, to where their true settings lie; *centre*: the same, were all put in the middle.
"""

_EAR = (BRIGHTNESS, ROUGHNESS, LOUDNESS, DECAY)


def markdown(report: Json) -> str:
    """The report as a page."""
    parts = [heading(1, "Sound maps"), _INTRODUCTION.format(**report["settings"])]
    parts += [heading(2, "At a glance"), _GLANCE, _glance(report)]
    parts += [heading(2, "How parameters move"), _PARAMETERS, _parameters(report)]
    parts += [heading(2, "How the sound moves"), _SOUND, _sound(report)]
    parts += [heading(2, "What was learned"), _LEARNED, _learned(report)]
    return "\n".join(parts)


def _glance(report: Json) -> str:
    names = (STRAIGHTNESS, LARGEST_STEP, RANGE, PAIRS, *_EAR, MIDWAY, BETWEEN)
    rows = []
    for system in SYSTEMS:
        found = [measured for _, its, measured in _measured(report) if its == system]
        means = {name: _mean([measured.get(name) for measured in found]) for name in names}
        cells = [
            "" if mean is None else f"{mean:.{3 if name == LARGEST_STEP else 2}f}"
            for name, mean in means.items()
        ]
        rows.append([_bold(system), *cells])
    return table(["", *(name.replace("_", " ") for name in names)], rows)


def _mean(found: Sequence[Json | float | None]) -> float | None:
    """Over the plugins of which something is known; of an interval its mean."""
    known = [value["mean"] if isinstance(value, dict) else value for value in found]
    numbers = [value for value in known if value is not None]
    return sum(numbers) / len(numbers) if numbers else None


def _parameters(report: Json) -> str:
    rows = [
        [
            *_first(found, system),
            cell(measured[STRAIGHTNESS], 2),
            cell(measured[LARGEST_STEP], 3),
            *(f"{measured[name]:.2f}" if name in measured else "" for name in (RANGE, PAIRS)),
        ]
        for found, system, measured in _measured(report)
    ]
    return table(["plugin", "", "straightness", "largest step", "range", "pairs"], rows)


def _sound(report: Json) -> str:
    names = (*_EAR, MIDWAY, BETWEEN)
    rows = [
        [*_first(found, system), *(cell(measured[name], 2) for name in names)]
        for found, system, measured in _measured(report)
        if MIDWAY in measured
    ]
    return table(["plugin", "", *names], rows)


def _learned(report: Json) -> str:
    names = (REACHED, KEPT, ROUND_TRIP, LOCATED, CENTRE)
    rows = [
        [
            found["name"],
            str(found["parameters"]),
            *(
                f"{found['learned'][name]:.{2 if name in (REACHED, KEPT) else 3}f}"
                for name in names
            ),
        ]
        for found in report["maps"]
    ]
    header = ["plugin", "parameters", "sound reached", "kept", "round trip", "located", "centre"]
    return table(header, rows)


def _measured(report: Json) -> list[tuple[Json, str, Json]]:
    return [
        (found, system, found["systems"][system]) for found in report["maps"] for system in SYSTEMS
    ]


def _first(found: Json, system: str) -> list[str]:
    return [found["name"], _bold(system)]


def _bold(system: str) -> str:
    return f"**{system}**" if system == MAP else system
