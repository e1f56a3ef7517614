"""What asks a command to stop, as an event: a loop ends its hop in peace.

Ctrl-C, SIGTERM, the end of the terminal, or the end of standard input.
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from types import FrameType

_BY_NAME = ("SIGTERM", "SIGHUP", "SIGBREAK")
"""Windows knows no SIGHUP, and sends SIGBREAK where a console is closed."""
_HANGUPS = {getattr(signal, name) for name in ("SIGHUP", "SIGBREAK") if hasattr(signal, name)}
_came: list[int] = []
"""The signals that have asked this process to end."""


def ending_signals() -> list[signal.Signals]:
    """Those that end a program from outside, but for Ctrl-C.

    One that is ignored is left out: whoever started this wants it to outlive its terminal.
    """
    there = [signal.Signals(getattr(signal, name)) for name in _BY_NAME if hasattr(signal, name)]
    return [number for number in there if signal.getsignal(number) is not signal.SIG_IGN]


def end_at_once() -> None:
    """Have those signals and Ctrl-C end this process as they end any program: nothing is begun.

    Raised as exceptions while modules load, they would be lost: a compiled module turns them into
    faults of its own, or into nothing.
    """
    for number in (*_ctrl_c(), *ending_signals()):
        signal.signal(number, signal.SIG_DFL)


def clean_up_when_ended() -> None:
    """Have those signals and Ctrl-C end this process as an error does: nothing half-done stays."""

    def end(number: int, _frame: FrameType | None) -> None:
        _leave_terminal(number)
        _came.append(number)
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        sys.exit(_exit_code(number))

    for number in (*_ctrl_c(), *ending_signals()):
        signal.signal(number, end)


def asked_to_end() -> int | None:
    """The exit code due to the first signal that came; None: no signal came.

    A module that a command loads late may turn the signal's exception into one of its own.
    """
    return _exit_code(_came[0]) if _came else None


def _ctrl_c() -> list[signal.Signals]:
    """Left out where it is ignored: so a shell starts what runs in its background."""
    return [] if signal.getsignal(signal.SIGINT) is signal.SIG_IGN else [signal.SIGINT]


def _exit_code(number: int) -> int:
    """As a shell tells of a process that a signal has ended."""
    return 128 + number


@contextmanager
def stop_on_signals() -> Iterator[Event]:
    """An event that the first of Ctrl-C and `ending_signals` sets; enter it on the main thread."""
    stop = Event()

    def ask(number: int, _frame: FrameType | None) -> None:
        _leave_terminal(number)
        stop.set()

    wanted = (signal.SIGINT, *ending_signals())
    before = {number: signal.signal(number, ask) for number in wanted}
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


def _leave_terminal(number: int) -> None:
    """Where the terminal is gone, what is still said must fail nobody."""
    if number not in _HANGUPS:
        return
    nowhere = os.open(os.devnull, os.O_RDWR)
    for file in (1, 2):
        if _is_gone(file):
            os.dup2(nowhere, file)
    os.close(nowhere)


def _is_gone(file: int) -> bool:
    """Whether a terminal that has hung up is there, or nothing."""
    try:
        os.write(file, b"")
    except OSError:
        return True
    return False
