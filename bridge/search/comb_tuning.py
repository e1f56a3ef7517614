"""Tune a linear effect until its response has the comb that is heard in the reference.

The delays inside a reverberation move with its size, and one sample beside the right one nothing
coincides any more. An impulse through the plugin shows the comb of a setting; a parameter that
moves it is tried over its whole range, and the values at which it stands out of the reference's
spectrum most clearly are proposed.
"""

from contextlib import suppress
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from bridge.analysis.cepstral_comb import response_comb
from bridge.analysis.features import FeatureSettings
from bridge.arrays import Audio, Floats, finite
from bridge.audio.resample import resample
from bridge.effects import Effect
from bridge.manifest import Setting
from bridge.search.deadline import Deadline, OutOfTimeError
from bridge.search.echo_alignment import Aligned

_LINEAR_EFFECTS: WeakKeyDictionary[Effect, dict[tuple[float, FeatureSettings], bool]] = (
    WeakKeyDictionary()
)

CLEAR = 16.0
"""Fit from which a comb is the effect's and not chance, even where it is the best of many."""

_IMPULSE = 0.5
_RESPONSE_S = 0.17
_QUIETER, _LATER_S = 0.1, 1.25
"""Another impulse's share of the first one's size, and how much later another comes."""
_TRIED, _LINEAR = 8, 0.95
"""Settings that are asked whether they are linear, and the similarity of combs that is expected."""
_ASKED, _NUDGE, _UNMOVED = 5, 0.01, 0.5
"""Settings that are asked what a nudge changes, and the similarity above which it is nothing."""
_GRID, _FINE, _COARSE = 512, 9, 9
"""Points over the whole range of what moves the comb; between two of them; of what does not."""
_PEAKS, _APART, _REFINED = 12, 0.01, 3
"""How many points of the grid are looked at closely, how far apart, and how many of them last."""
_ROUNDS, _BETTER = 2, 0.1
"""How often every parameter is moved, and how much better a fit must be to move it."""


def is_linear(
    effect: Effect, sample_rate: float, features: FeatureSettings, deadline: Deadline | None = None
) -> bool:
    """Whether an impulse tells what the effect does to anything: at any level, at any time.

    Asked of settings all over the range, by the combs of their responses, once for an effect.
    False where that cannot be found out until the deadline.
    """
    known = _LINEAR_EFFECTS.setdefault(effect, {})
    key = (sample_rate, features)
    with suppress(OutOfTimeError):
        if key not in known:
            known[key] = _responds_linearly(effect, sample_rate, features, deadline or Deadline())
    return known.get(key, False)


def _responds_linearly(
    effect: Effect, sample_rate: float, features: FeatureSettings, deadline: Deadline
) -> bool:
    draw = np.random.default_rng(0)
    plugin = effect.plugin
    similarities = []
    for _ in range(_TRIED):
        deadline.check()
        setting = Setting.of_predicted(plugin, draw.random(len(plugin.predicted)).tolist())
        responses = [
            _response(effect, sample_rate, setting),
            _response(effect, sample_rate, setting, _QUIETER * _IMPULSE),
            _response(effect, sample_rate, setting, delay_s=_LATER_S),
        ]
        plain, quiet, late = _combs(responses, sample_rate, features)
        similarities.append(min(plain @ quiet, plain @ late))
    return float(np.mean(similarities)) >= _LINEAR


class Tuning:
    """Fits settings of one linear effect at one rate to one reference."""

    def __init__(
        self, effect: Effect, sample_rate: float, features: FeatureSettings, reference: Floats
    ) -> None:
        """`reference` is its `ReferenceAnalysis.cepstral_comb`."""
        self._effect, self._rate, self._features = effect, sample_rate, features
        self._reference = reference
        self._deadline = Deadline()

    def fit(self, setting: Setting) -> float:
        """How clearly the setting's comb stands in the reference, in deviations of chance."""
        return self._fit_of(np.array(setting.predicted))

    def confidence(self, setting: Setting) -> float:
        """How likely the reference's comb is this setting's, 0..1."""
        fit = max(self.fit(setting), 0.0)
        return fit**2 / (fit**2 + CLEAR**2)

    def tune(self, starts: list[Setting], deadline: Deadline | None = None) -> list[Aligned]:
        """The settings that fit best, the best first; none where the deadline comes before.

        A parameter that moves the comb is tried over its whole range, the others being those of
        the starts in turn; from the best that is found all parameters are moved, one by one.
        """
        self._deadline = deadline or Deadline()
        try:
            return self._tune(np.array([start.predicted for start in starts]))
        except OutOfTimeError:
            return []
        finally:
            self._deadline = Deadline()

    def _tune(self, rows: Floats) -> list[Aligned]:
        moving = self._moving(rows[:_ASKED])
        tried = np.concatenate([self._scan(rows, number) for number in moving] or [rows])
        likely = [self._placed(values, moving) for values in self._best(tried, moving)]
        best = self._ranked(likely)[:_REFINED]
        found = self._ranked([self._refined(values, moving) for values in best])
        return [Aligned(self._setting(values), frozenset(moving)) for values in found]

    def _moving(self, rows: Floats) -> list[int]:
        """The parameters of which a small step makes another comb."""
        moving = []
        here = self._combs(rows)
        audible = here.any(axis=1)
        for number, spec in enumerate(self._effect.plugin.predicted):
            there = rows.copy()
            there[:, number] += np.where(rows[:, number] < 0.5, _NUDGE, -_NUDGE)
            similarities = np.sum(here * self._combs(there), axis=1)[audible]
            if not spec.classes and len(similarities) and similarities.mean() < _UNMOVED:
                moving.append(number)
        return moving

    def _scan(self, rows: Floats, number: int) -> Floats:
        tried = rows[np.arange(_GRID) % len(rows)]
        tried[:, number] = np.linspace(0, 1, _GRID)
        return tried

    def _best(self, tried: Floats, moving: list[int]) -> list[Floats]:
        """The best of those tried, no two alike."""
        combs = self._combs(tried)
        # A comb that is a sample wider on both sides is met by a grid this coarse.
        wide = combs.copy()
        wide[:, 1:] += combs[:, :-1]
        wide[:, :-1] += combs[:, 1:]
        best: list[Floats] = []
        for place in np.argsort(-(wide @ self._reference), kind="stable"):
            values = tried[place]
            if all(np.abs(values - other)[moving].max(initial=1) > _APART for other in best):
                best.append(values)
            if len(best) == _PEAKS:
                break
        return best

    def _placed(self, values: Floats, moving: list[int]) -> Floats:
        """Moved between the points of the grid to where they fit best."""
        for number in moving:
            line = values[number] + np.linspace(-1, 1, _FINE) / _GRID
            values = self._best_of_line(values, number, line)
        return values

    def _refined(self, values: Floats, moving: list[int]) -> Floats:
        for _ in range(_ROUNDS):
            for number, spec in enumerate(self._effect.plugin.predicted):
                if not spec.classes and number not in moving:
                    values = self._best_of_line(values, number, np.linspace(0, 1, _COARSE))
            values = self._placed(values, moving)
        return values

    def _best_of_line(self, values: Floats, number: int, line: npt.NDArray[np.floating]) -> Floats:
        """With one parameter somewhere else on a line, if that fits better."""
        tried = np.repeat(values[None], len(line) + 1, axis=0)
        tried[1:, number] = np.clip(line, 0, 1)
        fits = self._fits(tried)
        best = int(fits.argmax())
        return tried[best] if fits[best] > fits[0] + _BETTER else values

    def _ranked(self, found: list[Floats]) -> list[Floats]:
        """The best first."""
        fits = self._fits(np.stack(found))
        return [found[place] for place in np.argsort(-fits, kind="stable")]

    def _fit_of(self, values: Floats) -> float:
        return float(self._fits(values[None])[0])

    def _fits(self, rows: Floats) -> Floats:
        return np.asarray(self._combs(rows) @ self._reference)

    def _setting(self, values: Floats) -> Setting:
        return Setting.of_predicted(self._effect.plugin, values.tolist())

    def _combs(self, rows: Floats) -> Floats:
        responses = []
        for row in rows:
            self._deadline.check()
            responses.append(_response(self._effect, self._rate, self._setting(row)))
        return _combs(responses, self._rate, self._features)


def _response(
    effect: Effect,
    sample_rate: float,
    setting: Setting,
    size: float = _IMPULSE,
    delay_s: float = 0.0,
) -> Audio:
    """What comes of an impulse, from it on, (_RESPONSE_S * sample_rate,)."""
    delay = round(delay_s * sample_rate)
    silence = np.zeros((1, delay), np.float32)
    impulse = np.concatenate([silence, size * _impulse(sample_rate)], axis=1)
    return finite(effect.render(impulse, sample_rate, setting))[0, delay:]


def _impulse(sample_rate: float) -> Audio:
    impulse = np.zeros((1, round(_RESPONSE_S * sample_rate)), np.float32)
    impulse[0, 0] = 1
    return impulse


def _combs(responses: list[Audio], sample_rate: float, features: FeatureSettings) -> Floats:
    """The cepstral_comb of responses at the host's rate, (n, lags)."""
    both = np.concatenate([_impulse(sample_rate), np.stack(responses)])
    heard = resample(both, sample_rate, features.sample_rate_hz)
    return response_comb(heard[1:], heard[0])
