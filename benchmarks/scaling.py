"""How bulk work grows with workers: what a piece costs here, and what that means for a cluster.

    python -m benchmarks.scaling [--data data] [--workers 1 2] [--clips 96] [--out docs/results]

Examples of training pools are made (a clip, plugins' references to it, their statistics) by
processes of this computer and by a Dask cluster of as many workers, both started here. Then empty
pieces of work are given to both: what is left is the overhead. From these figures follows how long
1,000 plugins x 100,000 examples take, and what limits it. Writes scaling.json and scaling.md. Needs
`dafx-train corpus`, the extra `cluster`, and a computer that is otherwise idle.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from bridge.analysis.features import FeatureSettings
from bridge.library import Library
from bridge.spawning import environment, one_thread_each
from training.cluster import SCHEDULER
from training.examples import ClipSettings, ClipSource, ExampleSource, Task
from training.pool import hear
from training.workers import executor, in_order

PLUGINS = ("mda-overdrive", "mda-delay", "mda-ambience", "pedalboard-reverb")
PLANNED_PLUGINS, PLANNED_EXAMPLES = 1_000, 100_000
PIECE = 8
"""Clips of one piece of work here."""
PLANNED_CHUNK = 128
"""Examples of one piece of work of a pool."""
CORES = (10, 100, 1_000)
EMPTY = 400
"""Empty pieces of work whose time is taken."""
_MIB, _TIB, _DAY_S = 2**20, 2**40, 86_400


def main() -> None:
    """Measure, compute and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("data"), help="where the corpus lies")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--clips", type=int, default=96)
    parser.add_argument("--out", type=Path, default=Path("docs/results"))
    arguments = parser.parse_args()
    manifest = Library().manifest
    settings = ClipSettings(sample_rates_hz=(48_000,))
    clips = ClipSource(settings, arguments.data / "corpus", "train", 1)
    sources = [ExampleSource(Task(plugin=n), manifest.plugin(n), clips) for n in PLUGINS]
    rows = []
    for count in arguments.workers:
        for kind, place in (("processes", nullcontext()), ("Dask", _dask(count))):
            rows.append({"kind": kind} | _measured(place, count, sources, arguments.clips))
            print(rows[-1], flush=True)
    alone = next(row for row in rows if row["kind"] == "processes" and row["workers"] == 1)
    overhead_s = max(row["overhead_ms"] for row in rows if row["kind"] == "Dask") / 1_000
    report = {
        "cores": os.cpu_count(),
        "plugins": PLUGINS,
        "clips": arguments.clips,
        "rows": rows,
        "most_examples_per_s": round(PLANNED_CHUNK / overhead_s),
        "planned": [_planned(alone, overhead_s, cores) for cores in CORES],
    }
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "scaling.json").write_text(json.dumps(report, indent=1) + "\n")
    (arguments.out / "scaling.md").write_text(_markdown(report))


def _measured(
    place: AbstractContextManager[None],
    workers: int,
    sources: Sequence[ExampleSource],
    clips: int,
) -> dict[str, Any]:
    make = partial(_examples, sources)
    with place, executor(workers) as crew:
        # Every worker has loaded all it needs before the time is taken.
        list(in_order(crew, make, range(0, 2 * workers * PIECE, PIECE)))
        started_s = time.monotonic()
        sizes = list(in_order(crew, make, range(1_000, 1_000 + clips, PIECE)))
        made_s = time.monotonic() - started_s
        started_s = time.monotonic()
        list(in_order(crew, abs, range(EMPTY)))
        empty_s = time.monotonic() - started_s
    return {
        "workers": workers,
        "examples_per_s": round(clips * len(sources) / made_s, 2),
        "bytes_an_example": round(sum(sizes) / (clips * len(sources))),
        "overhead_ms": round(1_000 * empty_s / EMPTY, 2),
    }


def _examples(sources: Sequence[ExampleSource], first: int) -> int:
    """What a training pool keeps of some clips: how many bytes it takes."""
    features, size = FeatureSettings(), 0
    for index in range(first, first + PIECE):
        clip = sources[0].clips[index]
        for source in sources:
            audio, _ = source.reference(index, clip)
            heard = hear(audio, clip.sample_rate, features)
            size += heard.vector.astype(np.float16).nbytes + heard.levels.nbytes
    return size


def _planned(alone: dict[str, Any], overhead_s: float, cores: int) -> dict[str, Any]:
    """So many cores, from what one core does and what a piece costs the scheduler."""
    examples = PLANNED_PLUGINS * PLANNED_EXAMPLES
    rate = alone["examples_per_s"] * cores
    return {
        "cores": cores,
        "days": round(examples / rate / _DAY_S, 2),
        "scheduler_busy": round(rate / PLANNED_CHUNK * overhead_s, 4),
        "written_mib_per_s": round(rate * alone["bytes_an_example"] / _MIB, 2),
    }


@contextmanager
def _dask(workers: int) -> Iterator[None]:
    """A scheduler and workers on this computer, for what is done inside."""
    program = [sys.executable, "-m"]
    options = ["--host", "127.0.0.1", "--no-dashboard"]
    address = "tcp://127.0.0.1:8786"
    schedule = [*program, "distributed.cli.dask_scheduler", *options, "--port", "8786"]
    work = [*program, "distributed.cli.dask_worker", address, *options, "--nthreads", "1"]
    # Dask's nanny has freed memory given back at once, which costs more than half of the speed.
    commands = [schedule, *([*work, "--no-nanny"] for _ in range(workers))]
    with one_thread_each():
        started = [subprocess.Popen(command, stderr=subprocess.DEVNULL) for command in commands]
    try:
        time.sleep(10)
        with environment(**{SCHEDULER: address}):
            yield
    finally:
        for child in reversed(started):
            child.terminate()
            child.wait()


def _markdown(report: dict[str, Any]) -> str:
    rows = "".join(
        f"| {r['kind']} | {r['workers']} | {r['examples_per_s']} | {r['overhead_ms']} |\n"
        for r in report["rows"]
    )
    planned = "".join(
        f"| {p['cores']:,} | {p['days']} | {p['scheduler_busy']:.1%} | {p['written_mib_per_s']} |\n"
        for p in report["planned"]
    )
    size = report["rows"][0]["bytes_an_example"]
    examples = PLANNED_PLUGINS * PLANNED_EXAMPLES
    return f"""# How bulk work scales

Measured on {report["cores"]} cores: examples of training pools, 5.5 s at 48 kHz, of
{", ".join(report["plugins"])}. An example is rendered, resampled
and turned into statistics, of which {size:,} bytes are kept. *Overhead* is the time of an empty
piece of work. Written by `python -m benchmarks.scaling`.

| workers are | workers | examples a second | overhead, ms a piece |
|---|---|---|---|
{rows}
Computed from these, for {PLANNED_PLUGINS:,} plugins and {PLANNED_EXAMPLES:,} examples of each,
{PLANNED_CHUNK} examples a piece, on cores like these:

| cores | days | scheduler busy | written, MiB a second |
|---|---|---|---|
{planned}
All examples take {examples * size / _TIB:.2f} TiB. Pieces know nothing of each other, so time falls
with the cores until the scheduler is busy all the time, at
{report["most_examples_per_s"]:,} examples a second; larger pieces move that limit. The shared
folder may come first: every clip is read once, for all plugins of a piece.
"""


if __name__ == "__main__":
    main()
