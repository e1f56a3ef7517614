"""A strip that floats over the window's head: what went wrong, a question, or an invitation.

It takes no room from anything, so nothing moves away under the hand, and it covers no button that
is played with.
"""

from collections.abc import Callable

from PyQt6.QtCore import QRect, Qt
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QWidget

from gui.engine import Engine
from gui.views.values import text
from gui.widgets.basics import button, label, restyle

_WIDEST_PX = 900


class Messages(QFrame):
    """Hidden while there is nothing to say; the newest message counts."""

    def __init__(self, parent: QWidget, engine: Engine, open_log: Callable[[], None]) -> None:
        super().__init__(parent)
        self.setObjectName("messages")
        self._engine = engine
        self._fault = ""
        self._act: Callable[[], None] | None = None
        self._over = QRect()
        self.asked = ""
        """What the question that is shown is about; empty where there is none."""
        self.words = label("", "bad", wrap=True)
        self.answer = button("", self.accept)
        self.log = button("Open log", open_log, "The log file (Ctrl+G)")
        self.dismiss = button("Dismiss", self.hide, "Hide this message (Esc)")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 4, 6, 4)
        layout.addWidget(self.words, 1)
        for made in (self.answer, self.log, self.dismiss):
            layout.addWidget(made)
        self.hide()
        engine.complained.connect(lambda _, why: self.say(why))
        engine.watch(self._show_fault, "/engine/fault")

    def say(self, words: str) -> None:
        """Show what went wrong."""
        self._show(words, "bad")

    def tell(self, words: str) -> None:
        """Show good news."""
        self._show(words, "title")

    def ask(self, about: str, words: str, answer: str, act: Callable[[], None]) -> None:
        """A question that one press answers: of the button, or Enter."""
        self._show(words, "title", answer)
        self.asked, self._act = about, act
        self.answer.setFocus()

    def accept(self) -> None:
        """Do what is asked."""
        act = self._act
        self.hide()
        if act:
            act()

    def hide(self) -> None:
        """Nothing is shown or asked any more."""
        self.asked, self._act = "", None
        super().hide()

    def lie_over(self, place: QRect) -> None:
        """From now on over this part of the window, upwards from its lower edge."""
        self._over = place
        self._lie()

    def keyPressEvent(self, a0: QKeyEvent | None) -> None:
        """Esc hides it."""
        if a0 and a0.key() == Qt.Key.Key_Escape:
            self.hide()
            return
        super().keyPressEvent(a0)

    def _show(self, words: str, kind: str, answer: str = "") -> None:
        self.asked, self._act = "", None
        sentence = _sentence(words)
        self.words.setText(sentence)
        if self.words.objectName() != kind:
            self.words.setObjectName(kind)
            restyle(self.words)
        self.setProperty("kind", kind)
        restyle(self)
        self.answer.setText(answer)
        self.answer.setVisible(bool(answer))
        self.log.setVisible(kind == "bad")
        self.setAccessibleName(sentence)
        self._lie()
        self.show()
        self.raise_()

    def _lie(self) -> None:
        width = min(self._over.width(), _WIDEST_PX)
        height = max(self.heightForWidth(width), self.sizeHint().height())
        left = self._over.x() + (self._over.width() - width) // 2
        top = max(self._over.bottom() + 1 - height, 0)
        self.setGeometry(left, top, width, height)

    def _show_fault(self) -> None:
        fault = text(self._engine.values, "/engine/fault")
        if fault and fault != self._fault:
            self.say(fault)
        elif not fault and self.words.text() == _sentence(self._fault):
            self.hide()
        self._fault = fault


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]
