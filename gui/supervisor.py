"""The engine's process: started where none answers, started again where it ends.

The child is a process group of its own, without pipes, so that it goes on sending when this process
is killed or frozen. Nothing here waits, but for the end of a child that was told to quit.
"""

import os
import subprocess
from collections.abc import Callable, Sequence
from tempfile import TemporaryFile
from typing import IO

from bridge.commands import command_line

FROZEN_S = 2.0
_LOOK_S = 0.6
"""How long an engine that runs already may take to answer."""
_START_S = 60.0
"""How long a new one may take: it loads libraries and models, on a busy computer too."""
_SOON_S = 5.0
"""A child that ends sooner, or before it was heard, did not start."""
_TRIES = 4
_MOST_WORDS_BYTES = 1_000_000
_QUIT_S = 10.0
"""How long an engine may take to give the host its values back."""


def engine_command(port: int, state: str = "") -> list[str]:
    """The engine as a child of this interpreter."""
    command = command_line("engine", "--port", port, "--query-port", port)
    return [*command, "--state", state] if state else command


class Supervisor:
    """Told the time and when the engine was last heard, it keeps one running.

    `state` is looking, starting, up, restarting, frozen or down.
    """

    def __init__(
        self, command: Sequence[str], quit_engine: Callable[[], None], owned: bool = False
    ) -> None:
        """With `owned`, the engine that answers was started by this window before."""
        self.state = "looking"
        self._owned = owned
        self._command = list(command)
        self._quit = quit_engine
        self._child: subprocess.Popen[bytes] | None = None
        self._began_s: float | None = None
        self._started_s = 0.0
        self._failures = 0
        self._was_up = False
        self._said: IO[bytes] | None = None
        """What the child says on standard error; a file, which needs nobody to read it."""
        self.reason = ""
        """The last that the last child said which has ended."""

    @property
    def owns_engine(self) -> bool:
        """Whether the engine was started here."""
        return self._owned or self._child is not None

    @property
    def pid(self) -> int:
        """Of the child; 0 where there is none."""
        return self._child.pid if self._child else 0

    def look(self, now_s: float, heard_s: float) -> None:
        """Look after the engine; call it often."""
        if self._began_s is None:
            self._began_s = now_s
        ended = self._child is not None and self._child.poll() is not None
        if ended:
            self._child = None
            self._hear_out()
            started = now_s - self._started_s > _SOON_S and heard_s > self._started_s
            self._failures = 0 if started else self._failures + 1
            if self._failures >= _TRIES:
                self.state = "down"
            else:
                self._start(now_s)
            return
        if self.state == "down":
            if now_s - heard_s < FROZEN_S:
                self.state = "up"
            return
        if now_s - heard_s < FROZEN_S and heard_s > self._started_s:
            self.state, self._was_up = "up", True
            self._shorten()
        elif self._child is not None:
            patience = _START_S if heard_s <= self._started_s else FROZEN_S
            if now_s - max(heard_s, self._started_s) > patience:
                self.state = "frozen"
        elif now_s - max(heard_s, self._began_s) > _LOOK_S and not self._was_up:
            self._start(now_s)
        elif self._was_up and now_s - heard_s > FROZEN_S:
            # Somebody else's engine is gone, or frozen and holds the port: a new one will tell.
            self._start(now_s)

    def restart(self, now_s: float) -> None:
        """End the child, if need be by force, and start another."""
        self._failures = 0
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            self._child = None
        else:
            self._quit()
        self._start(now_s)

    def release(self, keep: bool) -> None:
        """The window closes: quit the engine started here, unless it is to go on."""
        self._hear_out()
        if keep or not self.owns_engine:
            return
        child, self._owned, self._child = self._child, False, None
        self._quit()
        if child is None:
            return
        try:
            child.wait(_QUIT_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

    def _hear_out(self) -> None:
        """Take the last words of a child that has ended, or is let go."""
        if self._said is None:
            return
        with self._said as file:
            file.seek(0)
            lines = file.read().decode(errors="replace").strip("\0 \n").splitlines()
        self._said = None
        self.reason = lines[-1].removeprefix("error: ") if lines else ""

    def _shorten(self) -> None:
        """An engine that runs for weeks must not fill the disk."""
        if self._said is not None and os.fstat(self._said.fileno()).st_size > _MOST_WORDS_BYTES:
            self._said.truncate(0)

    def _start(self, now_s: float) -> None:
        self.state = "restarting" if self._was_up else "starting"
        self._started_s = now_s
        try:
            self._hear_out()
            self._said = TemporaryFile()  # noqa: SIM115 — closed by _hear_out
            self._child = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._said,
                start_new_session=True,
            )
        except OSError:
            self.state = "down"
