"""Ctrl-C, SIGTERM or the end of standard input as an event: a loop ends its hop in peace."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
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


def stop_at_end_of_input(stop: Event) -> None:
    """Set the event when standard input is closed; a thread waits for that."""
    # Not through sys.stdin, whose lock the end of the interpreter would wait for.
    file = sys.stdin.fileno()

    def wait() -> None:
        while os.read(file, 4096):
            pass
        stop.set()

    Thread(target=wait, name="end-of-input", daemon=True).start()
