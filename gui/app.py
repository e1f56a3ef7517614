"""Starts the window: one process, which holds neither audio nor models."""

import logging
import os
import signal
import sys
from functools import partial
from pathlib import Path
from types import TracebackType

import platformdirs
from PyQt6.QtCore import QTimer
from PyQt6.QtWidgets import QApplication

from bridge.cli.stopping import ending_signals
from bridge.commands import command_line
from bridge.control.client import PORT
from bridge.control.logs import logging_to
from bridge.control.state_folder import make_folder
from bridge.library import Library, open_library
from gui.display import open_application
from gui.engine import Engine
from gui.remembered import Remembered
from gui.supervisor import Supervisor, engine_command
from gui.widgets.main_window import MainWindow
from gui.widgets.theme import Theme

_NAME = "dafx-bridge"
LOG = "window.log"
_log = logging.getLogger(__name__)


def settings_folder() -> Path:
    """Where the window remembers its own state."""
    return Path(platformdirs.user_config_dir(_NAME, appauthor=False))


def run(
    port: int = PORT, state: str = "", settings: Path | None = None, owned: bool = False
) -> int:
    """Open the window and return the exit code once it is closed.

    `state` is where an engine that is started here keeps its own; `owned` says that the one which
    answers was started by this window, before it was opened anew. Raises StateError where the
    window's settings cannot be kept.
    """
    folder = settings or settings_folder()
    make_folder(folder, "--settings")
    with logging_to(folder / LOG):
        code, again = _show(Remembered(folder), port, state, owned)
    if again:
        _start_again(port, state, folder)
    return code


def _show(remembered: Remembered, port: int, state: str, owned: bool) -> tuple[int, bool]:
    """The exit code once the window is closed, and whether it is to be opened again."""
    # Qt scales everything, text and pictures alike; it reads this once.
    os.environ.setdefault("QT_SCALE_FACTOR", f"{remembered.scale / 100:g}")
    app = open_application(sys.argv[:1])
    app.setApplicationName(_NAME)
    app.setDesktopFileName(_NAME)
    window, engine = open_window(app, remembered, port, state, owned)
    again = False

    def reopen() -> None:
        nonlocal again
        again = True
        window.close_for_a_moment()

    window.rescaled.connect(reopen)
    sys.excepthook = partial(_unforeseen, window, remembered.folder / LOG)
    engine.start()
    window.show()
    # A signal comes in the middle of whatever runs, mostly a poll; the window closes after it.
    for number in (signal.SIGINT, *ending_signals()):
        signal.signal(number, lambda *_: QTimer.singleShot(0, window.close))
    return app.exec(), again


def open_window(
    app: QApplication,
    remembered: Remembered,
    port: int,
    state: str = "",
    owned: bool = False,
    library: Library | None = None,
) -> tuple[MainWindow, Engine]:
    """The window, not shown yet, and its engine, not polled yet.

    Without `library`, it is what is shipped and what the user has added.
    """
    engine = Engine(library or open_library(), port)
    supervisor = Supervisor(engine_command(port, state), lambda: engine.send("/quit"), owned)
    theme = Theme(app, remembered.theme)
    window = MainWindow(engine, supervisor, theme, remembered)
    return window, engine


def _unforeseen(
    window: MainWindow,
    log: Path,
    kind: type[BaseException],
    error: BaseException,
    trace: TracebackType | None,
) -> None:
    """What no one caught is logged and told; without this, Qt would end the window."""
    _log.error("unforeseen", exc_info=(kind, error, trace))
    window.messages.say(f"This failed in an unforeseen way ({error}); {log} has the details")


def _start_again(port: int, state: str, settings: Path) -> None:
    """The same window at another scale, in this process's place."""
    os.environ.pop("QT_SCALE_FACTOR", None)
    command = command_line("gui", "--port", port, "--owned")
    command += ["--settings", str(settings), *(["--state", state] if state else [])]
    os.execv(sys.executable, command)
