"""Where answers are worse than doing nothing: how often, and the worst cases by name."""

from collections.abc import Mapping, Sequence

from bridge.analysis.metrics import HARM
from bridge.chain import ChainSetting
from training.evaluation.intervals import Json, Values, share
from training.evaluation.outcomes import Outcome
from training.evaluation.protocol import DO_NOTHING, MATCHED

WORST = 10


def harmed(answers: Values, baseline: Values) -> Json | None:
    """Share of the cases in which an answer is farther than doing nothing by more than `HARM`.

    Of distances by case; NaN does not count.
    """
    excess = answers - baseline
    return share(excess[excess == excess] > HARM)


def worst_cases(slices: Mapping[str, Sequence[Outcome]], condition: str) -> list[Json]:
    """The `WORST` cases of all slices in which a condition is farthest above doing nothing.

    Cases in which it is not farther are left out.
    """
    pairs = [(name, outcome) for name, outcomes in slices.items() for outcome in outcomes]
    worse = [pair for pair in pairs if _excess(pair[1], condition) > 0]
    worse.sort(key=lambda pair: -_excess(pair[1], condition))
    return [
        {
            "slice": name,
            "case": outcome.index,
            "clip": outcome.clip,
            "maker": outcome.maker,
            "truth": told(outcome.truth) if outcome.truth else "dry" if outcome.clean else "",
            "answer": told(outcome.answers[condition].setting),
            "before": outcome.score(DO_NOTHING, MATCHED),
            "after": outcome.score(condition, MATCHED),
        }
        for name, outcome in worse[:WORST]
    ]


def told(setting: ChainSetting) -> str:
    """The predicted parameters' real values by symbol, slot by slot; or that a slot is left out."""
    parts = []
    for slot, one in zip(setting.chain.slots, setting.settings, strict=True):
        if slot.id in setting.bypassed:
            parts.append(f"{slot.id} left out")
            continue
        values = one.values
        named = [f"{spec.symbol} {values[spec.symbol]:.3g}" for spec in slot.plugin.predicted]
        prefix = f"{slot.id}: " if len(setting.chain.slots) > 1 else ""
        parts.append(prefix + ", ".join(named))
    return "; ".join(parts)


def _excess(outcome: Outcome, condition: str) -> float:
    """How much farther than doing nothing; NaN, which is not above 0, where it was not measured."""
    return outcome.score(condition, MATCHED) - outcome.score(DO_NOTHING, MATCHED)
