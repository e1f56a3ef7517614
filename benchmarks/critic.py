"""What the critic owes to how much it learned from, and to each ingredient.

    python -m benchmarks.critic [--rows runs/critic/rows] [--epochs 10] [--share 0.5]

A critic is trained on growing shares of the rows that `dafx-train critic` made, and on `--share` of
them without one ingredient; each chooses among the candidates of the same validation cases. Goes
on where it was stopped. Writes critic.json, with every case, and critic.md.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bridge.library import Library
from bridge.search.surprise import SURPRISES
from training.critic.fit import Plan, Table, fit_critic, load_table
from training.critic.picking import CLEAR, HARMED, Picks, picks
from training.critic.rows import KINDS
from training.evaluation.markdown import table

SHARES = (0.125, 0.25, 0.5, 1.0)
_CAUTIOUS = 0.8
"""As the shipped card has it."""
_LIKELY = 0.5
_HEADER = (
    *("critic", "cases learned from", "gain, mean", "median", "harmed", "worst"),
    *("real gear: gain", "harmed", "expected / true distance of answers"),
)
_Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class _Fit:
    name: str
    share: float
    keeps: Callable[[Table], _Mask] | None = None
    """Which rows it learns from."""
    hears_networks: bool = True
    cautious: float = _CAUTIOUS


def main() -> None:
    """Train, choose and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=Path, default=Path("runs/critic/rows"))
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--share", type=float, default=0.5)
    parser.add_argument("--out", type=Path, default=Path("docs/results"))
    arguments = parser.parse_args()
    record = arguments.out / "critic.json"
    done: list[dict[str, Any]] = json.loads(record.read_text()) if record.exists() else []
    learned, checked = (
        load_table(sorted(arguments.rows.glob(f"{split}-*"))) for split in ("train", "validation")
    )
    for fit in _fits(arguments.share):
        if any(row["name"] == fit.name for row in done):
            continue
        done.append(_measured(fit, learned, checked, Plan(epochs=arguments.epochs)))
        record.write_text(json.dumps(done, indent=1) + "\n")
        (arguments.out / "critic.md").write_text("\n".join(report(done)) + "\n")


def _fits(share: float) -> Iterator[_Fit]:
    for part in SHARES:
        yield _Fit(f"{part:.0%} of the cases", part)
    yield _Fit(f"{share:.0%}, by the median alone", share, cautious=_LIKELY)
    yield _Fit(f"{share:.0%}, without what searches liked best", share, _no_winners)
    yield _Fit(f"{share:.0%}, without captures of gear", share, lambda t: t.makers != "gear")
    yield _Fit(f"{share:.0%}, without chains", share, _single)
    yield _Fit(f"{share:.0%}, without the networks' word", share, hears_networks=False)


def _no_winners(rows: Table) -> _Mask:
    return np.asarray(rows.kinds != KINDS.index("winner"))


def _single(rows: Table) -> _Mask:
    plugins = [plugin.id for plugin in Library().manifest.plugins]
    return np.isin(rows.chains, plugins)


def _measured(fit: _Fit, learned: Table, checked: Table, plan: Plan) -> dict[str, Any]:
    started_s = time.monotonic()
    drawn = np.random.default_rng(0).random(int(learned.cases[-1]) + 1) < fit.share
    kept = drawn[learned.cases]
    if fit.keeps:
        kept &= fit.keeps(learned)
    rows, asked = _some(learned, kept), checked
    if not fit.hears_networks:
        rows, asked = _deaf(rows), _deaf(checked)
    found = picks(fit_critic(rows, plan), asked, fit.cautious)
    starts = checked.starts[:-1]
    return {
        "name": fit.name,
        "learned": len(np.unique(rows.cases)),
        "seconds": round(time.monotonic() - started_s),
        "gear": (checked.makers[starts] == "gear").tolist(),
        **{
            field.name: [round(float(value), 4) for value in getattr(found, field.name)]
            for field in fields(found)
        },
    }


def _some(rows: Table, kept: _Mask) -> Table:
    return Table(*(getattr(rows, field.name)[kept] for field in fields(rows)))


def _deaf(rows: Table) -> Table:
    """The same without what the predictors hold of the settings."""
    comparisons = rows.comparisons.copy()
    comparisons[:, -len(SURPRISES) :] = 0
    return replace(rows, comparisons=comparisons)


def report(done: list[dict[str, Any]]) -> list[str]:
    """The page."""
    first = done[0]
    return [
        "# What the critic learns from",
        "",
        f"`python -m benchmarks.critic`: each critic chooses once in {len(first['nothing'])}"
        f" validation cases, {sum(first['gear'])} of them by captures of real gear, among"
        " candidates that were drawn and not searched for. Gain: how much of the distance to the"
        f" target (MRSTFT at its level) is taken back, where doing nothing is farther than {CLEAR}."
        f" Harmed: farther than doing nothing by more than {HARMED}. Each is one training from one"
        " seed.",
        "",
        table(_HEADER, [_row(fit) for fit in done]),
    ]


def _row(fit: dict[str, Any]) -> list[str]:
    every, on_gear = _picks(fit), _picks(fit, np.array(fit["gear"], bool))
    return [
        fit["name"],
        f"{fit['learned']:,}",
        f"{every.gains.mean():.1%}",
        f"{np.median(every.gains):.0%}",
        f"{every.harmed:.1%}",
        f"{(every.answer - every.nothing).max():+.2f}",
        f"{on_gear.gains.mean():.0%}",
        f"{on_gear.harmed:.1%}",
        f"{every.predicted.mean():.2f} / {every.answer.mean():.2f}",
    ]


def _picks(fit: dict[str, Any], some: _Mask | slice = slice(None)) -> Picks:
    """What was chosen in these cases, as it was kept."""
    return Picks(*(np.array(fit[field.name])[some] for field in fields(Picks)))


if __name__ == "__main__":
    main()
