"""What a person reads on a terminal: names as they are, whole, in any encoding.

Names come from users, files and hosts. Nothing in them is markup, a line break or an order to the
terminal, and what a stream cannot encode is escaped.
"""

import logging
import sys
from collections.abc import Iterable, Iterator, Sequence
from io import TextIOWrapper

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from typing_extensions import override

_ANY_WIDTH = 10_000
"""Where no terminal breaks lines, neither do we."""
_READABLE = 12
"""The least width of a column whose words may be broken."""


def encode_anything() -> None:
    """Let the standard streams escape what they cannot encode."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def printable(text: str) -> str:
    """One line without control characters: what is not printable is escaped."""
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)


class OneLine(logging.Formatter):
    """A log on a terminal; a traceback keeps its lines."""

    @override
    def formatMessage(self, record: logging.LogRecord) -> str:
        return printable(super().formatMessage(record))


def screen() -> Console:
    """Standard output, where brackets and colons are what they are; a file has any width."""
    made = Console(markup=False, emoji=False)
    if not made.is_terminal:
        made.width = _ANY_WIDTH
    return made


def print_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    whole: Sequence[str] = (),
    title: str = "",
    caption: str = "",
) -> None:
    """A table; the columns named in `whole` are there to be copied, so they are never broken.

    Where they do not fit beside the others, every row is a block of lines.
    """
    cells = [[printable(cell) for cell in row] for row in rows]
    out = screen()
    if whole and _least_width(columns, cells, whole) > out.width:
        for text in filter(None, (title, *_blocks(columns, cells), caption)):
            # Not through rich, which would break the lines.
            print(text)
        return
    table = Table(title=title or None, caption=caption or None)
    for name in columns:
        table.add_column(name, no_wrap=name in whole, overflow="fold")
    for row in cells:
        table.add_row(*row)
    out.print(table)


def _least_width(
    columns: Sequence[str], rows: Sequence[Sequence[str]], whole: Sequence[str]
) -> int:
    """Of a table whose other columns are still readable, with its borders."""
    width = 1
    for name, *cells in zip(columns, *rows, strict=True):
        widest = max(map(cell_len, (name, *cells)))
        width += 3 + (widest if name in whole else min(widest, _READABLE))
    return width


def _blocks(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Each row as lines of its own."""
    room = max(map(len, columns))
    for row in rows:
        for name, cell in zip(columns, row, strict=True):
            if cell:
                yield f"{name:{room}}  {cell}"
        yield " "
