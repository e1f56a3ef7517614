"""Pictures of the window's main states, with the real engine and the demo.

    python -m gui.screenshots [FOLDER]

Every size and theme is a process of its own, as Qt reads its scale once. Nothing is shown on a
screen. Takes a few minutes.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from PyQt6.QtCore import QEventLoop, QTimer
from PyQt6.QtWidgets import QApplication, QDialog

from bridge.osc import OscSocket
from gui.app import open_window
from gui.remembered import Remembered
from gui.views.hands import all_yours
from gui.views.sound_map import nearness
from gui.views.values import numbers
from gui.widgets.main_window import MainWindow

FOLDER = Path(__file__).parents[1] / "docs" / "screenshots"
_PATIENCE_S = 120.0
_PLAYED_S = 20.0
_RIG = "mda-amp"
_NO_SOUND = __file__
_NOBODY = "ardour://127.0.0.1:3819/Guitar/mda%20MultiBand"


@dataclass(frozen=True)
class Variant:
    """One look; sizes in logical pixels."""

    name: str
    theme: str
    width: int
    height: int
    scale: int
    only: tuple[str, ...] = ()
    """The states that are kept; empty for all."""


VARIANTS = (
    Variant("dark", "dark", 1280, 720, 1),
    Variant("light", "light", 1280, 720, 1),
    Variant("small", "dark", 1024, 600, 1, ("match", "rack")),
    Variant("4k", "light", 1920, 1080, 2, ("match", "rack")),
)


def main() -> None:
    """Take all pictures, or those of one variant."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    if len(sys.argv) > 2:
        _take(next(one for one in VARIANTS if one.name == sys.argv[2]), folder)
        return
    folder.mkdir(parents=True, exist_ok=True)
    for variant in VARIANTS:
        subprocess.run(
            [sys.executable, "-m", "gui.screenshots", str(folder), variant.name],
            env=os.environ
            | {"QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": str(variant.scale)},
            check=True,
        )


def _take(variant: Variant, folder: Path) -> None:
    app = QApplication([])
    with TemporaryDirectory() as kept, OscSocket() as osc:
        port = osc.port
        osc.close()
        remembered = Remembered(Path(kept) / "window")
        remembered.theme = variant.theme
        window, engine = open_window(app, remembered, port, str(Path(kept) / "engine"))
        engine.start()
        window.resize(variant.width, variant.height)
        window.show()
        try:
            for name, reach in _STATES.items():
                reach(window)
                if not variant.only or name in variant.only:
                    window.grab().save(str(folder / f"{name}-{variant.name}.png"))
            for action_id in _DIALOGS if not variant.only else ():
                _dialog(window, action_id, folder / f"{action_id}-{variant.name}.png")
        finally:
            window.close()


def _first_run(window: MainWindow) -> None:
    _wait("the engine", lambda: "/plugins" in window.engine.values)
    _idle(500)


def _match(window: MainWindow) -> None:
    values = window.engine.values
    window.do("demo")
    _wait("the demo's match", lambda: values.get("/match/running") == (1,))
    _wait("its end", lambda: values.get("/match/running") == (0,))
    _idle(3000)


def _asked(window: MainWindow) -> None:
    window.do("panic")
    _wait("its own values", lambda: all_yours(window.engine.values, window.chain))
    window.do("match")
    _idle(500)


def _following(window: MainWindow) -> None:
    window.messages.accept()
    window.engine.send("/amount", 0.8)
    window.do("store_A")
    window.do("follow")
    _idle(3000)


def _history(window: MainWindow) -> None:
    window.do("tab_history")
    _idle(round(1000 * _PLAYED_S))


def _changes(window: MainWindow) -> None:
    row = window.rack.rows[1]
    row.slider.setValue(600)
    _idle(500)
    window.rack.rows[2].lock.click()
    window.do("tab_changes")
    _idle(1500)


def _map(window: MainWindow) -> None:
    window.do("tab_map")
    _wait("the map", lambda: window.map.cloud is not None)
    _wait(
        "what was tried", lambda: nearness(numbers(window.engine.values, "/map/heard")) is not None
    )
    _idle(500)


def _rack(window: MainWindow) -> None:
    window.engine.send("/chain", _RIG)
    _wait("the rack", lambda: len(window.rack.cards) > 1)
    values = window.engine.values
    _wait("a decision", lambda: "/parameter/cabinet/drive/predicted" in values)
    window.do("tab_spectrum")
    _idle(3000)


def _error(window: MainWindow) -> None:
    window.engine.send("/chain", "mda-multiband")
    _wait("other sliders", lambda: len(window.rack.rows) == 13)
    window.do("tab_spectrum")
    window.engine.send("/reference", _NO_SOUND)
    window.engine.send("/host", _NOBODY)
    _wait("a sentence", window.messages.isVisible)
    _idle(3000)


_DIALOGS = ("daw", "shortcuts")
_STATES: dict[str, Callable[[MainWindow], None]] = {
    "first-run": _first_run,
    "match": _match,
    "asked": _asked,
    "following": _following,
    "history": _history,
    "changes": _changes,
    "map": _map,
    "rack": _rack,
    "error": _error,
}


def _dialog(window: MainWindow, action_id: str, path: Path) -> None:
    window.do(action_id)
    _idle(300)
    for dialog in window.findChildren(QDialog):
        if dialog.isVisible():
            dialog.grab().save(str(path))
            dialog.close()


def _idle(ms: int) -> None:
    """Let Qt work for so long."""
    loop = QEventLoop()
    QTimer.singleShot(ms, loop.quit)
    loop.exec()


def _wait(what: str, holds: Callable[[], bool]) -> None:
    end_s = time.monotonic() + _PATIENCE_S
    while not holds():
        if time.monotonic() > end_s:
            sys.exit(f"{what}: not within {_PATIENCE_S:.0f} s; see the engine's log")
        _idle(50)


if __name__ == "__main__":
    main()
