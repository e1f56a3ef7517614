"""Qt's start, which ends the process where there is no display to show anything on."""

import os
import sys

from PyQt6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler
from PyQt6.QtWidgets import QApplication

from bridge.errors import BridgeError


def open_application(arguments: list[str]) -> QApplication:
    """The application; where no window can be opened, one line, and the process ends."""
    said: list[str] = []

    def hear(kind: QtMsgType, _context: QMessageLogContext, words: str | None) -> None:
        if kind is not QtMsgType.QtFatalMsg:
            said.append(words or "")
            return
        # Qt aborts after this, so there is nobody to raise an error to.
        reason = (said or [words or "Qt does not start"])[0].strip(" .\n")
        print(
            f"error: no window can be opened ({' '.join(reason.split())}); start it on a desktop,"
            " or use `dafx-bridge live`",
            file=sys.stderr,
            flush=True,
        )
        os._exit(BridgeError.exit_code)

    before = qInstallMessageHandler(hear)
    app = QApplication(arguments)
    qInstallMessageHandler(before)
    for words in said:
        print(words, file=sys.stderr)
    return app
