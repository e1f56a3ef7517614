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


def cell(found: Json | None, digits: int, signed: bool = False, median: bool = False) -> str:
    """Mean ± half of its interval, on request (median); empty where nothing was measured."""
    if not found:
        return ""
    sign = "+" if signed else ""
    text = f"{found['mean']:{sign}.{digits}f}"
    if found["ci95"] is not None:
        text += f" ± {found['ci95']:.{digits}f}"
    if median and "median" in found:
        text += f" ({found['median']:{sign}.{digits}f})"
    return text


def gain(found: Json | None, median: bool = False) -> str:
    """A relative gain in per cent, on request with (median)."""
    if not found:
        return ""
    text = f"{100 * found['mean']:+.0f}"
    if found["ci95"] is not None:
        text += f" ± {100 * found['ci95']:.0f}"
    return (
        f"{text} % ({100 * found['median']:+.0f})" if median and "median" in found else f"{text} %"
    )


def shared(found: Json | None) -> str:
    """A share in per cent, and from where to where its interval goes."""
    if not found:
        return ""
    mean, low, high = (100 * found[key] for key in ("mean", "low", "high"))
    return f"{mean:.0f} % ({low:.0f} to {high:.0f})"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
