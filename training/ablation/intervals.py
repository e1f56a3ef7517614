"""Means over paired cases with bootstrap intervals, as plain JSON.

The same case number of every plugin plays the same clip, so whole case numbers are drawn again
(Efron & Tibshirani, An Introduction to the Bootstrap, 1993, ch. 13: percentiles).
"""

from collections.abc import Callable

import numpy as np

from training.evaluation.intervals import Json, Values

RESAMPLES = 2_000
_SEED = 11


def mean(values: Values) -> Json:
    """Mean of values (plugins, cases); NaN has no say."""
    return _interval(_mean, values)


def difference(answers: Values, others: Values) -> Json:
    """Mean of the paired differences `answers` - `others`, both (plugins, cases)."""
    return _interval(_mean, answers - others)


def relative_gain(answers: Values, nothing: Values) -> Json:
    """Mean over the plugins of how much lower the answers' mean is than that of doing nothing."""
    return _interval(_gain, answers, nothing)


def _mean(values: Values) -> Values:
    known = ~np.isnan(values)
    sums = np.where(known, values, 0.0).sum(axis=(0, -1))
    return np.asarray(sums / known.sum(axis=(0, -1)))


def _gain(answers: Values, nothing: Values) -> Values:
    return np.asarray((1 - answers.mean(axis=-1) / nothing.mean(axis=-1)).mean(axis=0))


def _interval(statistic: Callable[..., Values], *values: Values) -> Json:
    cases = values[0].shape[-1]
    rows = np.random.default_rng(_SEED).integers(cases, size=(RESAMPLES, cases))
    # A few cases can be drawn so that none has a say.
    with np.errstate(invalid="ignore", divide="ignore"):
        point = float(statistic(*values))
        draws = statistic(*(some[:, rows] for some in values))
    low, high = np.quantile(draws[np.isfinite(draws)], (0.025, 0.975))
    return {"mean": round(point, 4), "low": round(float(low), 4), "high": round(float(high), 4)}
