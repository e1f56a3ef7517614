"""Means with their 95 % intervals, as plain JSON."""

from typing import Any

import numpy as np
import numpy.typing as npt

Json = dict[str, Any]
Values = npt.NDArray[np.float64]

_Z95 = 1.96
_DIGITS = 6


def interval(values: Values) -> Json | None:
    """Mean, half of its 95 % interval (normal approximation) and number of values that are not NaN.

    None where there are none; a single value has no interval.
    """
    known = values[~np.isnan(values)]
    if not len(known):
        return None
    return {
        "mean": _rounded(known.mean()),
        "ci95": _half_width(known),
        "n": len(known),
    }


def relative_gain(answers: Values, baseline: Values) -> Json | None:
    """How much lower the answers' mean is than the baseline's, as a share of it, with interval.

    1 is perfect, 0 no better, below 0 worse. The interval is that of a ratio of paired means
    (Cochran, Sampling Techniques, 1977, eq. 2.46).
    """
    known = ~(np.isnan(answers) | np.isnan(baseline))
    answers, baseline = answers[known], baseline[known]
    if not len(baseline) or baseline.mean() <= 0:
        return None
    ratio = answers.mean() / baseline.mean()
    half = _half_width((answers - ratio * baseline) / baseline.mean())
    return {"mean": _rounded(1 - ratio), "ci95": half, "n": len(baseline)}


def _half_width(values: Values) -> float | None:
    if len(values) < 2:
        return None
    return _rounded(_Z95 * values.std(ddof=1) / np.sqrt(len(values)))


def _rounded(value: float) -> float:
    return round(float(value), _DIGITS)
