"""Ctrl-C and SIGTERM as an event, so that a loop ends its hop and closes its files."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType


@contextmanager
def stop_on_signals() -> Iterator[Event]:
    """An event that the first Ctrl-C or SIGTERM sets; must be entered on the main thread."""
    stop = Event()

    def ask(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
