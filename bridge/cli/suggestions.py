"""Which plugins and rigs are asked for with `--plugin auto`, and how their ranking is shown."""

from typing import Annotated, Any

import typer

from bridge.chain import Chain
from bridge.cli.printing import print_table
from bridge.errors import HostError
from bridge.hosts import discover
from bridge.hosts.known import chains_of
from bridge.library import Library
from bridge.search.contest import Contender, Ranking, everything

FromHostOption = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="With --plugin auto: of all plugins only those on the tracks of this host, such as"
        " ardour://127.0.0.1:3819/guitar.",
    ),
]


def candidates(library: Library, host: str | None = None) -> list[Chain]:
    """All plugins and rigs of the library, or those that the host at a URL holds.

    Raises HostError where it holds none that is known, or does not answer.
    """
    manifest = library.manifest
    if host is None:
        return everything(manifest)
    chains = chains_of(discover(host), manifest)
    if not chains:
        raise HostError(
            f"{host} holds no plugin that the library knows; `dafx-bridge discover --host {host}`"
            " tells which can be added"
        )
    return chains


def ranking_rows(ranking: Ranking) -> dict[str, Any]:
    """A ranking for JSON: the nearest first."""
    return {
        "nothing": round(ranking.nothing, 3),
        "chains": [_row(contender) for contender in ranking.contenders],
        "left_out": dict(ranking.left_out),
    }


def _row(contender: Contender) -> dict[str, Any]:
    near = contender.closeness.rounded()
    return {
        "chain": contender.chain.id,
        "name": contender.chain.name,
        "kind_probability": None if contender.share is None else round(contender.share, 3),
        "expected": near.expected,
        "low": near.low,
        "high": near.high,
        "better": near.better,
        "tried": contender.count,
    }


def print_ranking(ranking: Ranking) -> None:
    """A table, the likeliest first, and what doing nothing comes to."""
    rows = [
        (
            row["chain"],
            f"{row['expected']:.2f}",
            f"{row['low']:.2f} to {row['high']:.2f}",
            "" if row["kind_probability"] is None else f"{row['kind_probability']:.0%}",
            f"{row['tried']}",
        )
        for row in map(_row, ranking.contenders)
    ]
    rows.append(("(nothing)", f"{ranking.nothing:.2f}", "", "", ""))
    print_table(
        ("plugin or rig", "expected distance", "with 80%", "of its kind", "tried"),
        rows,
        whole=("plugin or rig",),
    )
    by_reason: dict[str, list[str]] = {}
    for name, reason in ranking.left_out.items():
        by_reason.setdefault(reason, []).append(name)
    for reason, names in by_reason.items():
        typer.echo(f"not ranked: {', '.join(names)}: {reason}")
