"""A player's session in the real window, with the real engine: a process of its own.

    python -m tests.rigs.gui_session PORT FOLDER HOST_PORT

Sets everything up by the window's own controls, matches, kills the engine, and closes the window.
Prints what it saw as JSON; waits in vain for what does not come, and then fails.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import QMimeData, QPointF, Qt, QUrl
from PyQt6.QtGui import QDropEvent
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication

from bridge.demo.run import INPUT, REFERENCE
from gui.app import open_window
from gui.remembered import Remembered
from gui.widgets.library import ID
from gui.widgets.main_window import MainWindow

_PATIENCE_S = 60.0
_NEAR = 20
"""Steps of a slider, of a thousand."""
LEFT = Qt.MouseButton.LeftButton


def main() -> None:
    """Play the session."""
    port, folder, host_port = int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    app = QApplication([])
    window, engine = open_window(app, Remembered(folder / "window"), port, str(folder / "engine"))
    engine.start()
    window.show()
    wait("the engine", lambda: window.supervisor.state == "up")
    set_up(window, host_port)
    wait("an answer", lambda: engine.values.get("/state") == ("matching",))
    window.play.amount.setFocus()
    QTest.keyClick(window.play.amount, Qt.Key.Key_End)
    wait("all of the amount", lambda: engine.values["/amount"] == (1.0,))
    before = positions(window)
    QTest.mouseClick(window.play.buttons["match"], LEFT)
    wait("the sliders at the prediction", lambda: positions(window) != before and near(window))
    saw = {
        "before": before,
        "after": positions(window),
        "predicted": {row.spec.symbol: row.predicted.text() for row in window.rack.rows},
        "changes": [change.by for change in window.changes.log.changes],
    }
    first = window.supervisor.pid
    os.kill(first, signal.SIGKILL)
    said = window.status.fields["engine"].text
    wait("word of its end", lambda: "restarting" in said())
    wait("another engine", lambda: window.supervisor.state == "up")
    wait("its host", lambda: engine.values.get("/host/state") == ("connected",))
    saw["engines"] = [first, window.supervisor.pid]
    saw["remembered"] = [engine.values[a][0] for a in ("/chain", "/reference", "/amount")]
    window.close()
    print(json.dumps(saw))


def set_up(window: MainWindow, host_port: int) -> None:
    """Input, reference, plugin and host, by the cards."""
    setup = window.setup
    window.engine.send("/source", str(INPUT))
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(REFERENCE))])
    setup.reference.dropEvent(
        QDropEvent(
            QPointF(9, 9), Qt.DropAction.CopyAction, mime, LEFT, Qt.KeyboardModifier.NoModifier
        )
    )
    setup.chain.choice.setCurrentIndex(setup.chain.choice.findData("mda-overdrive", ID))
    setup.chain.choice.activated.emit(setup.chain.choice.currentIndex())
    setup.host.kind.setCurrentIndex(setup.host.kind.findData("embedded"))
    setup.host.kind.activated.emit(setup.host.kind.currentIndex())
    setup.host.address.setText(f"127.0.0.1:{host_port}")
    QTest.mouseClick(setup.host.connect_button, LEFT)
    wait("the host", lambda: window.engine.values.get("/host/state") == ("connected",))
    wait("the waveform", lambda: setup.reference.waveform.seconds > 0)


def positions(window: MainWindow) -> dict[str, int]:
    """Where the sliders stand, of a thousand."""
    return {row.spec.symbol: row.slider.value() for row in window.rack.rows}


def near(window: MainWindow) -> bool:
    """Whether every slider stands where the model predicts it."""
    values = window.engine.values
    return all(
        f"/parameter/{row.parameter.address}/predicted" in values
        and abs(
            row.slider.value()
            - 1000
            * row.spec.to_normalised(
                float(values[f"/parameter/{row.parameter.address}/predicted"][0])
            )
        )
        <= _NEAR
        for row in window.rack.rows
    )


def wait(what: str, holds: Callable[[], bool]) -> None:
    """Let Qt work until it does."""
    end_s = time.monotonic() + _PATIENCE_S
    while not holds():
        if time.monotonic() > end_s:
            sys.exit(f"{what}: not within {_PATIENCE_S:.0f} s")
        QTest.qWait(20)


if __name__ == "__main__":
    main()
