"""The engine's log: a file that rotates, written by a thread of its own.

Whoever logs only puts a record into a queue, so a slow disk stops nobody.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import QueueHandler, QueueListener, RotatingFileHandler
from pathlib import Path
from queue import SimpleQueue

from typing_extensions import override

from bridge.errors import StateError

_MOST_BYTES = 1_000_000
_OLD_FILES = 2
_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class _Log(RotatingFileHandler):
    """Goes on where the disk is full."""

    @override
    def handleError(self, record: logging.LogRecord) -> None:
        """There is no other place to tell it."""


@contextmanager
def logging_to(path: Path) -> Iterator[None]:
    """Write all that is logged in this block into the file.

    Raises StateError where it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Opened at once: what fails later fails where nobody sees it.
        file = _Log(
            path,
            maxBytes=_MOST_BYTES,
            backupCount=_OLD_FILES,
            encoding="utf-8",
            errors="backslashreplace",
        )
    except OSError as error:
        raise StateError(
            f"{path}: the log cannot be written ({error.strerror}); give another folder, see --help"
        ) from None
    file.setFormatter(logging.Formatter(_FORMAT))
    queue: SimpleQueue[logging.LogRecord] = SimpleQueue()
    handler, root = QueueHandler(queue), logging.getLogger()
    level = root.level
    listener = QueueListener(queue, file)
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    listener.start()
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        listener.stop()
        file.close()
