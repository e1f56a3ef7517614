"""What an experiment's starts ended in: did every one leave its corner, and does it follow?"""

import json
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch

from bridge.analysis.metrics import mrstft
from bridge.arrays import Floats
from bridge.effects import load_effect
from bridge.manifest import PluginSpec, Setting
from training.examples import Example, ExampleSource
from training.files import write_whole
from training.fit import Folders, Trained
from training.networks import Predictor
from training.pool import features_of

CASES = 256
SEED = 7
_CONSTANT = 1e-6
CORNER = 0.02
"""An answer this near to an end of its range counts as saturated where the truth is not."""


def report(name: str, trained: Trained, plugin: PluginSpec, folders: Folders, out: Path) -> None:
    """Write `NAME.json` and `NAME.md` below `out`, on validation audio."""
    experiment = trained.experiment
    source = ExampleSource(experiment.task, plugin, folders.data / "corpus", "validation", SEED)
    examples = [source[index] for index in range(CASES)]
    drawn = [features_of(example, experiment.features) for example in examples]
    truth = np.array([example.truth.predicted for example in examples])
    dry_scores = [mrstft(example.dry[0], example.target[0]) for example in examples]
    rows = []
    starts = experiment.spsa.starts if experiment.spsa else (0.5,)
    for number, (start, predictor) in enumerate(zip(starts, trained.predictors, strict=True)):
        answers = _answers(trained, predictor, examples, drawn)
        with get_context("spawn").Pool(2) as workers:
            jobs = zip(examples, answers.tolist(), strict=True)
            scores = workers.starmap(_score, ((plugin, *job) for job in jobs), chunksize=16)
        inside = np.abs(truth - 0.5) < 0.5 - CORNER
        saturated = (np.abs(answers - 0.5) > 0.5 - CORNER) & inside
        rows.append(
            {
                "start": start,
                "mrstft": round(float(np.mean(scores)), 4),
                "mean_answer": answers.mean(axis=0).round(3).tolist(),
                "error": np.abs(answers - truth).mean(axis=0).round(4).tolist(),
                "correlation": _correlations(answers, truth),
                "saturated_share": round(float(saturated.sum() / max(inside.sum(), 1)), 4),
                "curve": _curve(folders.runs / name, f"spsa-{number}"),
            }
        )
    result = {
        "experiment": name,
        "parameters": [spec.symbol for spec in plugin.predicted],
        "mean_truth": truth.mean(axis=0).round(3).tolist(),
        "constant_error": np.abs(0.5 - truth).mean(axis=0).round(4).tolist(),
        "do_nothing_mrstft": round(float(np.mean(dry_scores)), 4),
        "starts": rows,
    }
    write_whole(out / f"{name}.json", json.dumps(result, indent=1) + "\n")
    write_whole(out / f"{name}.md", _markdown(result))


@torch.no_grad()
def _answers(
    trained: Trained,
    predictor: Predictor,
    examples: list[Example],
    drawn: list[tuple[Floats, Floats]],
) -> Floats:
    pictures = torch.from_numpy(np.concatenate([pair for pair, _ in drawn]))
    embeddings = trained.encoder.eval()(pictures)[0].unflatten(0, (-1, 2))
    levels = torch.from_numpy(np.stack([level for _, level in drawn]))
    rates = torch.tensor([[float(example.sample_rate)] for example in examples])
    answer = predictor.eval()(embeddings[:, 0], embeddings[:, 1], levels[:, 0], levels[:, 1], rates)
    return np.asarray(answer.clamp(0, 1).numpy())


def _score(plugin: PluginSpec, example: Example, answer: list[float]) -> float:
    wet = load_effect(plugin).render(
        example.dry, example.sample_rate, Setting.of_predicted(plugin, answer)
    )
    return mrstft(wet[0], example.target[0])


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


def _markdown(result: dict) -> str:  # type: ignore[type-arg]
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
