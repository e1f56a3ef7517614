"""`guitar-amp` and its twin that a DAW can load, on the same captures of real gear.

    python -m benchmarks.twin [--gear data/gear/validation] [--cases 36] [--budget-s 4]

Each case is a clip before a capture, other playing through it as the reference, and the clip
through it as the target, which only the score knows. Both rigs search for as many seconds of
computing. In the first `--ceilings` cases the best setting is searched for too, with the target
known. Writes twin.json, with every case, and twin.md.
"""

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.outcome import Outcome
from bridge.analysis.metrics import HARM
from bridge.arrays import finite
from bridge.chain import chain_of
from bridge.effects import load_chain
from bridge.library import Library
from training.evaluation.ceiling import TRIES_OF_RIGS, best_audio
from training.evaluation.gear import GearCases
from training.evaluation.markdown import table
from training.learning.judging import distances, searched
from training.workers import executor, in_order

RIGS = ("guitar-amp", "guitar-amp-lv2")
_WORST = 10
_NOTHING = 1e-3
"""A gain below it is a change of level alone."""
_HEADER = (
    *("rig", "cases", "gain, mean", "median", f"mean of the {_WORST} worst", "worst"),
    *("left alone", "harmed", "farther at all"),
)


@dataclass(frozen=True)
class Case(Outcome):
    """One rig and one capture. Distances to the target at its level, MRSTFT: 0 is identical."""

    rig: str
    number: int
    capture: str
    nothing: float
    answer: float
    best: float | None
    """Of the best setting that was found with the target known."""
    seconds: float


@dataclass(frozen=True)
class _Job:
    gear: Path
    budget_s: float
    ceilings: int


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gear", type=Path, default=Path("data/gear/validation"))
    parser.add_argument("--cases", type=int, default=36)
    parser.add_argument("--budget-s", type=float, default=4.0)
    parser.add_argument("--ceilings", type=int, default=6)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("docs/results"))
    parser.add_argument("--tables-only", action="store_true", help="make twin.md from twin.json")
    arguments = parser.parse_args()
    record, page = arguments.out / "twin.json", arguments.out / "twin.md"
    if not arguments.tables_only:
        arguments.out.mkdir(parents=True, exist_ok=True)
        rows = [asdict(case) for case in _measured(arguments)]
        record.write_text(json.dumps(rows, indent=1) + "\n")
    cases = [Case(**row) for row in json.loads(record.read_text())]
    page.write_text("\n".join(report(cases, arguments.budget_s)) + "\n")


def _measured(arguments: argparse.Namespace) -> list[Case]:
    count = min(arguments.cases, len(GearCases(arguments.gear)))
    job = _Job(arguments.gear, arguments.budget_s, arguments.ceilings)
    cases: list[Case] = []
    with executor(arguments.processes) as pool:
        for both in in_order(pool, partial(_cases, job), range(count)):
            cases += both
            gains = " ".join(f"{case.gain:6.0%}" for case in both)
            print(f"{both[0].capture} {both[0].nothing:5.2f} {gains}", flush=True)
    return cases


def _cases(job: _Job, number: int) -> list[Case]:
    """Each rig with the gear's case of that number."""
    asked, library = GearCases(job.gear)[number], Library()
    cases = []
    for rig in RIGS:
        chain, started_s = chain_of(rig, library.manifest), time.process_time()
        heard = [asked.dry, finite(searched(chain, library, asked, job.budget_s))]
        seconds = round(time.process_time() - started_s, 2)
        if number < job.ceilings:
            heard.append(best_audio(load_chain(chain), asked))
        found = distances(heard, asked.target, asked.sample_rate)
        nothing, answer, *best = [round(matched, 4) for _, matched in found]
        ceiling = best[0] if best else None
        cases.append(Case(rig, number, asked.maker, nothing, answer, ceiling, seconds))
    return cases


def report(cases: Sequence[Case], budget_s: float) -> list[str]:
    """The page."""
    captures, count = len({case.capture for case in cases}), len(cases) // len(RIGS)
    return [
        "# A rig that a DAW can load, beside `guitar-amp`",
        "",
        f"`python -m benchmarks.twin`: {captures} captures of real amplifiers and pedals that"
        f" were kept out of training, {count} references of other playing, a search of"
        f" {budget_s:g} s of computing for each rig. Gain: how much of the distance to the target"
        " (MRSTFT at its level) is taken back. Left alone: the answer is no effect. Harmed: farther"
        f" than doing nothing by more than {HARM:g}. The twin's plugins were chosen on six captures"
        " of training.",
        "",
        table(_HEADER, [_row(rig, _of(rig, cases)) for rig in RIGS]),
        _beside(cases),
        "",
        f"The best setting that CMA-ES finds in {TRIES_OF_RIGS} tries with the target known, beside"
        " the answer; a better one may be there still:",
        "",
        _ceilings(cases),
        f"The {_WORST} worst of each:",
        "",
        *(line for rig in RIGS for line in _worst(_of(rig, cases))),
    ]


def _of(rig: str, cases: Sequence[Case]) -> list[Case]:
    return [case for case in cases if case.rig == rig]


def _row(rig: str, cases: Sequence[Case]) -> list[str]:
    gains = sorted(case.gain for case in cases)
    return [
        f"`{rig}`",
        f"{len(cases)}",
        *(f"{share:.0%}" for share in (np.mean(gains), np.median(gains))),
        *(f"{share:.0%}" for share in (np.mean(gains[:_WORST]), gains[0])),
        f"{np.mean([abs(case.gain) < _NOTHING for case in cases]):.0%}",
        f"{np.mean([case.harmed for case in cases]):.0%}",
        f"{np.mean([case.answer > case.nothing for case in cases]):.0%}",
    ]


def _beside(cases: Sequence[Case]) -> str:
    """Case by case, as the same ones were put to both."""
    built_in, twin = (_of(rig, cases) for rig in RIGS)
    more = 100 * np.array([b.gain - a.gain for a, b in zip(built_in, twin, strict=True)])
    return (
        f"The twin is nearer in {np.sum(more > 0)} of {len(more)} cases. Its gain is higher by"
        f" {np.mean(more):.1f} points in the mean (standard error"
        f" {np.std(more, ddof=1) / np.sqrt(len(more)):.1f}), {np.median(more):.1f} in the median."
    )


def _ceilings(cases: Sequence[Case]) -> str:
    rows = [
        [f"`{c.rig}`", c.capture, *(f"{value:.2f}" for value in (c.nothing, c.answer, c.best))]
        for c in cases
        if c.best is not None
    ]
    return table(("rig", "capture", "doing nothing", "answer", "best"), rows)


def _worst(cases: Sequence[Case]) -> Iterator[str]:
    for case in sorted(cases, key=lambda case: case.gain)[:_WORST]:
        yield f"- `{case.rig}`, {case.capture}: {case.nothing:.2f} → {case.answer:.2f}"


if __name__ == "__main__":
    main()
