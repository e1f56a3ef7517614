"""Child processes that never outlive whoever started them."""

import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

Found = TypeVar("Found")
PATIENCE_S = 60
_POLL_S = 0.02


def start(
    *command: object,
    log: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: int = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    """Start a program that the kernel ends with this process; it prints to `log` or nowhere."""
    with open(log or "/dev/null", "ab") as output:
        return subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", "--", *map(str, command)],
            stdin=stdin,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=env,
        )


def stop(child: subprocess.Popen[bytes], grace_s: float = PATIENCE_S) -> None:
    """Ask a program to end, and end it where it does not."""
    child.terminate()
    try:
        child.wait(grace_s)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait(PATIENCE_S)


@contextmanager
def started(
    *command: object, log: Path | None = None, env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """`start` for the length of a block."""
    child = start(*command, log=log, env=env)
    try:
        yield child
    finally:
        stop(child)


def wait_for(what: str, look: Callable[[], Found | None], patience_s: float = PATIENCE_S) -> Found:
    """What `look` finds as soon as it finds something true. Raises TimeoutError."""
    end_s = time.monotonic() + patience_s
    while not (found := look()):
        if time.monotonic() > end_s:
            raise TimeoutError(f"{what}: not within {patience_s:.0f} s")
        time.sleep(_POLL_S)
    return found
