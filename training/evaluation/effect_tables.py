"""The full tables of one effect: scores of every condition, parameters, bypass."""

from collections.abc import Sequence

from training.evaluation.digest import Measured, calibration_errors
from training.evaluation.intervals import Json
from training.evaluation.markdown import cell, heading, shared, table
from training.evaluation.protocol import ANSWERS, CONDITIONS, CROSS_PLUGIN, METRICS

_PARTS = {"all": "all cases", "rendered": "those refined by rendering too"}


def effect_section(measured: Measured) -> str:
    """All that was measured of one effect."""
    parts = [heading(3, measured.chain.name)]
    for name, reason in measured.missing.items():
        parts.append(f"No slice *{name}*: {reason}.\n")
    counterparts = measured.slices.get(CROSS_PLUGIN, {}).get("counterparts")
    if counterparts:
        parts.append(f"*{CROSS_PLUGIN}*: the reference is made by {', '.join(counterparts)}.\n")
    for part, title in _PARTS.items():
        parts += [f"Scores, {title}:\n", _scores(measured, part)]
    for answer in ANSWERS:
        if any(s["parameters"][answer] for s in _known(measured).values()):
            parts += [_PARAMETERS.format(answer=answer), _parameters(measured, answer)]
    parts += ["How often it was left out, of clean / of wet references:\n", _bypass(measured)]
    if worst := measured.worst():
        parts += [_WORST, _worst(worst)]
    return "\n".join(parts)


_PARAMETERS = (
    "Parameters, {answer}: mean absolute error of the normalised value (of the constant 0.5), or"
    " share of right classes where marked; bold where better than the constant; ECE is the expected"
    " calibration error of the confidence:\n"
)

_WORST = (
    "The cases in which the answer is worst against doing nothing, in gain-matched MRSTFT; settings"
    " are real values:\n"
)


def _scores(measured: Measured, part: str) -> str:
    rows = []
    for name, summary in measured.slices.items():
        means, harm = summary[part]["means"], summary[part].get("harmed", {})
        for condition in CONDITIONS:
            if found := means.get(condition):
                n = found["mrstft"]["n"]
                cells = [
                    cell(found.get(metric.key), metric.digits, median=True) for metric in METRICS
                ]
                rows.append([name, condition, str(n), shared(harm.get(condition)), *cells])
    titles = [metric.title for metric in METRICS]
    return table(["slice", "condition", "n", "harmed", *titles], rows)


def _parameters(measured: Measured, answer: str) -> str:
    known = _known(measured)
    errors = calibration_errors(measured, answer)["parameters"]
    rows = []
    for spec in measured.chain.slots[0].plugin.predicted:
        entries = [summary["parameters"][answer].get(spec.symbol) for summary in known.values()]
        ece = errors.get(spec.symbol)
        rows.append(
            [
                f"{spec.symbol} (class)" if spec.classes else spec.symbol,
                *(_parameter(entry) for entry in entries),
                "" if ece is None else f"{ece:.3f}",
            ]
        )
    return table(["parameter", *known, "ECE"], rows)


def _parameter(entry: Json | None) -> str:
    if not entry or not entry["answer"]:
        return ""
    middle = "median" in entry["answer"] and entry["measure"] == "error"
    median = f", median {entry['answer']['median']:.3f}" if middle else ""
    text = f"{cell(entry['answer'], 3)}{median} ({entry['constant']['mean']:.3f})"
    better = entry["beats_constant"]
    return f"**{text}**" if better["mean"] - (better["ci95"] or 0.0) > 0 else text


def _bypass(measured: Measured) -> str:
    known = _known(measured)
    rows = [
        [answer, *(_shares(summary["bypass"][answer]) for summary in known.values())]
        for answer in ANSWERS
    ]
    return table(["answer", *known], rows)


def _worst(cases: Sequence[Json]) -> str:
    rows = [
        [
            case["slice"],
            str(case["case"]),
            f"{case['clip']} ({case['maker']})",
            case["truth"],
            case["answer"],
            f"{case['before']:.2f} → {case['after']:.2f}",
        ]
        for case in cases
    ]
    header = ["slice", "case", "clip (reference by)", "true setting", "answer", "before → after"]
    return table(header, rows)


def _shares(bypass: Json) -> str:
    shares = (bypass["clean_found"], bypass["wet_bypassed"])
    return " / ".join(f"{100 * share['mean']:.0f} %" if share else "none" for share in shares)


def _known(measured: Measured) -> dict[str, Json]:
    """The slices with true parameters."""
    return {name: s for name, s in measured.slices.items() if "parameters" in s}
