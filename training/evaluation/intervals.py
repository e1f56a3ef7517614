"""Means, medians and shares with their 95 % intervals, as plain JSON."""

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


def interval_and_median(values: Values) -> Json | None:
    """`interval` with the median beside the mean."""
    found = interval(values)
    return found and {**found, "median": _rounded(np.nanmedian(values))}


def share(hits: npt.NDArray[np.bool_]) -> Json | None:
    """Share of what is true, with its 95 % interval from `low` to `high` (Wilson, 1927).

    That interval holds for shares near 0 too, where the normal one has no width. None where there
    are no values.
    """
    count = len(hits)
    if not count:
        return None
    found, z2 = float(np.mean(hits)), _Z95**2
    centre = (found + z2 / (2 * count)) / (1 + z2 / count)
    spread = found * (1 - found) / count + z2 / (4 * count**2)
    half = _Z95 * np.sqrt(spread) / (1 + z2 / count)
    return {
        "mean": _rounded(found),
        "low": _rounded(max(centre - half, 0.0)),
        "high": _rounded(min(centre + half, 1.0)),
        "n": count,
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


def gain_and_median(answers: Values, baseline: Values) -> Json | None:
    """`relative_gain` with the median of the single cases' gains; a baseline of 0 has none."""
    found = relative_gain(answers, baseline)
    if not found:
        return None
    some = baseline > 0
    return {**found, "median": _rounded(np.nanmedian(1 - answers[some] / baseline[some]))}


def _half_width(values: Values) -> float | None:
    if len(values) < 2:
        return None
    return _rounded(_Z95 * values.std(ddof=1) / np.sqrt(len(values)))


def _rounded(value: float) -> float:
    return round(float(value), _DIGITS)
