"""The engine's log: a file that rotates, written by a thread of its own.

Whoever logs only puts a record into a queue, so a slow disk stops nobody.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import QueueHandler, QueueListener, RotatingFileHandler
from pathlib import Path
from queue import SimpleQueue

_MOST_BYTES = 1_000_000
_OLD_FILES = 2
_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


@contextmanager
def logging_to(path: Path) -> Iterator[None]:
    """Write all that is logged in this block into the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = RotatingFileHandler(path, maxBytes=_MOST_BYTES, backupCount=_OLD_FILES, delay=True)
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
