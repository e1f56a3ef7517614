"""Ways to run `dafx-bridge` for a row.

`inside` runs it in this process, which is quick, and honest where only words and files matter.
`apart` starts it as a user does; `on_terminal` gives it a terminal. Of what goes on, `until` ends
it with a signal, and `hang_up` closes its terminal.
"""

import contextlib
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from unittest import mock

from tests.faults.row import Act, Outcome, Room
from tests.integration.commands import run_inside

PATIENCE_S = 150
_NOTICED_S = 0.4
"""How long a signal may take to end what it ends."""
Environment = Mapping[str, str | None]
"""What is set in place of what is inherited; None takes a variable away."""


def inside(*arguments: object, **environment: str | None) -> Act:
    """In this process."""

    def act(room: Room) -> Outcome:
        with mock.patch.dict(os.environ, _environment(room, environment), clear=True):
            done = run_inside(*room.words(arguments))
        return Outcome(done.returncode, done.stdout, done.stderr)

    return act


def apart(*arguments: object, module: str = "bridge", **environment: str | None) -> Act:
    """As a process of its own; `module` may be a program's path too."""

    def act(room: Room) -> Outcome:
        done = subprocess.run(
            _command(room, arguments, module),
            cwd=room.home,
            env=_environment(room, environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE_S,
            check=False,
        )
        return Outcome(done.returncode, _text(done.stdout), _text(done.stderr))

    return act


def on_terminal(*arguments: object, columns: int, **environment: str | None) -> Act:
    """As a process of its own that writes to a terminal of that width."""

    def act(room: Room) -> Outcome:
        ours, theirs = pty.openpty()
        wide = {"COLUMNS": str(columns), "LINES": "50", "TERM": "xterm"} | environment
        child = subprocess.Popen(
            _command(room, arguments),
            cwd=room.home,
            env=_environment(room, wide),
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        said = _read_all(ours)
        return Outcome(child.wait(PATIENCE_S), _plain(said), "")

    return act


def until(*signals: int, command: tuple[object, ...], ready: str, nohup: bool = False) -> Act:
    """Start it, wait for `ready` on its standard output, and send it signals, one after another.

    With `nohup` it inherits SIGHUP as ignored. All but the last signal must leave it alone.
    """

    def act(room: Room) -> Outcome:
        child = subprocess.Popen(
            _command(room, command),
            cwd=room.home,
            env=_environment(room, {}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=_ignore_hangups if nohup else None,
        )
        try:
            said = _wait_for(child, ready.encode())
            for number in signals:
                assert child.poll() is None
                child.send_signal(number)
                time.sleep(_NOTICED_S)
            out, err = child.communicate(timeout=PATIENCE_S)
        finally:
            child.kill()
            child.communicate()
        return Outcome(child.returncode, _text(said + out), _text(err))

    return act


def hang_up(command: tuple[object, ...], ready: Callable[[Room], bool], **chosen: str) -> Act:
    """Start it on a terminal of its own, wait until it is ready, and close the terminal."""

    def act(room: Room) -> Outcome:
        ours, theirs = pty.openpty()
        child = subprocess.Popen(
            _command(room, command),
            cwd=room.home,
            env=_environment(room, chosen),
            preexec_fn=lambda: os.login_tty(theirs),
        )
        os.close(theirs)
        try:
            end_s = time.monotonic() + PATIENCE_S
            while not ready(room):
                assert child.poll() is None, _read_all(ours)
                assert time.monotonic() < end_s
                _drain(ours)
            os.close(ours)
            return Outcome(child.wait(PATIENCE_S), "", "")
        finally:
            child.kill()
            child.wait()

    return act


def _ignore_hangups() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def _drain(file: int) -> None:
    """A terminal that nobody reads would stop who writes to it."""
    while select.select([file], [], [], 0.05)[0]:
        os.read(file, 65_536)


def _command(room: Room, arguments: tuple[object, ...], module: str = "bridge") -> list[str]:
    program = [module] if module.endswith(".py") else ["-m", module]
    return [sys.executable, *program, *room.words(arguments)]


def _environment(room: Room, chosen: Environment) -> dict[str, str]:
    whole = room.environment | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    filled = {name: value for name, value in chosen.items() if value is not None}
    values = dict(zip(filled, room.words(tuple(filled.values())), strict=True))
    return {name: value for name, value in whole.items() if name not in chosen} | values


def _wait_for(child: "subprocess.Popen[bytes]", ready: bytes) -> bytes:
    said, end_s = b"", time.monotonic() + PATIENCE_S
    assert child.stdout is not None
    file = child.stdout.fileno()
    while ready not in said:
        assert select.select([file], [], [], max(end_s - time.monotonic(), 0))[0], said
        more = os.read(file, 65_536)
        assert more, child.stderr.read() if child.stderr else said
        said += more
    return said


def _read_all(file: int) -> str:
    said = b""
    with contextlib.suppress(OSError):
        # A terminal whose other side is closed fails in place of ending.
        while more := os.read(file, 65_536):
            said += more
    os.close(file)
    return _text(said)


def _plain(said: str) -> str:
    """Without colours."""
    return re.sub(r"\x1b\[[\d;]*m", "", said).replace("\r\n", "\n")


def _text(said: bytes) -> str:
    return said.decode(errors="backslashreplace")
