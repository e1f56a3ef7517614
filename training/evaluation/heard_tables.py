"""Tables of what a musician would ask: does it do harm, on real gear too, and does it say so?

Each is empty where nothing of it was measured.
"""

from collections.abc import Iterator, Sequence

from training.evaluation.digest import Measured, mda, mean_harmed
from training.evaluation.foretold import MEANT_COVERAGE
from training.evaluation.intervals import Json
from training.evaluation.markdown import cell, gain, shared, table
from training.evaluation.modulation import AUDIBLE, NEAR_RATE
from training.evaluation.protocol import (
    ANSWERS,
    BEST,
    DO_NOTHING,
    GAIN_ONLY,
    MATCHED,
    REAL_GEAR,
    RENDERED,
    SLICES,
)


def harm_table(measured: Sequence[Measured], answer: str) -> str:
    """The share of harmed cases by effect and slice."""
    rows = [
        [m.chain.name, *(shared(m.harmed(name, answer)) for name in SLICES)]
        for m in measured
        if any(m.harmed(name, answer) for name in SLICES)
    ]
    if not rows:
        return ""
    means = [mean_harmed(mda(measured), name, answer) for name in SLICES]
    shares = ("" if mean is None else f"**{100 * mean:.0f} %**" for mean in means)
    return table(["effect", *SLICES], [*rows, ["**mean of the mda effects**", *shares]])


def gear_table(measured: Sequence[Measured]) -> str:
    """Gain and harm of every condition on real gear, and the answer beside the ceiling."""
    known = [m for m in measured if REAL_GEAR in m.slices]
    conditions = [c for c in (GAIN_ONLY, *ANSWERS) if any(_gear_gain(m, c) for m in known)]
    rows = []
    for m in known:
        row = [m.chain.name, str(m.slices[REAL_GEAR]["cases"])]
        for condition in conditions:
            row.append(gain(_gear_gain(m, condition), median=True))
            row.append(shared(m.harmed(REAL_GEAR, condition)))
        bounded = m.block(REAL_GEAR, BEST).get("relative_gain", {})
        there = [bounded.get(condition, {}).get(MATCHED) for condition in (RENDERED, BEST)]
        row.append(str(there[1]["n"]) if there[1] else "0")
        rows.append([*row, *(gain(found, median=True) for found in there)])
    if not rows:
        return ""
    note = (
        f"Gain in gain-matched MRSTFT. *{BEST.capitalize()}* was searched for with the target"
        f" known, in some of the cases; beside it stands *{RENDERED}* in the same ones.\n"
    )
    titles = [title for c in conditions for title in (f"{c}: gain", "… harmed")]
    bounds = ["best setting known in", f"there {RENDERED}", f"… and {BEST}"]
    return note + "\n" + table(["effect", "cases", *titles, *bounds], rows)


def _gear_gain(measured: Measured, condition: str) -> Json | None:
    return measured.gain(REAL_GEAR, condition, MATCHED)


def modulation_table(measured: Sequence[Measured]) -> str:
    """Errors of rate, depth and mix of modulation effects, by slice and answer."""
    rows = [
        [
            m.chain.name,
            name,
            answer,
            *(cell(errors["rate_percent"][some], 0, median=True) for some in ("all", "audible")),
            shared(errors["rate_near"]["audible"]),
            cell(errors["depth"].get("audible"), 2, median=True),
            cell(errors["mix"].get("audible"), 2, median=True),
        ]
        for m, name, answer, errors in _modulations(measured)
    ]
    if not rows:
        return ""
    note = (
        "Rate error as a share of the true rate, in per cent; depth and mix as mean absolute errors"
        " of the normalised values. *Audible*: where doing nothing is at least"
        f" {AUDIBLE:g} (gain-matched MRSTFT) away. In brackets medians, which a few rates that are"
        " ten times too high do not move.\n"
    )
    header = ["effect", "slice", "answer", "rate (%)", "… audible"]
    header += [f"… within {NEAR_RATE:.0%}", "depth, audible", "mix, audible"]
    return note + "\n" + table(header, rows)


def _modulations(measured: Sequence[Measured]) -> Iterator[tuple[Measured, str, str, Json]]:
    for m in measured:
        for name, summary in m.slices.items():
            for answer in ANSWERS:
                if errors := summary.get("modulation", {}).get(answer):
                    yield m, name, answer, errors


def foretold_table(measured: Sequence[Measured]) -> str:
    """Predicted against true distance, by effect and slice."""
    rows = [
        [
            m.chain.name,
            name,
            str(told["coverage"]["n"]),
            *(gain(told["signed_error"][condition]) for condition in (DO_NOTHING, RENDERED)),
            shared(told["coverage"]),
            "" if told["better"]["ece"] is None else f"{told['better']['ece']:.3f}",
        ]
        for m in measured
        for name, summary in m.slices.items()
        if (told := summary.get("foretold"))
    ]
    if not rows:
        return ""
    note = (
        "Mean signed error of the predicted distance (half raw, half gain-matched MRSTFT), in per"
        " cent of the mean true one: below 0 it is too hopeful. *Covered*: how often the true"
        f" distance lies between the bounds that should hold {MEANT_COVERAGE:.0%} of them. *ECE of"
        " better*: expected calibration error of the stated probability of being nearer than doing"
        " nothing.\n"
    )
    header = ["effect", "slice", "n", f"error, {DO_NOTHING}", "error, with the answer", "covered"]
    return note + "\n" + table([*header, "ECE of better"], rows)
