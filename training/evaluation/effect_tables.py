"""The full tables of one effect: scores of every condition, parameters, bypass."""

from training.evaluation.digest import Measured, calibration_errors
from training.evaluation.intervals import Json
from training.evaluation.markdown import cell, heading, table
from training.evaluation.protocol import ANSWERS, CONDITIONS, CROSS_PLUGIN, METRICS

_PARTS = {"all": "all cases", "rendered": "those refined by rendering too"}


def effect_section(measured: Measured) -> str:
    """All that was measured of one effect."""
    parts = [heading(3, measured.plugin.name)]
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
    parts += ["How often the plugin was left out, of clean / of wet references:\n"]
    return "\n".join([*parts, _bypass(measured)])


_PARAMETERS = (
    "Parameters, {answer}: mean absolute error of the normalised value (the constant 0.5), or share"
    " of right classes where marked; bold where better than the constant; ECE is the expected"
    " calibration error of the confidence:\n"
)


def _scores(measured: Measured, part: str) -> str:
    rows = []
    for name, summary in measured.slices.items():
        means = summary[part]["means"]
        for condition in CONDITIONS:
            if found := means.get(condition):
                n = found["mrstft"]["n"]
                cells = [cell(found.get(metric.key), metric.digits) for metric in METRICS]
                rows.append([name, condition, str(n), *cells])
    return table(["slice", "condition", "n", *(metric.title for metric in METRICS)], rows)


def _parameters(measured: Measured, answer: str) -> str:
    known = _known(measured)
    errors = calibration_errors(measured, answer)["parameters"]
    rows = []
    for spec in measured.plugin.predicted:
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
    text = f"{cell(entry['answer'], 3)} ({entry['constant']['mean']:.3f})"
    better = entry["beats_constant"]
    return f"**{text}**" if better["mean"] - (better["ci95"] or 0.0) > 0 else text


def _bypass(measured: Measured) -> str:
    known = _known(measured)
    rows = [
        [answer, *(_shares(summary["bypass"][answer]) for summary in known.values())]
        for answer in ANSWERS
    ]
    return table(["answer", *known], rows)


def _shares(bypass: Json) -> str:
    shares = (bypass["clean_found"], bypass["wet_bypassed"])
    return " / ".join(f"{100 * share['mean']:.0f} %" if share else "none" for share in shares)


def _known(measured: Measured) -> dict[str, Json]:
    """The slices with true parameters."""
    return {name: s for name, s in measured.slices.items() if "parameters" in s}
