"""What the cases of one slice come to, as plain JSON."""

from collections.abc import Sequence

import numpy as np

from training.evaluation.foretold import foretold_summary
from training.evaluation.harm import harmed
from training.evaluation.intervals import Json, gain_and_median, interval_and_median
from training.evaluation.modulation import modulation_errors
from training.evaluation.outcomes import Outcome, columns
from training.evaluation.parameters import bypass_summary, parameter_summary
from training.evaluation.protocol import (
    ANSWERS,
    BEST,
    CONDITIONS,
    DO_NOTHING,
    GAIN_ONLY,
    KEYS,
    MATCHED,
    NETWORK,
    RAW,
    RENDERED,
    TRUE,
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


def summarise(outcomes: Sequence[Outcome]) -> Json:
    """Scores of all cases, of those that were rendered too, and of those of them whose best setting
    is known (`bounded`); parameters, calibration, times.

    What needs true settings is left out where there are none; parameters of a rig, too, as many
    settings of it sound alike.
    """
    refined = [outcome for outcome in outcomes if RENDERED in outcome.answers]
    bounded = [outcome for outcome in refined if not np.isnan(outcome.score(BEST, MATCHED))]
    summary: Json = {
        "cases": len(outcomes),
        "all": _table(outcomes, [c for c in CONDITIONS if c not in (RENDERED, BEST)]),
        "rendered": _table(refined, CONDITIONS),
        "bounded": _table(bounded, CONDITIONS),
        "foretold": foretold_summary(refined),
        "seconds": _seconds(outcomes),
    }
    if not any(outcome.truth or outcome.clean for outcome in outcomes):
        return summary
    true = np.array([outcome.scores[CONDITIONS.index(TRUE)] for outcome in outcomes])
    return {
        **summary,
        "worst_true_parameters": float(true[:, : KEYS.index("pesq")].max()),
        "parameters": {name: _parameters(outcomes, name) for name in ANSWERS},
        "modulation": {name: _modulation(outcomes, name) for name in ANSWERS},
        "bypass": {name: _bypass(outcomes, name) for name in ANSWERS},
    }


def _table(outcomes: Sequence[Outcome], wanted: Sequence[str]) -> Json:
    """Means, paired differences, and gains and harm over doing nothing, of what was measured."""
    scores = {
        name: np.array([outcome.scores[CONDITIONS.index(name)] for outcome in outcomes])
        for name in wanted
    }
    known = {name: rows for name, rows in scores.items() if rows.size and not _unmeasured(rows)}
    others = [name for name in known if name != DO_NOTHING]
    return {
        "means": {name: _intervals(rows) for name, rows in known.items()},
        "differences": {
            f"{a} - {b}": _intervals(known[a] - known[b]) for a, b in PAIRS if {a, b} <= set(known)
        },
        "relative_gain": {
            name: {
                key: gain_and_median(*(columns(outcomes, c, key) for c in (name, DO_NOTHING)))
                for key in (RAW, MATCHED)
            }
            for name in others
        },
        "harmed": {
            name: harmed(*(columns(outcomes, c, MATCHED) for c in (name, DO_NOTHING)))
            for name in others
        },
    }


def _unmeasured(rows: Scores) -> bool:
    return bool(np.isnan(rows[:, 0]).all())


def _intervals(rows: Scores) -> Json:
    """By metric, what (cases, METRICS) comes to; metrics nobody measured are left out."""
    found = {key: interval_and_median(rows[:, number]) for number, key in enumerate(KEYS)}
    return {key: value for key, value in found.items() if value}


def _parameters(outcomes: Sequence[Outcome], name: str) -> Json:
    known = [
        (o.truth.settings[0], o.answers[name])
        for o in outcomes
        if o.truth and name in o.answers and len(o.truth.settings) == 1
    ]
    return parameter_summary([truth for truth, _ in known], [answer for _, answer in known])


def _modulation(outcomes: Sequence[Outcome], name: str) -> Json | None:
    known = [
        (o.truth, o.answers[name].setting, o.score(DO_NOTHING, MATCHED))
        for o in outcomes
        if o.truth and name in o.answers
    ]
    if not known:
        return None
    truths, found, before = zip(*known, strict=True)
    return modulation_errors(truths, found, np.array(before))


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
