"""The published A/B protocol on test audio, with its flaws mended, from the exported models.

Input is one dry half of a clip, reference the other half made wet, target the input made wet with
the same setting: by the same render path that serves training and live use, so the true
parameters score exactly 0. All conditions see the same cases.
"""

import json
from dataclasses import dataclass
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pyloudnorm
from rich.progress import track

from bridge.analysis.metrics import match_rms, mrstft_each
from bridge.arrays import Audio
from bridge.audio.resample import resample
from bridge.engine.matcher import Matcher
from bridge.manifest import Manifest, Setting
from bridge.paths import MODELS
from training.examples import Example, ExampleSource
from training.files import write_whole
from training.fit import Folders
from training.runs import load_experiment

PROTOCOL_RATE_HZ = 24_000
HALF_FRAMES = 131_072
HOST_RATES_HZ = (24_000, 48_000)
SEED = 2026
KINDS = {
    "guitar": ("guitar",),
    "other instruments": ("bass", "keys", "drums", "other"),
    "speech": ("speech",),
}
CLIPS = {"same clip": False, "other clip": True}
"""Whether the reference is the input's other half or comes from another recording."""
CONDITIONS = ("do nothing", "gain only", "random setting", "predicted", "true parameters")
_QUIETEST_LUFS = -70.0

_worker: tuple[ExampleSource, Matcher]


@dataclass(frozen=True)
class Case:
    """One case's scores, (conditions, 2) as raw and gain-matched MRSTFT, and parameters."""

    scores: list[list[float]]
    predicted: tuple[float, ...]
    truth: tuple[float, ...]


def evaluate(
    manifest: Manifest,
    plugin_id: str,
    folders: Folders,
    cases: int,
    out: Path,
    models: Path = MODELS,
) -> None:
    """Write `PLUGIN.json` and `PLUGIN.md` below `out`, `cases` for every slice and host rate."""
    plugin = manifest.plugin(plugin_id)
    card = Matcher(plugin, models).card
    task = load_experiment(card.experiment).task
    tables = []
    for rate in HOST_RATES_HZ:
        protocol = task.model_copy(
            update={
                "sample_rates_hz": (rate,),
                "half_s": HALF_FRAMES / PROTOCOL_RATE_HZ,
                "gain_db": (0.0, 0.0),
            }
        )
        for (name, kinds), (clip, other_clip) in product(KINDS.items(), CLIPS.items()):
            source = ExampleSource(
                protocol, plugin, folders.data / "corpus", "test", SEED, kinds, other_clip
            )
            with get_context("spawn").Pool(2, _set_up_worker, (source, models)) as workers:
                scores = workers.imap(_score, range(cases), chunksize=4)
                scored = list(track(scores, f"{name}, {clip}, {rate} Hz", total=cases))
            tables.append(
                {"slice": name, "reference": clip, "host_rate_hz": rate, **_summary(scored)}
            )
    report = {
        "plugin": plugin.id,
        "cases_per_slice": cases,
        "seed": SEED,
        "predictor_sha256": card.sha256,
        "parameters": [spec.symbol for spec in plugin.predicted],
        "tables": tables,
    }
    write_whole(out / f"{plugin.id}.json", json.dumps(report, indent=1) + "\n")
    write_whole(out / f"{plugin.id}.md", _markdown(plugin.name, report))


def _set_up_worker(source: ExampleSource, models: Path) -> None:
    global _worker
    _worker = source, Matcher(source.plugin, models)


def _score(index: int) -> Case:
    source, matcher = _worker
    example = source[index]
    rate = example.sample_rate
    predicted = matcher.predict(
        matcher.analyse(example.dry, rate, "input", repeat_short=True),
        matcher.analyse(example.reference, rate, "reference", repeat_short=True),
        rate,
    )
    draw = np.random.default_rng((SEED, index, 1))
    random = Setting.of_predicted(source.plugin, draw.random(len(predicted.predicted)).tolist())
    answers = {
        "do nothing": example.dry,
        "gain only": _gain_only(example),
        "random setting": source.effect.render(example.dry, rate, random),
        "predicted": source.effect.render(example.dry, rate, predicted),
        "true parameters": source.effect.render(example.dry, rate, example.truth),
    }
    target = _at_protocol_rate(example.target, rate)
    raw = [_at_protocol_rate(answers[condition], rate) for condition in CONDITIONS]
    matched = [match_rms(answer, target) for answer in raw]
    both = mrstft_each([*raw, *matched], target)
    scores = [list(pair) for pair in zip(both[: len(raw)], both[len(raw) :], strict=True)]
    return Case(scores, predicted.predicted, example.truth.predicted)


def _at_protocol_rate(audio: Audio, rate: int) -> Audio:
    return resample(audio[0], rate, PROTOCOL_RATE_HZ)


def _gain_only(example: Example) -> Audio:
    """The input at the reference's loudness (ITU-R BS.1770, integrated)."""
    meter = pyloudnorm.Meter(example.sample_rate)
    have, want = (
        max(meter.integrated_loudness(audio[0]), _QUIETEST_LUFS)
        for audio in (example.dry, example.reference)
    )
    return np.asarray(example.dry * 10 ** ((want - have) / 20), np.float32)


def _summary(cases: list[Case]) -> dict[str, object]:
    scores = np.array([case.scores for case in cases])
    half_width = 1.96 * scores.std(axis=0) / np.sqrt(len(cases))
    predicted = np.array([case.predicted for case in cases])
    truth = np.array([case.truth for case in cases])
    return {
        "mrstft": {
            condition: {
                kind: {
                    "mean": round(float(scores[:, row, column].mean()), 4),
                    "ci95": round(float(half_width[row, column]), 4),
                }
                for column, kind in enumerate(("raw", "gain_matched"))
            }
            for row, condition in enumerate(CONDITIONS)
        },
        "worst_true_parameters": float(scores[:, -1].max()),
        "parameter_error": np.abs(predicted - truth).mean(axis=0).round(4).tolist(),
        "constant_error": np.abs(0.5 - truth).mean(axis=0).round(4).tolist(),
    }


def _markdown(name: str, report: dict[str, Any]) -> str:
    lines = [
        f"# {name}: MRSTFT on test audio",
        "",
        f"Lower is nearer to the target; mean ± half of the 95 % interval over"
        f" {report['cases_per_slice']} cases a row, the same for all conditions; one target in ten"
        " is clean. *Same clip*: the reference is the input's other half, as in the published"
        " protocol; *other clip*: another recording of the same kind, as with a record."
        " *Gain-matched*: every answer scaled to the target's RMS first. Test audio comes from"
        " packages, soundfonts and speakers that training never saw. The worst score of the true"
        f" parameters is {max(table['worst_true_parameters'] for table in report['tables'])!r}."
        " Written by `dafx-train evaluate`.",
        "",
    ]
    for kind in ("raw", "gain_matched"):
        lines += [
            f"## {kind.replace('_', '-').capitalize()}",
            "",
            "| slice | reference | host rate | " + " | ".join(CONDITIONS) + " |",
            "|---|---|---|" + "---|" * len(CONDITIONS),
        ]
        for table in report["tables"]:
            cells = [
                f"{table['mrstft'][c][kind]['mean']:.3f} ± {table['mrstft'][c][kind]['ci95']:.3f}"
                for c in CONDITIONS
            ]
            lines.append(_row(table, cells))
        lines.append("")
    lines += [
        "## Mean absolute parameter error (constant 0.5 in brackets)",
        "",
        "| slice | reference | host rate | " + " | ".join(report["parameters"]) + " |",
        "|---|---|---|" + "---|" * len(report["parameters"]),
    ]
    for table in report["tables"]:
        cells = [
            f"{error:.3f} ({constant:.3f})"
            for error, constant in zip(
                table["parameter_error"], table["constant_error"], strict=True
            )
        ]
        lines.append(_row(table, cells))
    return "\n".join(lines) + "\n"


def _row(table: dict[str, Any], cells: list[str]) -> str:
    rate = f"{table['host_rate_hz'] / 1000:g} kHz"
    return "| " + " | ".join([table["slice"], table["reference"], rate, *cells]) + " |"
