"""Pieces of Markdown."""

from collections.abc import Sequence

from training.evaluation.intervals import Json


def heading(level: int, title: str) -> str:
    """A heading with the empty line after it."""
    return "#" * level + f" {title}\n"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table, first column on the left, the others too."""
    lines = [_row(header), "|" + "---|" * len(header), *(_row(row) for row in rows)]
    return "\n".join(lines) + "\n"


def cell(found: Json | None, digits: int, signed: bool = False) -> str:
    """Mean ± half of its interval; empty where nothing was measured."""
    if not found:
        return ""
    sign = "+" if signed else ""
    mean = f"{found['mean']:{sign}.{digits}f}"
    return mean if found["ci95"] is None else f"{mean} ± {found['ci95']:.{digits}f}"


def gain(found: Json | None) -> str:
    """A relative gain in per cent."""
    if not found:
        return ""
    mean = f"{100 * found['mean']:+.0f}"
    return f"{mean} %" if found["ci95"] is None else f"{mean} ± {100 * found['ci95']:.0f} %"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
