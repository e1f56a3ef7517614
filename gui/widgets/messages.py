"""One line for what went wrong, with what to do about it."""

from collections.abc import Callable

from PyQt6.QtWidgets import QFrame, QHBoxLayout

from gui.engine import Engine
from gui.views.values import text
from gui.widgets.basics import button, label


class Messages(QFrame):
    """Hidden while all is well; the newest message counts."""

    def __init__(self, engine: Engine, open_log: Callable[[], None]) -> None:
        super().__init__()
        self.setObjectName("messages")
        self._engine = engine
        self._fault = ""
        self.words = label("", "bad", wrap=True)
        self.dismiss = button("Dismiss", self.hide, "Hide this message")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 5, 8, 5)
        layout.addWidget(self.words, 1)
        layout.addWidget(button("Open log", open_log, "The log file (Ctrl+G)"))
        layout.addWidget(self.dismiss)
        self.hide()
        engine.complained.connect(self._complained)
        engine.watch(self._show_fault, "/engine/fault")

    def say(self, words: str) -> None:
        """Show a sentence."""
        sentence = _sentence(words)
        self.words.setText(sentence)
        self.setAccessibleName(sentence)
        self.show()

    def _complained(self, address: str, why: str) -> None:
        what = address.strip("/").replace("/", ", ")
        self.say(f"{what}: {why}" if what else why)

    def _show_fault(self) -> None:
        fault = text(self._engine.values, "/engine/fault")
        if fault and fault != self._fault:
            self.say(fault)
        elif not fault and self.words.text() == _sentence(self._fault):
            self.hide()
        self._fault = fault


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]
