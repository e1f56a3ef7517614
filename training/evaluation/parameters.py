"""How near the answered parameters are to the true ones, and whether the confidences hold."""

from collections.abc import Sequence

import numpy as np

from bridge.estimate.answer import NEAR, Answer
from bridge.manifest import ParamSpec, Setting
from training.canonical import canonical
from training.evaluation.intervals import Json, Values, interval, interval_and_median

BINS = 10
"""Equal bins of confidence, as Guo et al. (ICML 2017) take them."""


def parameter_summary(truths: Sequence[Setting], answers: Sequence[Answer]) -> Json:
    """By symbol: error, or accuracy of classes, against the constant 0.5, and calibration.

    The answers are for chains of one, the truths' plugin.
    Of settings that sound the same one stands for all, in truths as in answers (`canonical`).
    `error` is the mean absolute difference of normalised values; `accuracy` the share of right
    classes. `beats_constant` is the paired difference, positive where the answer is better.
    """
    summary: Json = {}
    true_values = [canonical(truth).predicted for truth in truths]
    found_values = [canonical(answer.setting.settings[0]).predicted for answer in answers]
    for number, spec in enumerate(truths[0].plugin.predicted if truths else ()):
        truth = np.array([values[number] for values in true_values])
        found = np.array([values[number] for values in found_values])
        confidence = np.array([answer.confidence[number] for answer in answers])
        constant = np.full(len(truth), 0.5)
        if spec.classes:
            right, guessed = _right(spec, found, truth), _right(spec, constant, truth)
            entry = {"measure": "accuracy", "beats_constant": interval(right - guessed)}
            hits = right
        else:
            right, guessed = np.abs(found - truth), np.abs(constant - truth)
            entry = {"measure": "error", "beats_constant": interval(guessed - right)}
            hits = (right <= NEAR).astype(float)
        summary[spec.symbol] = {
            **entry,
            "answer": interval_and_median(right),
            "constant": interval(guessed),
            "calibration": calibration(confidence, hits),
        }
    return summary


def bypass_summary(clean: Sequence[bool], answers: Sequence[Answer]) -> Json:
    """How often the whole chain is rightly and wrongly left out; whether its probability holds."""
    is_clean = np.array(clean, bool)
    bypassed = np.array([answer.bypass for answer in answers], float)
    probability = np.array([float(np.prod(answer.bypass_probability)) for answer in answers])
    return {
        "clean_found": interval(bypassed[is_clean]),
        "wet_bypassed": interval(bypassed[~is_clean]),
        "calibration": calibration(probability, is_clean.astype(float)),
    }


def calibration(confidence: Values, hits: Values) -> Json:
    """Expected calibration error, and what it is made of, so that slices can be pooled.

    `bins` holds, by bin of confidence, the cases, their summed confidence and their hits.
    """
    numbers = np.minimum((confidence * BINS).astype(int), BINS - 1)
    bins = [
        [
            int((numbers == number).sum()),
            round(float(confidence[numbers == number].sum()), 4),
            int(hits[numbers == number].sum()),
        ]
        for number in range(BINS)
    ]
    return {"ece": expected_calibration_error(bins), "bins": bins}


def expected_calibration_error(bins: Sequence[Sequence[float]]) -> float | None:
    """Mean over the cases of |hits - confidence| by bin (Guo et al. 2017, eq. 5); 0 is ideal."""
    cases = sum(row[0] for row in bins)
    if not cases:
        return None
    return round(sum(abs(row[2] - row[1]) for row in bins) / cases, 4)


def _right(spec: ParamSpec, found: Values, truth: Values) -> Values:
    pairs = zip(found, truth, strict=True)
    return np.array([float(spec.to_real(a) == spec.to_real(b)) for a, b in pairs])
