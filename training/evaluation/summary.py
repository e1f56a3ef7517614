"""What the cases of one slice come to, as plain JSON."""

from collections.abc import Sequence

import numpy as np

from training.evaluation.bench import Outcome
from training.evaluation.intervals import Json, interval, relative_gain
from training.evaluation.parameters import bypass_summary, parameter_summary
from training.evaluation.protocol import (
    ANSWERS,
    CONDITIONS,
    CROSS_PLUGIN,
    DO_NOTHING,
    GAIN_ONLY,
    KEYS,
    MATCHED,
    NETWORK,
    RAW,
    RENDERED,
    TRUE,
    Settings,
)
from training.evaluation.scores import Scores

PAIRS = (
    (NETWORK, DO_NOTHING),
    (NETWORK, GAIN_ONLY),
    (RENDERED, DO_NOTHING),
    (RENDERED, GAIN_ONLY),
    (RENDERED, NETWORK),
)
"""Whose paired differences are reported, the first minus the second."""


def summarise(outcomes: Sequence[Outcome], slice_name: str, settings: Settings) -> Json:
    """Scores of all cases and of those that were rendered too, parameters, calibration, times."""
    scores = np.array([outcome.scores for outcome in outcomes])
    without = [condition for condition in CONDITIONS if condition != RENDERED]
    summary: Json = {
        "cases": len(outcomes),
        "all": _table(scores, without),
        "rendered": _table(scores[: settings.rendered_cases], CONDITIONS),
        "seconds": _seconds(outcomes),
    }
    if slice_name == CROSS_PLUGIN:
        return summary
    worst = scores[:, CONDITIONS.index(TRUE), : KEYS.index("pesq")].max()
    return {
        **summary,
        "worst_true_parameters": float(worst),
        "parameters": {name: _parameters(outcomes, name) for name in ANSWERS},
        "bypass": {name: _bypass(outcomes, name) for name in ANSWERS},
    }


def with_rendering_of(fresh: Json, known: Json) -> Json:
    """The summary `known`, but with all that rendering decides as the summary `fresh` has it."""
    merged = {key: known[key] for key in fresh} | {"rendered": fresh["rendered"]}
    for part in {"seconds", "parameters", "bypass"} & set(fresh):
        merged[part] = {**known[part], RENDERED: fresh[part][RENDERED]}
    return merged


def _table(scores: Scores, conditions: Sequence[str]) -> Json:
    """Means of every condition, paired differences and relative gains over doing nothing."""
    columns = {name: scores[:, CONDITIONS.index(name)] for name in conditions}
    pairs = [pair for pair in PAIRS if set(pair) <= set(conditions)]
    return {
        "means": {name: _intervals(column) for name, column in columns.items()},
        "differences": {f"{a} - {b}": _intervals(columns[a] - columns[b]) for a, b in pairs},
        "relative_gain": {
            name: {
                key: relative_gain(*(columns[c][:, KEYS.index(key)] for c in (name, DO_NOTHING)))
                for key in (RAW, MATCHED)
            }
            for name in conditions
            if name != DO_NOTHING
        },
    }


def _intervals(column: Scores) -> Json:
    """By metric, what (cases, METRICS) comes to; metrics nobody measured are left out."""
    found = {key: interval(column[:, number]) for number, key in enumerate(KEYS)}
    return {key: value for key, value in found.items() if value}


def _parameters(outcomes: Sequence[Outcome], name: str) -> Json:
    known = [(o.truth, o.answers[name]) for o in outcomes if o.truth and name in o.answers]
    return parameter_summary([truth for truth, _ in known], [answer for _, answer in known])


def _bypass(outcomes: Sequence[Outcome], name: str) -> Json:
    asked = [outcome for outcome in outcomes if name in outcome.answers]
    return bypass_summary([o.clean for o in asked], [o.answers[name] for o in asked])


def _seconds(outcomes: Sequence[Outcome]) -> Json:
    """Mean processor seconds a case, by condition and for scoring."""
    names = dict.fromkeys(name for outcome in outcomes for name in outcome.seconds)
    return {
        name: round(float(np.mean([o.seconds[name] for o in outcomes if name in o.seconds])), 4)
        for name in names
    }
