"""What an experiment's starts ended in: did every one leave its corner, and does it follow?"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from bridge.analysis.metrics import mrstft
from bridge.arrays import Floats
from bridge.manifest import PluginSpec
from training.errors import TrainingError
from training.examples import ClipSource, ExampleSource
from training.files import write_whole
from training.fit import Folders, Trained
from training.runs import Run
from training.spsa import answers_of, audio_loss, draw_batch, set_up_worker
from training.workers import worker_pool

CASES = 256
SEED = 7
_CONSTANT = 1e-6
CORNER = 0.02
"""An answer this near to an end of its range counts as saturated where the truth is not."""


def measure(name: str, trained: Trained, plugin: PluginSpec, folders: Folders) -> dict[str, Any]:
    """Every start's scores, answers and curve, on validation audio.

    Errors, correlations and saturation are of the wet cases that a start answers with a setting;
    how it tells dry from wet is counted beside. Raises TrainingError for a joint experiment.
    """
    experiment = trained.experiment
    if experiment.task is None or experiment.spsa is None:
        raise TrainingError(f"{name} has no starts to compare; name an experiment of one plugin")
    clips = ClipSource(experiment.clips, folders.data / "corpus", "validation", SEED)
    source = ExampleSource(experiment.task, plugin, clips)
    workload = ({"train": source, "validation": source}, experiment.features)
    with worker_pool(2, set_up_worker, workload) as workers:
        batch = draw_batch(workers, "validation", CASES)
        found = [answers_of(trained.encoder, p, batch) for p in trained.predictors.values()]
        scores = [audio_loss(workers, batch, answers) for answers in found]
    history = Run(folders.runs / name).history()
    rows = []
    for number, (start, answers) in enumerate(zip(experiment.spsa.starts, found, strict=True)):
        steps = history.get(f"spsa-{number}", {})
        curve = [[s, f["validation_mrstft"]] for s, f in steps.items() if "validation_mrstft" in f]
        rows.append(
            {"start": start, "mrstft": round(scores[number], 4)}
            | follows(answers, batch.truth)
            | {"curve": curve}
        )
    wet = batch.truth[~batch.clean]
    do_nothing = [mrstft(dry[0], target[0]) for _, dry, target in batch.audio]
    return {
        "experiment": name,
        "plugin": plugin.id,
        "parameters": [spec.symbol for spec in plugin.predicted],
        "cases": len(batch.truth),
        "clean_cases": int(batch.clean.sum()),
        "mean_truth": _rounded(wet.mean(axis=0), 3),
        "fixed": experiment.task.setting != "random",
        "constant_error": _rounded(np.abs(0.5 - wet).mean(axis=0), 4),
        "do_nothing_mrstft": round(float(np.mean(do_nothing)), 4),
        "starts": rows,
    }


def write_tables(result: dict[str, Any], out: Path) -> None:
    """What `measure` found as `NAME.json` and `NAME.md` below `out`."""
    name = result["experiment"]
    write_whole(out / f"{name}.json", json.dumps(result, indent=1) + "\n")
    write_whole(out / f"{name}.md", _markdown(result))


def follows(answers: Floats, truth: Floats) -> dict[str, Any]:
    """How answers (n, p), NaN for bypass, follow the truth (n, p), NaN for a dry reference."""
    clean, bypassed = np.isnan(truth[:, 0]), np.isnan(answers[:, 0])
    given, true = answers[~clean & ~bypassed], truth[~clean & ~bypassed]
    inside = np.abs(true - 0.5) < 0.5 - CORNER
    saturated = (np.abs(given - 0.5) > 0.5 - CORNER) & inside
    nothing = [None] * truth.shape[1]
    return {
        "mean_answer": _rounded(given.mean(axis=0), 3) if len(given) else nothing,
        "error": _rounded(np.abs(given - true).mean(axis=0), 4) if len(given) else nothing,
        "correlation": _correlations(given, true) if len(given) else nothing,
        "saturated_share": round(float(saturated.sum() / inside.sum()), 4)
        if inside.any()
        else None,
        "clean_bypassed": int((clean & bypassed).sum()),
        "wet_bypassed": int((~clean & bypassed).sum()),
    }


def _rounded(values: Floats, digits: int) -> list[float]:
    return [round(float(value), digits) for value in values]


def _correlations(answers: Floats, truth: Floats) -> list[float | None]:
    """Correlation of answer and truth for each parameter; None where one of them is constant."""
    return [
        round(float(np.corrcoef(answer, true)[0, 1]), 3)
        if true.std() > _CONSTANT and answer.std() > _CONSTANT
        else None
        for answer, true in zip(answers.T, truth.T, strict=True)
    ]


def _number(value: float | None, digits: int = 3) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _markdown(result: dict[str, Any]) -> str:
    symbols = result["parameters"]
    wet = result["cases"] - result["clean_cases"]
    lines = [
        f"# {result['experiment']}",
        "",
        f"{result['plugin']}, learned through the plugin by SPSA alone, from"
        f" {len(result['starts'])} starts; measured on {result['cases']} cases of validation audio,"
        f" {result['clean_cases']} of them clean, where doing nothing scores MRSTFT"
        f" {result['do_nothing_mrstft']:.3f}. Values are normalised to 0..1; answers, errors and"
        " correlations are of the wet cases that are not bypassed. *Saturated*: share of answers"
        f" within {CORNER} of an end whose truth is not. Written by `dafx-train report`.",
        "",
        "| start | MRSTFT | saturated | clean cases bypassed | wet cases bypassed |",
        "|---|---|---|---|---|",
    ]
    for row in result["starts"]:
        saturated = row["saturated_share"]
        lines.append(
            f"| {row['start']:g} | {row['mrstft']:.3f} |"
            f" {'-' if saturated is None else f'{100 * saturated:.1f} %'} |"
            f" {row['clean_bypassed']} of {result['clean_cases']} |"
            f" {row['wet_bypassed']} of {wet} |"
        )
    starts = " | ".join(f"start {row['start']:g}" for row in result["starts"])
    for title, key, digits in (
        ("mean answer", "mean_answer", 3),
        ("mean absolute error", "error", 3),
        ("correlation with the truth", "correlation", 2),
    ):
        beside = {
            "mean_answer": ("mean truth", result["mean_truth"]),
            "error": ("constant 0.5", result["constant_error"]),
        }.get(key)
        head = f"| {title} | " + (f"{beside[0]} | " if beside else "") + f"{starts} |"
        lines += ["", head, "|---" * (head.count("|") - 1) + "|"]
        for column, symbol in enumerate(symbols):
            cells = [symbol, *([_number(beside[1][column])] if beside else [])]
            cells += [_number(row[key][column], digits) for row in result["starts"]]
            lines.append("| " + " | ".join(cells) + " |")
    lines += ["", "| start | validation MRSTFT while training (step: loss) |", "|---|---|"]
    for row in result["starts"]:
        curve = row["curve"][:: max(1, len(row["curve"]) // 6)]
        lines.append(f"| {row['start']:g} | " + ", ".join(f"{s}: {v:.2f}" for s, v in curve) + " |")
    return "\n".join(lines) + "\n"
