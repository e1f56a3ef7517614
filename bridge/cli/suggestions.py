"""How a ranking of plugins and rigs is shown."""

import typer

from bridge.cli.printing import print_table
from bridge.search.contest import Ranking
from bridge.search.suggestion import contender_row


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
        for row in map(contender_row, ranking.contenders)
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
