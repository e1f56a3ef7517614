"""The folder where one engine keeps its state, and no other meanwhile.

Nothing here waits. The system frees the lock where the process dies, however that comes.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from bridge.errors import StateError
from bridge.system import lock

LOCK_FILE = "engine.lock"


@contextmanager
def state_folder(folder: Path) -> Iterator[Path]:
    """The folder, made where it is not there, and locked in this block.

    Raises StateError where it cannot be used, or another process holds it.
    """
    make_folder(folder, "--state")
    try:
        # Not emptied: another process may have written who it is.
        file = (folder / LOCK_FILE).open("a+", encoding="ascii", errors="replace")
    except OSError as error:
        raise _unusable(folder, error, "--state") from None
    with file:
        if not lock(file):
            raise StateError(
                f"{folder}: the engine of process {_holder(file)} keeps its settings there; end"
                " it, or give another folder with --state"
            )
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        try:
            yield folder
        finally:
            # Who comes later must not be told of a process that is gone.
            with suppress(OSError):
                file.truncate(0)


def make_folder(folder: Path, option: str) -> None:
    """Make it where it is not there; the option names another.

    Raises StateError where it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unusable(folder, error, option) from None


def _unusable(folder: Path, error: OSError, option: str) -> StateError:
    return StateError(
        f"{folder}: settings cannot be kept there ({error.strerror}); give another folder with"
        f" {option}"
    )


def _holder(file: IO[str]) -> str:
    with suppress(OSError):
        file.seek(0)
        return file.readline().strip() or "unknown"
    return "unknown"
