"""How near an answer said it would come, against how near it came.

Predicted and true distance are both half raw, half gain-matched MRSTFT, at the protocol's rate.
"""

from collections.abc import Sequence

import numpy as np

from training.evaluation.intervals import Json, Values, gain_and_median, share
from training.evaluation.outcomes import Outcome, columns
from training.evaluation.parameters import calibration
from training.evaluation.protocol import DO_NOTHING, MATCHED, RAW, RENDERED

MEANT_COVERAGE = 0.8
"""How often the true distance should lie between `low` and `high`."""
FORETOLD = (DO_NOTHING, RENDERED)
"""The conditions whose distance an answer foretells: `now` and `expected`."""


def foretelling(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Those whose rendered answer says how near it is expected to come."""
    return [o for o in outcomes if RENDERED in o.answers and o.answers[RENDERED].closeness]


def pairs(outcomes: Sequence[Outcome], condition: str) -> tuple[Values, Values]:
    """Predicted and true distances, by case, of one of `FORETOLD`."""
    told = [o.answers[RENDERED].closeness for o in foretelling(outcomes)]
    predicted = [(c.now if condition == DO_NOTHING else c.expected) for c in told if c]
    return np.array(predicted, np.float64), _true(foretelling(outcomes), condition)


def foretold_summary(outcomes: Sequence[Outcome]) -> Json | None:
    """Signed errors, coverage, and whether `better` holds; None where nothing was foretold.

    The signed error is the mean predicted distance over the mean true one, less 1: above 0 too
    gloomy, below 0 too hopeful.
    """
    known = foretelling(outcomes)
    told = [closeness for o in known if (closeness := o.answers[RENDERED].closeness)]
    if not told:
        return None
    now, after = (_true(known, condition) for condition in FORETOLD)
    low, high = (np.array(values) for values in zip(*((c.low, c.high) for c in told), strict=True))
    better = calibration(np.array([c.better for c in told]), (after < now).astype(float))
    return {
        "signed_error": {name: _signed_error(*pairs(known, name)) for name in FORETOLD},
        "coverage": share((low <= after) & (after <= high)),
        "better": better,
    }


def _true(outcomes: Sequence[Outcome], condition: str) -> Values:
    raw, matched = (columns(outcomes, condition, key) for key in (RAW, MATCHED))
    return np.asarray((raw + matched) / 2, np.float64)


def _signed_error(predicted: Values, true: Values) -> Json | None:
    below = gain_and_median(predicted, true)
    if not below:
        return None
    return {**below, "mean": -below["mean"], "median": -below["median"]}
