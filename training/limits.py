"""What small errors cost: how near the target a setting comes whose parameters are all a bit off.

No method that answers with parameters can do better than its errors allow. For each plugin the true
setting of test cases is moved by normal errors of growing size and rendered, enums kept; what is
left of the gain over doing nothing is the most that a predictor as exact as that can reach.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import track

from bridge.analysis.metrics import magnitudes, mrstft_with_gain
from bridge.arrays import Floats, finite
from bridge.manifest import PluginSpec, Setting
from training.evaluation import Settings
from training.evaluation.intervals import relative_gain
from training.evaluation.markdown import gain, heading, table
from training.examples import ClipSource, ExampleSource, Task
from training.files import write_whole
from training.workers import executor, in_order

ERRORS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.2)
"""Standard deviations of the errors, of normalised values."""


@dataclass(frozen=True)
class _Job:
    plugin: PluginSpec
    corpus: Path
    index: int


def measure(
    plugins: Sequence[PluginSpec], corpus: Path, out: Path, cases: int, processes: int = 2
) -> None:
    """Write `limits.{json,md}` below `out`, from `cases` cases of the corpus's test split each.

    Raises BridgeError where a plugin or the corpus is missing.
    """
    jobs = [_Job(plugin, corpus, index) for plugin in plugins for index in range(cases)]
    with executor(processes) as pool:
        found = list(track(in_order(pool, _distances, jobs), "limits", total=len(jobs)))
    results: dict[str, Any] = {}
    for number, plugin in enumerate(plugins):
        rows = [row for row in found[number * cases : (number + 1) * cases] if row is not None]
        distances = np.array(rows, np.float64)
        results[plugin.id] = [
            relative_gain(column, distances[:, 0]) for column in distances[:, 1:].T
        ]
    report = {"errors": ERRORS, "cases": cases, "relative_gain_gain_matched": results}
    write_whole(out / "limits.json", json.dumps(report, indent=1) + "\n")
    write_whole(out / "limits.md", _markdown(report))


def _distances(job: _Job) -> Floats | None:
    """Gain-matched MRSTFT of the dry input, then of each error's render; None of a dry case."""
    source = _source(job.plugin, job.corpus)
    case = source[job.index]
    if case.truth is None:
        return None
    target = case.target[0]
    wanted = magnitudes(target)
    draw = np.random.default_rng((43, job.index))
    truth = np.array(case.truth.predicted)
    moving = np.array([not spec.classes for spec in job.plugin.predicted])
    direction = draw.standard_normal(len(truth)) * moving
    audio = [case.dry] + [
        source.render(
            case.dry,
            case.sample_rate,
            Setting.of_predicted(job.plugin, np.clip(truth + e * direction, 0, 1).tolist()),
        )
        for e in ERRORS
    ]
    return np.array([mrstft_with_gain(finite(a[0]), target, wanted)[1] for a in audio])


@lru_cache(maxsize=1)
def _source(plugin: PluginSpec, corpus: Path) -> ExampleSource:
    settings = Settings()
    clips = ClipSource(settings.clips, corpus, "test", settings.seed)
    return ExampleSource(Task(plugin=plugin.id), plugin, clips)


def _markdown(report: dict[str, Any]) -> str:
    results = report["relative_gain_gain_matched"]
    rows = [[plugin, *map(gain, row)] for plugin, row in results.items()]
    means = np.mean([[g["mean"] for g in row] for row in results.values()], axis=0)
    mda = np.mean(
        [[g["mean"] for g in row] for name, row in results.items() if name.startswith("mda-")],
        axis=0,
    )
    rows.append(["mean of the mda effects", *(f"{100 * m:+.0f} %" for m in mda)])
    rows.append(["mean of all", *(f"{100 * m:+.0f} %" for m in means)])
    return "\n".join(
        [
            heading(1, "What small errors cost"),
            "The true setting of test cases, every continuous parameter moved at random by an error"
            " of the standard deviation in the head of the column (of normalised values, 0..1), and"
            " the gain over doing nothing that is left, in gain-matched MRSTFT; up to"
            f" {report['cases']} cases a plugin. A method can gain no more than its errors allow:"
            " where delays, carriers and modulation must coincide, a hundredth of the range is"
            " already most of the way back to no match at all. Written by `dafx-train limits`.\n",
            table(["effect", *(f"{e:g}" for e in report["errors"])], rows),
        ]
    )
