"""Measure every slice of every plugin, each once, then write tables and pictures."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.progress import track

from bridge.library import MODELS
from bridge.manifest import Manifest, PluginSpec
from training.errors import TrainingError
from training.evaluation.bench import Outcome, measure
from training.evaluation.cross_plugin import load_counterparts
from training.evaluation.pictures import draw_pictures
from training.evaluation.protocol import CROSS_PLUGIN, SLICES, Settings, Work
from training.evaluation.results import (
    PluginResults,
    identity,
    results_in,
    same_but_for_rendering,
)
from training.evaluation.summary import summarise, with_rendering_of
from training.evaluation.tables import write_tables
from training.workers import worker_pool

NO_COUNTERPART = "no_counterpart"
"""In the place of a summary, the reason why there is no cross-plugin slice."""

_Map = Callable[
    [Callable[[tuple[Work, int]], Outcome], Sequence[tuple[Work, int]]], Iterable[Outcome]
]


def evaluate(
    manifest: Manifest,
    plugins: Sequence[PluginSpec],
    settings: Settings,
    corpus: Path,
    out: Path,
    models: Path = MODELS,
    processes: int = 2,
) -> None:
    """Measure what is missing of `plugins`, then report on all that was ever measured.

    Writes `evaluation/PLUGIN.json` below `out` slice by slice, then `evaluation.md`,
    `evaluation.json` and pictures. Raises BridgeError where plugins, models or corpus are missing.
    """
    folder = out / "evaluation"
    with _mapping(processes) as each:
        for plugin in plugins:
            results = PluginResults(folder / f"{plugin.id}.json", plugin)
            for name in SLICES:
                _measure_slice(manifest, results, name, settings, corpus, models, each)
    measured = results_in(folder, manifest.plugins)
    write_tables(measured, out)
    draw_pictures(measured, out)


def _measure_slice(
    manifest: Manifest,
    results: PluginResults,
    name: str,
    settings: Settings,
    corpus: Path,
    models: Path,
    each: _Map,
) -> None:
    plugin = results.plugin
    counterparts: tuple[PluginSpec, ...] = ()
    work = Work(plugin, name, settings, corpus, models)
    if name == CROSS_PLUGIN:
        try:
            counterparts = load_counterparts().of(plugin, manifest)
        except TrainingError as error:
            results.write(work, {NO_COUNTERPART: str(error)})
            return
        work = Work(plugin, name, settings, corpus, models, counterparts)
    wanted = identity(work)
    found = results.slice(work)
    if found and found.get("identity") == wanted:
        return
    known = found if found and same_but_for_rendering(found.get("identity"), wanted) else None
    jobs = [(work, index) for index in range(settings.rendered_cases if known else settings.cases)]
    title = f"{plugin.id}, {name}"
    outcomes = list(track(each(measure, jobs), title, total=len(jobs)))
    summary = summarise(outcomes, name, settings)
    if known:
        summary = with_rendering_of(summary, known)
    names = [counterpart.name for counterpart in counterparts]
    results.write(work, {"identity": wanted, "counterparts": names, **summary})


@contextmanager
def _mapping(processes: int) -> Iterator[_Map]:
    """`map` over spawned processes of one thread each; with one process, in this one."""
    if processes == 1:
        yield map
        return
    with worker_pool(processes) as pool:
        yield lambda function, jobs: pool.imap(function, jobs, chunksize=2)
