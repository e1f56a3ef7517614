"""How good a map is to play on, beside what it should beat and what it cannot.

The floor is a random map: the settings of the same places, shuffled; each place takes the nearest
one's. The ceiling is turning a single knob. Between them the nearest setting of the map's own
places tells what the way back adds.

Lines are straight and random: in the square from one place to another, of a single knob from one
value to another. Sounds are renders of validation audio with silence after it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bridge.analysis.statistics import LEVEL_NAMES
from bridge.arrays import Audio, Floats, finite
from bridge.effects import Effect
from bridge.estimate.sound_map import SoundMap
from bridge.manifest import PluginSpec, Setting
from bridge.models import Encoder
from training.evaluation.intervals import Json, interval
from training.examples import ClipSettings, ClipSource
from training.pool import hear
from training.sound_map.ear import NOTICED, directness, listen

MAP, NEAREST, SHUFFLED, SINGLE = "map", "nearest setting", "random map", "one knob"
SYSTEMS = (SHUFFLED, NEAREST, MAP, SINGLE)

STRAIGHTNESS, LARGEST_STEP = "straightness", "largest_step"
PAIRS, RANGE = "pairs", "range"
BETWEEN, MIDWAY = "between", "midway"
STEPS = 100
"""Equal steps of a line on which parameters are looked at."""

RATE_HZ = 24_000
SOUND_S, SILENCE_S = 2.75, 1.25
KINDS = ("guitar", "speech", "drums", "keys")
_SEED = 11
_HEARD_PLACES = 7
_PARAMETER_LINES = 200
_GRID = 64
_CELLS = 10
_CHANGED = 0.2

Line = Floats
"""Settings (n, p) along a line, normalised values of the predicted parameters."""
Ways = Callable[[Floats], Line]


@dataclass(frozen=True)
class Heard:
    """One place of a line: the embedding (d,), and what the ear says."""

    embedding: Floats
    ear: Mapping[str, float]


def measure(
    sound_map: SoundMap, effect: Effect, encoder: Encoder, corpus: Path, lines: int
) -> dict[str, Json]:
    """By system: what is measured of parameters on all, of sound on `lines` lines.

    - straightness: of the continuous parameters together, the net change as a share of all changes
      along a line; 1 where each only rises or falls;
    - largest step: the largest that one of them takes in a hundredth of a line;
    - range: between the 5th and the 95th percentile over the square, mean over these parameters;
    - pairs: of ten by ten cells of every two parameters, the share that the square reaches;
    - brightness, roughness, loudness, decay: `directness`, where a change is heard;
    - midway: share of lines whose middle sounds nearer to either end than they to each other, by
      the distance of embeddings; between: the ends' distance as a share of the way over the middle.
      Of lines whose ends differ at least a fifth of what random settings do.
    """
    ways = _ways(sound_map)
    clips = validation_clips(corpus)
    found, usual = {}, 0.0
    for system in SYSTEMS:
        draw = np.random.default_rng(_SEED)
        if system == SINGLE:
            many = [_knob(sound_map.plugin, draw) for _ in range(_PARAMETER_LINES)]
        else:
            many = [ways[system](_line(draw)) for _ in range(_PARAMETER_LINES)]
        answer = _of_parameters(sound_map.plugin, many)
        if system != SINGLE:
            answer |= _of_square(sound_map.plugin, ways[system](_square()))
        if system != NEAREST:
            places = np.linspace(0, STEPS, _HEARD_PLACES).round().astype(int)
            heard = [
                _hear(line[places], sound_map.plugin, effect, encoder, clips[n % len(clips)])
                for n, line in enumerate(many[:lines])
            ]
            if system == SHUFFLED:
                usual = float(np.median([_distances(line)[0] for line in heard]))
            answer |= _of_sound(heard, _CHANGED * usual)
        found[system] = answer
    return found


def _ways(sound_map: SoundMap) -> dict[str, Ways]:
    """How each map gets from positions (n, 2) to settings (n, p)."""
    shuffled = np.random.default_rng(_SEED).permutation(sound_map.settings)

    def nearest(positions: Floats) -> npt.NDArray[np.int64]:
        distances = ((positions[:, None] - sound_map.points) ** 2).sum(axis=2)
        return np.asarray(distances.argmin(axis=1))

    def of_map(positions: Floats) -> Line:
        return np.array([sound_map.setting_at(x, y).predicted for x, y in positions], np.float32)

    return {
        MAP: of_map,
        NEAREST: lambda positions: sound_map.settings[nearest(positions)],
        SHUFFLED: lambda positions: shuffled[nearest(positions)],
    }


def _line(draw: np.random.Generator) -> Floats:
    """Positions (STEPS + 1, 2) from one random place straight to another."""
    start, end = draw.random((2, 1, 2))
    return np.asarray(start + np.linspace(0, 1, STEPS + 1)[:, None] * (end - start), np.float32)


def _knob(plugin: PluginSpec, draw: np.random.Generator) -> Line:
    """One continuous parameter from a random value to another, the others random and still."""
    line = np.tile(draw.random(len(plugin.predicted)), (STEPS + 1, 1))
    columns = _continuous(plugin)
    column = columns[draw.integers(len(columns))]
    start, end = draw.random(2).tolist()
    line[:, column] = np.linspace(start, end, STEPS + 1)
    return np.asarray(line, np.float32)


def _square() -> Floats:
    """Positions (n, 2) all over the square."""
    side = (np.arange(_GRID) + 0.5) / _GRID
    return np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2).astype(np.float32)


def _continuous(plugin: PluginSpec) -> list[int]:
    return [number for number, spec in enumerate(plugin.predicted) if not spec.classes]


def _of_parameters(plugin: PluginSpec, lines: Sequence[Line]) -> Json:
    straight, largest = [], []
    for line in lines:
        values = line[:, _continuous(plugin)]
        steps = np.abs(np.diff(values, axis=0))
        way = steps.sum()
        straight.append(np.abs(values[-1] - values[0]).sum() / way if way else np.nan)
        largest.append(steps.max())
    return {STRAIGHTNESS: interval(np.array(straight)), LARGEST_STEP: interval(np.array(largest))}


def _of_square(plugin: PluginSpec, settings: Floats) -> Json:
    low, high = np.percentile(settings[:, _continuous(plugin)], (5, 95), axis=0)
    found: Json = {RANGE: round(float(np.mean(high - low)), 4)}
    cells = [spec.classes or _CELLS for spec in plugin.predicted]
    numbers = np.minimum(settings * cells, np.array(cells) - 1).astype(int)
    reached = [
        len(np.unique(numbers[:, pair], axis=0)) / np.prod([cells[column] for column in pair])
        for pair in combinations(range(len(cells)), 2)
    ]
    return found | ({PAIRS: round(float(np.mean(reached)), 4)} if reached else {})


def _of_sound(lines: Sequence[Sequence[Heard]], least: float) -> Json:
    found: Json = {}
    for name, noticed in NOTICED.items():
        values = [np.array([place.ear[name] for place in line]) for line in lines]
        ways = [directness(line, noticed) for line in values]
        found[name] = interval(np.array([np.nan if way is None else way for way in ways]))
    whole, one, other = np.array([_distances(line) for line in lines]).T
    changed = whole > least
    nearer = np.where(np.maximum(one, other) < whole, 1.0, 0.0)
    between = whole / np.maximum(one + other, 1e-9)
    return found | {MIDWAY: interval(nearer[changed]), BETWEEN: interval(between[changed])}


def _distances(line: Sequence[Heard]) -> tuple[float, float, float]:
    """Between the embeddings of a line's ends, and from each end to the middle."""
    start, middle, end = (line[number].embedding for number in (0, len(line) // 2, -1))
    pairs = ((start, end), (start, middle), (middle, end))
    whole, one, other = (float(np.linalg.norm(a - b)) for a, b in pairs)
    return whole, one, other


def _hear(
    line: Line, plugin: PluginSpec, effect: Effect, encoder: Encoder, clip: Audio
) -> list[Heard]:
    places = []
    for values in line:
        wet = effect.render(clip, RATE_HZ, Setting.of_predicted(plugin, values.tolist()))
        wet = finite(wet)
        heard = hear(wet[:, : round(SOUND_S * RATE_HZ)], RATE_HZ, encoder.card.features)
        loudness = float(heard.levels[LEVEL_NAMES.index("k_weighted_db")])
        ear = listen(wet[0], RATE_HZ, loudness, SOUND_S)
        places.append(Heard(encoder.embed(heard.vector).embedding, ear))
    return places


def validation_clips(corpus: Path) -> list[Audio]:
    """Dry clips with silence after them, (1, frames) at `RATE_HZ`, one of each of `KINDS`."""
    settings = ClipSettings(sample_rates_hz=(RATE_HZ,), halves_s=(SOUND_S,))
    silence = ((0, 0), (0, round(SILENCE_S * RATE_HZ)))
    return [
        np.pad(ClipSource(settings, corpus, "validation", _SEED, (kind,))[0].dry, silence)
        for kind in KINDS
    ]
