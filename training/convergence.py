"""What an experiment's starts ended in: did every one leave its corner, and does it follow?"""

import json
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from bridge.analysis.metrics import mrstft
from bridge.arrays import Floats
from bridge.manifest import PluginSpec
from training.examples import ExampleSource
from training.files import write_whole
from training.fit import Folders, Trained
from training.spsa import answers_of, audio_loss, draw_batch, set_up_worker

CASES = 256
SEED = 7
_CONSTANT = 1e-6
CORNER = 0.02
"""An answer this near to an end of its range counts as saturated where the truth is not."""


def report(name: str, trained: Trained, plugin: PluginSpec, folders: Folders, out: Path) -> None:
    """Write `NAME.json` and `NAME.md` below `out`, on validation audio."""
    experiment = trained.experiment
    source = ExampleSource(experiment.task, plugin, folders.data / "corpus", "validation", SEED)
    workload = ({"train": source, "validation": source}, experiment.features)
    with get_context("spawn").Pool(2, set_up_worker, workload) as workers:
        batch = draw_batch(workers, "validation", CASES)
        found = [answers_of(trained.encoder, p, batch) for p in trained.predictors]
        scores = [audio_loss(workers, batch, answers) for answers in found]
    truth = batch.truth
    rows = []
    for number, (start, answers) in enumerate(zip(experiment.starts, found, strict=True)):
        inside = np.abs(truth - 0.5) < 0.5 - CORNER
        saturated = (np.abs(answers - 0.5) > 0.5 - CORNER) & inside
        rows.append(
            {
                "start": start,
                "mrstft": round(scores[number], 4),
                "mean_answer": _rounded(answers.mean(axis=0), 3),
                "error": _rounded(np.abs(answers - truth).mean(axis=0), 4),
                "correlation": _correlations(answers, truth),
                "saturated_share": round(float(saturated.sum() / max(inside.sum(), 1)), 4),
                "curve": _curve(folders.runs / name, f"spsa-{number}"),
            }
        )
    do_nothing = [mrstft(dry[0], target[0]) for _, dry, target in batch.audio]
    result = {
        "experiment": name,
        "parameters": [spec.symbol for spec in plugin.predicted],
        "mean_truth": _rounded(truth.mean(axis=0), 3),
        "constant_error": _rounded(np.abs(0.5 - truth).mean(axis=0), 4),
        "do_nothing_mrstft": round(float(np.mean(do_nothing)), 4),
        "starts": rows,
    }
    write_whole(out / f"{name}.json", json.dumps(result, indent=1) + "\n")
    write_whole(out / f"{name}.md", _markdown(result))


def _rounded(values: Floats, digits: int) -> list[float]:
    return [round(float(value), digits) for value in values]


def _correlations(answers: Floats, truth: Floats) -> list[float | None]:
    """Correlation of answer and truth for each parameter; None where the truth is constant."""
    return [
        round(float(np.corrcoef(answer, true)[0, 1]), 3)
        if true.std() > _CONSTANT and answer.std() > _CONSTANT
        else None
        for answer, true in zip(answers.T, truth.T, strict=True)
    ]


def _curve(folder: Path, stage: str) -> list[list[float]]:
    """Step and audio loss on validation audio of one start, from the run's log."""
    lines = map(json.loads, (folder / "log.jsonl").read_text().splitlines())
    return [
        [line["step"], line["validation_mrstft"]]
        for line in lines
        if line["stage"] == stage and "validation_mrstft" in line
    ]


def _markdown(result: dict[str, Any]) -> str:
    symbols = result["parameters"]
    lines = [
        f"# {result['experiment']}",
        "",
        f"Learned through the plugin by SPSA alone, from {len(result['starts'])} starts; measured"
        f" on {CASES} cases of validation audio, where doing nothing scores MRSTFT"
        f" {result['do_nothing_mrstft']:.3f}. Mean truth: "
        + ", ".join(f"{s} {v:.3f}" for s, v in zip(symbols, result["mean_truth"], strict=True))
        + ". *Saturated*: share of answers within"
        f" {CORNER} of an end whose truth is not. Written by `dafx-train report`.",
        "",
        "| start | MRSTFT | "
        + " | ".join(f"mean {s}" for s in symbols)
        + " | "
        + " | ".join(f"error {s}" for s in symbols)
        + " | correlations | saturated |",
        "|---|---|" + "---|" * (2 * len(symbols) + 2),
    ]
    for row in result["starts"]:
        correlations = ", ".join("-" if c is None else f"{c:.2f}" for c in row["correlation"])
        cells = [
            f"{row['start']:g}",
            f"{row['mrstft']:.3f}",
            *(f"{value:.3f}" for value in row["mean_answer"]),
            *(f"{value:.3f}" for value in row["error"]),
            correlations,
            f"{100 * row['saturated_share']:.1f} %",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    lines += ["", "| start | validation MRSTFT while training (step: loss) |", "|---|---|"]
    for row in result["starts"]:
        curve = row["curve"][:: max(1, len(row["curve"]) // 6)]
        lines.append(f"| {row['start']:g} | " + ", ".join(f"{s}: {v:.2f}" for s, v in curve) + " |")
    return "\n".join(lines) + "\n"
