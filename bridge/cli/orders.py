"""What the user says on standard input while a command runs.

No thread: the input is looked at when it is polled, and only read where something waits there.
"""

import os
import select
import sys


class Orders:
    """Hands out whole lines, as words. None come where standard input cannot be watched."""

    def __init__(self) -> None:
        self._waiting = b""
        # A terminal stops a background job that reads from it; Windows cannot watch a console.
        self._open = os.name == "posix" and sys.stdin is not None and not sys.stdin.closed
        self._file = sys.stdin.fileno() if self._open else -1

    def poll(self) -> list[list[str]]:
        """The lines since the last poll; never waits."""
        while self._open and self._may_read() and select.select([self._file], [], [], 0)[0]:
            try:
                more = os.read(self._file, 4096)
            except OSError:
                more = b""
            self._open = bool(more)
            self._waiting += more
        *lines, self._waiting = self._waiting.split(b"\n")
        return [words for line in lines if (words := line.decode(errors="replace").split())]

    def _may_read(self) -> bool:
        try:
            return not os.isatty(self._file) or os.tcgetpgrp(self._file) == os.getpgrp()
        except OSError:
            # The terminal is gone.
            return False
