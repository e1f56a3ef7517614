"""What the user says on standard input while a command runs.

No thread where the system tells what waits there: it is looked at when it is polled. On Windows,
which does not, a thread waits for it and hands it over.
"""

import os
import select
import sys
from queue import Empty, SimpleQueue
from threading import Thread

from bridge.system import in_foreground, input_can_be_watched

_MOST_BYTES = 4096


class Orders:
    """Hands out whole lines, as words."""

    def __init__(self) -> None:
        self._waiting = b""
        self._open = sys.stdin is not None and not sys.stdin.closed
        self._file = sys.stdin.fileno() if self._open else -1
        self._read: SimpleQueue[bytes] = SimpleQueue()
        self._watched = input_can_be_watched()
        if self._open and not self._watched:
            Thread(target=self._hand_over, name="orders", daemon=True).start()

    def poll(self) -> list[list[str]]:
        """The lines since the last poll; never waits."""
        while self._open and (more := self._more()) is not None:
            self._open = bool(more)
            self._waiting += more
        *lines, self._waiting = self._waiting.split(b"\n")
        return [words for line in lines if (words := line.decode(errors="replace").split())]

    def _more(self) -> bytes | None:
        """What has come in: None where nothing has, empty at the end."""
        if not self._watched:
            try:
                return self._read.get_nowait()
            except Empty:
                return None
        if not (self._may_read() and select.select([self._file], [], [], 0)[0]):
            return None
        return _read(self._file)

    def _may_read(self) -> bool:
        """A terminal stops a background job that reads from it."""
        try:
            return not os.isatty(self._file) or in_foreground(self._file)
        except OSError:
            # The terminal is gone.
            return False

    def _hand_over(self) -> None:
        while more := _read(self._file):
            self._read.put(more)
        self._read.put(b"")


def _read(file: int) -> bytes:
    try:
        return os.read(file, _MOST_BYTES)
    except OSError:
        return b""
