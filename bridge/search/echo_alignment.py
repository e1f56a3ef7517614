"""Move a setting until its echoes fall where the reference's are, to the sample.

What an error of one per mille in a delay's time costs is most of the match, and no network hears
that exactly. So the plugin is asked: noise is played through it, the lags at which the output
repeats itself are read, and each parameter that moves one of them is moved until that echo meets
one of the reference's.
"""

from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from bridge.analysis.echoes import Echo, most_prominent, similarity
from bridge.analysis.features import FeatureSettings
from bridge.analysis.statistics import ECHO_FRAMES, ECHO_HOP, echo_prominence
from bridge.analysis.windows import at_feature_rate
from bridge.arrays import Floats, finite
from bridge.effects import Effect
from bridge.errors import PluginFaultError
from bridge.manifest import Setting
from bridge.search.deadline import Deadline, OutOfTimeError

_TARGETS = 4
_TAPS = 2
_KEPT = 3
_ROUNDS = 2
_STEPS = 4
_NUDGE = 0.01
_NUDGED_LAGS = 3
_MET = 1


@dataclass(frozen=True)
class Aligned:
    """A setting, and which of its predicted parameters, by number, were moved into place."""

    setting: Setting
    fixed: frozenset[int]


@dataclass(frozen=True)
class _State:
    """Normalised values, the echoes they make of noise, and how like the reference's these are."""

    values: Floats
    fixed: frozenset[int]
    taps: tuple[Echo, ...]
    similarity: float


class Alignment:
    """Aligns settings of one plugin at one rate with one reference."""

    def __init__(
        self, effect: Effect, sample_rate: float, features: FeatureSettings, reference: Floats
    ) -> None:
        """`reference` is its `Statistics.echoes`."""
        self._effect, self._rate, self._features = effect, sample_rate, features
        self._reference = reference
        self._deadline = Deadline()
        self._targets = most_prominent(reference, _TARGETS)
        seconds = (ECHO_FRAMES + ECHO_HOP) / features.sample_rate_hz
        frames = int(np.ceil(seconds * sample_rate)) + 1
        noise = np.random.default_rng(0).standard_normal((1, frames))
        self._noise = np.asarray(0.1 * noise, np.float32)

    def align(self, start: Setting, deadline: Deadline | None = None) -> list[Aligned]:
        """The best settings found until the deadline, the best first.

        None where nothing echoes or nothing fits.
        """
        self._deadline = deadline or Deadline()
        best: list[_State] = []
        with suppress(OutOfTimeError, PluginFaultError):
            if (
                self._targets
                and (first := self._probe(np.array(start.predicted), frozenset())).taps
            ):
                best = [first]
            for _ in range(_ROUNDS):
                moved = [state for one in best for state in self._moves(one)]
                best = sorted([*best, *moved], key=lambda state: -state.similarity)[:_KEPT]
        return [
            Aligned(Setting.of_predicted(self._effect.plugin, state.values.tolist()), state.fixed)
            for state in best
            if state.fixed
        ]

    def _moves(self, state: _State) -> list[_State]:
        """What comes of moving each free parameter until an echo meets one of the reference's."""
        moves = []
        for number, spec in enumerate(self._effect.plugin.predicted):
            if spec.classes or number in state.fixed:
                continue
            nudge = _NUDGE if state.values[number] < 0.5 else -_NUDGE
            nudged = self._probe(_with(state.values, number, nudge), state.fixed)
            for tap in state.taps:
                movement = _nearest(nudged.taps, tap.lag) - tap.lag
                if not _NUDGED_LAGS <= abs(movement) < np.inf:
                    continue
                for target in self._targets:
                    met = self._meet(state, number, tap.lag, target.lag, movement / nudge)
                    if met and met.similarity >= state.similarity:
                        moves.append(met)
        return moves

    def _meet(
        self, state: _State, number: int, lag: float, target: int, slope: float
    ) -> _State | None:
        """Move one parameter by the secant rule until the echo at `lag` lies at `target`."""
        fixed = state.fixed | {number}
        if abs(lag - target) <= _MET:
            return replace(state, fixed=fixed)
        for _ in range(_STEPS):
            step = (target - lag) / slope
            if not 0 <= state.values[number] + step <= 1:
                return None
            state = self._probe(_with(state.values, number, step), fixed)
            found = _nearest(state.taps, target)
            if abs(found - target) <= _MET:
                return state
            if not 1 <= abs(found - lag) < np.inf:
                return None
            slope, lag = (found - lag) / step, found
        return None

    def _probe(self, values: Floats, fixed: frozenset[int]) -> _State:
        self._deadline.check()
        setting = Setting.of_predicted(self._effect.plugin, values.tolist())
        wet = self._effect.render(self._noise, self._rate, setting)
        mono = at_feature_rate(finite(wet), self._rate, self._features)
        profile = echo_prominence(mono)
        taps = tuple(most_prominent(profile, _TAPS))
        return _State(values, fixed, taps, similarity(profile, self._reference))


def _with(values: Floats, number: int, step: float) -> Floats:
    moved = values.copy()
    moved[number] += step
    return moved


def _nearest(taps: tuple[Echo, ...], lag: float) -> float:
    """The lag of the echo nearest to `lag`; infinitely far where there is none."""
    return min((tap.lag for tap in taps), key=lambda found: abs(found - lag), default=float("inf"))
