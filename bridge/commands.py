"""`dafx-bridge` as a child process that tells what it does in JSON."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from bridge.errors import BridgeError

_PATIENCE_S = 60
Line = dict[str, Any]
"""One line of JSON that a child prints."""


def command_line(*arguments: object) -> list[str]:
    """`dafx-bridge` with these arguments, in a process of this interpreter."""
    # -P: a folder named `bridge` where the user happens to be is not this one.
    return [sys.executable, "-P", "-m", "bridge", *map(str, arguments)]


@contextmanager
def running(*arguments: object) -> Iterator["subprocess.Popen[str]"]:
    """A child `dafx-bridge`, which ends by itself at the end of the block at the latest.

    Raises BridgeError where it fails.
    """
    child = subprocess.Popen(command_line(*arguments), stdout=subprocess.PIPE, text=True)
    try:
        yield child
        code = child.wait(_PATIENCE_S)
    except (StopIteration, subprocess.TimeoutExpired):
        raise BridgeError(f"`dafx-bridge {arguments[0]}` did not do its part") from None
    finally:
        child.kill()
        # Closes the pipe too.
        child.communicate()
    if code:
        raise BridgeError(f"`dafx-bridge {arguments[0]}` ended with exit code {code}")


def first_line(child: "subprocess.Popen[bytes]", within_s: float) -> bytes:
    """Blocking: the first line that a child prints; empty where none comes in time.

    A thread waits for it, as Windows does not tell whether a pipe holds something; where nothing
    comes it ends with the child.
    """
    told: SimpleQueue[bytes] = SimpleQueue()

    def wait() -> None:
        told.put(child.stdout.readline() if child.stdout else b"")

    Thread(target=wait, name="first-line", daemon=True).start()
    try:
        return told.get(timeout=within_s)
    except Empty:
        return b""


def lines(child: "subprocess.Popen[str]") -> Iterator[Line]:
    """What a child prints, as JSON, until it ends."""
    return map(json.loads, child.stdout or ())
