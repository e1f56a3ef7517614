"""Random amplifiers: what stands for gear that nobody knows, drawn anew for every case.

Filters, one or two stages of a random curve, filters, often a cabinet, sometimes compression and a
room. None of it is a plugin of the manifest.
"""

from collections.abc import Callable

import numpy as np
import pedalboard as pb
from pedalboard._pedalboard import Pedalboard

from bridge.arrays import Audio, Floats

Sound = Callable[[Audio, float], Audio]
"""(1, frames) and the rate in Hz to the same shape."""

_TWO_STAGES, _CABINET, _COMPRESSED, _ROOM = 0.4, 0.6, 0.25, 0.2


def amplifier(draw: np.random.Generator) -> Sound:
    """One amplifier; the same for all that goes through it."""
    stages: list[Sound] = [_filters(draw, _before(draw)), _stage(draw)]
    if draw.random() < _TWO_STAGES:
        stages += [_filters(draw, _tone(draw)), _stage(draw)]
    if draw.random() < _COMPRESSED:
        stages.append(_plugins([pb.Compressor(draw.uniform(-30, -10), draw.uniform(2, 6))]))
    stages.append(_filters(draw, _tone(draw)))
    if draw.random() < _CABINET:
        stages.append(_filters(draw, _cabinet(draw)))
    if draw.random() < _ROOM:
        wet = draw.uniform(0.05, 0.3)
        stages.append(_plugins([pb.Reverb(draw.random(), draw.random(), wet, 1 - wet)]))

    def play(audio: Audio, sample_rate: float) -> Audio:
        for stage in stages:
            audio = stage(audio, sample_rate)
        return audio

    return play


def equaliser(draw: np.random.Generator) -> Sound:
    """Random shelves and peaks."""
    return _filters(draw, _tone(draw))


def _stage(draw: np.random.Generator) -> Sound:
    """A gain into a random saturating curve."""
    gain = 10 ** (draw.uniform(0, 45) / 20)
    hardness, bias = draw.choice([1.0, 2.0, 4.0, 12.0]), draw.uniform(-0.3, 0.3)

    def curve(x: Floats) -> Floats:
        return np.asarray(x / (1 + np.abs(x) ** hardness) ** (1 / hardness))

    def play(audio: Audio, sample_rate: float) -> Audio:
        shaped = curve(gain * audio + bias) - curve(np.asarray(bias))
        # The offset of an asymmetric curve is blocked, as a capacitor does it.
        return np.asarray(pb.HighpassFilter(20)(np.asarray(shaped, np.float32), sample_rate))

    return play


def _before(draw: np.random.Generator) -> list[pb.Plugin]:
    return [pb.HighpassFilter(_between(draw, 30, 400)), *_tone(draw)[:1]]


def _tone(draw: np.random.Generator) -> list[pb.Plugin]:
    return [
        pb.PeakFilter(_between(draw, 300, 4_000), draw.normal(0, 6), _between(draw, 0.4, 3)),
        pb.LowShelfFilter(_between(draw, 80, 400), draw.normal(0, 5)),
        pb.HighShelfFilter(_between(draw, 1_500, 8_000), draw.normal(0, 6)),
    ]


def _cabinet(draw: np.random.Generator) -> list[pb.Plugin]:
    resonances = [
        pb.PeakFilter(_between(draw, 100, 6_000), draw.normal(0, 5), _between(draw, 1, 6))
        for _ in range(4)
    ]
    corner_hz, order = _between(draw, 2_500, 9_000), int(draw.integers(1, 4))
    low_pass = [pb.LowpassFilter(corner_hz) for _ in range(order)]
    return [pb.HighpassFilter(_between(draw, 50, 150)), *resonances, *low_pass]


def _filters(draw: np.random.Generator, filters: list[pb.Plugin]) -> Sound:
    some = [f for f in filters if draw.random() < 0.85]
    return _plugins(some)


def _plugins(plugins: list[pb.Plugin]) -> Sound:
    board = Pedalboard(plugins)

    def play(audio: Audio, sample_rate: float) -> Audio:
        return np.asarray(board(np.asarray(audio, np.float32), sample_rate), np.float32)

    return play


def _between(draw: np.random.Generator, low: float, high: float) -> float:
    """A random number between two, evenly in its logarithm."""
    return float(np.exp(draw.uniform(np.log(low), np.log(high))))
