"""What Linux, macOS and Windows do each in their own way; no other module asks which one it is.

No thread, and nothing here waits. Calls that only POSIX has are looked for before they are made, so
that all of them may be missing.
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from pathlib import Path
from typing import IO

if sys.platform == "win32":
    from multiprocessing.connection import PipeConnection as Pipe
else:
    from multiprocessing.connection import Connection as Pipe

__all__ = [
    "Pipe",
    "give_way",
    "in_foreground",
    "input_can_be_watched",
    "lock",
    "remedy",
    "terminal_signals",
    "unheard",
    "vst3_folders",
]

_NICENESS = 10


def terminal_signals() -> list[signal.Signals]:
    """What a terminal sends to all its processes: at Ctrl-C, and when it is closed."""
    names = ("SIGINT", "SIGHUP", "SIGBREAK")
    return [signal.Signals(getattr(signal, name)) for name in names if hasattr(signal, name)]


@contextmanager
def unheard() -> Iterator[None]:
    """A process that is started in this block hears of no `terminal_signals` until it asks to.

    For a child that its owner ends. Windows has no such mask: there the child ignores them itself.
    """
    if sys.platform == "win32" or not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # Python starts it before the first child, and lets Ctrl-C through again when it has.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, terminal_signals())
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def give_way() -> None:
    """Let other processes compute before this one."""
    if sys.platform == "win32":
        import psutil

        psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
    elif hasattr(os, "nice"):
        os.nice(_NICENESS)


def input_can_be_watched() -> bool:
    """Whether `select` tells of what waits in a pipe or a terminal; on Windows it does not."""
    return sys.platform != "win32" and hasattr(os, "getpgrp")


def in_foreground(file: int) -> bool:
    """Whether reading from this terminal stops nobody: it stops a job in the background."""
    if sys.platform == "win32" or not hasattr(os, "tcgetpgrp"):
        return True
    return os.tcgetpgrp(file) == os.getpgrp()


def lock(file: IO[str]) -> bool:
    """Lock a file that is open for writing; False where another process holds it.

    The system frees it where the process ends. A disk that knows no locks locks nobody out.
    """
    if sys.platform == "win32":
        import msvcrt

        # Where nothing is written, so that others can read whose it is.
        file.seek(1 << 30)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    with suppress(ImportError, OSError):
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def vst3_folders() -> Iterator[Path]:
    """Where VST3 plugins lie, as Steinberg has it, whether or not the folders are there."""
    if sys.platform == "darwin":
        yield Path("~/Library/Audio/Plug-Ins/VST3").expanduser()
        yield Path("/Library/Audio/Plug-Ins/VST3")
    elif sys.platform == "win32":
        if local := os.environ.get("LOCALAPPDATA"):
            yield Path(local, "Programs", "Common", "VST3")
        if common := os.environ.get("COMMONPROGRAMFILES"):
            yield Path(common, "VST3")
    else:
        yield Path("~/.vst3").expanduser()
        yield Path("/usr/lib/vst3")
        yield Path("/usr/local/lib/vst3")


def remedy(linux: str, mac: str, windows: str) -> str:
    """What to do here about something that is missing."""
    return {"darwin": mac, "win32": windows}.get(sys.platform, linux)
