"""Measure every slice of every plugin or rig, each once, then write tables and pictures."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from rich.progress import track

from bridge.chain import Chain, chain_of
from bridge.library import MODELS
from bridge.manifest import Manifest
from training.evaluation.bench import measure
from training.evaluation.cases import NoCaseError
from training.evaluation.cross_plugin import load_counterparts
from training.evaluation.digest import by_host_rate
from training.evaluation.gear import GearCases
from training.evaluation.outcomes import Outcome, without_rendering
from training.evaluation.pictures import draw_pictures
from training.evaluation.protocol import CROSS_PLUGIN, REAL_GEAR, SLICES, Settings, Work
from training.evaluation.results import (
    ChainResults,
    Entry,
    identity,
    results_in,
    same_but_for_rendering,
)
from training.evaluation.tables import write_tables
from training.workers import executor, in_order

GEAR = Path("data/gear/validation")
_TRIED_FIRST = 4
"""Where a slice has none of so many cases, it is taken to have none at all."""

_Map = Callable[
    [Callable[[tuple[Work, int]], Outcome | None], Sequence[tuple[Work, int]]],
    Iterable[Outcome | None],
]


def evaluate(
    manifest: Manifest,
    chains: Sequence[Chain],
    settings: Settings,
    corpus: Path,
    out: Path,
    models: Path = MODELS,
    processes: int = 2,
    gear: Path = GEAR,
) -> None:
    """Measure what is missing of `chains`, then `report` on all that was ever measured.

    A plugin is a chain of one. Writes `evaluation/CHAIN.jsonl.gz` below `out` slice by slice.
    Without captures in `gear` that slice is left out. Raises BridgeError where plugins, models or
    corpus are missing.
    """
    with _mapping(processes) as each:
        for chain in chains:
            results = ChainResults.below(out / "evaluation", chain)
            for name in SLICES:
                work = Work(chain, name, settings, corpus, models, gear)
                _measure_slice(manifest, results, work, each)
    report(manifest, out)


def report(manifest: Manifest, out: Path) -> None:
    """Make all tables and pictures from the cases below `out`; nothing is measured.

    Writes `evaluation.md`, `evaluation.json` and pictures.
    """
    plugins = [Chain.of_plugin(plugin) for plugin in manifest.plugins]
    rigs = [chain_of(rig.id, manifest) for rig in manifest.rigs]
    measured = by_host_rate(results_in(out / "evaluation", [*plugins, *rigs]))
    write_tables(measured, out)
    draw_pictures(measured, out)


def _measure_slice(manifest: Manifest, results: ChainResults, work: Work, each: _Map) -> None:
    entry, found = Entry(work.settings.host_rate_hz, work.slice), results.entry(work)
    try:
        work, cases = _prepared(manifest, work)
    except NoCaseError as error:
        # What was measured on another computer stays.
        if not (found and (found.rows or found.old_summary)):
            results.write(replace(entry, missing=str(error)))
        return
    wanted = identity(work, cases)
    entry = replace(entry, identity=wanted, made_by=tuple(c.name for c in work.counterparts))
    if found and found.old_summary is None and found.identity == wanted:
        return
    known = bool(found and found.rows and same_but_for_rendering(found.identity, wanted))
    rendered = min(work.settings.rendered_cases, cases)
    rows = list(_rows(work, rendered if known else cases, each))
    if known and found:
        rows += [without_rendering(row) for row in found.rows if row["case"] >= rendered]
    missing = "" if rows else f"no case could be made of the first {_TRIED_FIRST}"
    results.write(replace(entry, rows=tuple(rows), missing=missing))


def _prepared(manifest: Manifest, work: Work) -> tuple[Work, int]:
    """The work with all that its slice needs, and how many cases it has.

    Where no network knows the chain, only what is rendered says something. Raises NoCaseError
    where there is nothing to measure with.
    """
    settings = work.settings
    trained = len(work.chain.slots) == 1 and work.chain.slots[0].plugin.model is not None
    cases = settings.cases if trained else min(settings.cases, settings.rendered_cases)
    if work.slice == CROSS_PLUGIN:
        counterparts = load_counterparts().of(work.chain, manifest)
        return replace(work, counterparts=counterparts), cases
    if work.slice == REAL_GEAR:
        return work, min(cases, len(GearCases(work.gear)))
    return work, cases


def _rows(work: Work, cases: int, each: _Map) -> Iterator[dict[str, object]]:
    """The rows of the first cases; of none where the very first cannot be made."""
    jobs, found = [(work, index) for index in range(cases)], 0

    def outcomes() -> Iterator[Outcome | None]:
        yield from each(measure, jobs[:_TRIED_FIRST])
        if found:
            yield from each(measure, jobs[_TRIED_FIRST:])

    for outcome in track(outcomes(), f"{work.chain.id}, {work.slice}", total=cases):
        if outcome:
            found += 1
            yield outcome.row


@contextmanager
def _mapping(processes: int) -> Iterator[_Map]:
    """`map` over spawned processes of one thread each; with one process, in this one."""
    if processes == 1:
        yield map
        return
    with executor(processes) as pool:
        yield partial(in_order, pool)
