"""A strip that floats over the window's head: what went wrong, a question, or an invitation.

It takes no room from anything, so nothing moves away under the hand, and it covers neither a menu
nor a button. What is no longer so is no longer said.
"""

from collections.abc import Callable

from PyQt6.QtCore import QRect, Qt
from PyQt6.QtGui import QFontMetrics, QKeyEvent
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QWidget

from gui.engine import Engine
from gui.views.values import text
from gui.views.words import sentence
from gui.widgets.basics import as_tip, button, label, restyle

_LINES = 2
"""So many there is room for; of what is longer the middle is left out, and its tip has it whole."""
Holds = Callable[[], bool]


def _always() -> bool:
    return True


class Messages(QFrame):
    """Hidden while there is nothing to say; the newest message counts."""

    def __init__(self, parent: QWidget, engine: Engine, open_log: Callable[[], None]) -> None:
        super().__init__(parent)
        self.setObjectName("messages")
        self._engine = engine
        self._fault = ""
        self._act: Callable[[], None] | None = None
        self._holds: Holds = _always
        self._sentence = ""
        self._places: tuple[QRect, ...] = (QRect(),)
        self.asked = ""
        """What the question that is shown is about; empty where there is none."""
        self.words = label("", "bad", wrap=True)
        self.answer = button("", self.accept, kind="cut")
        self.log = button("Open log", open_log, "The log file (Ctrl+G)", "cut")
        self.dismiss = button("Dismiss", self.hide, "Hide this message (Esc)", "cut")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 0, 6, 0)
        layout.addWidget(self.words, 1)
        for made in (self.answer, self.log, self.dismiss):
            layout.addWidget(made)
        self.hide()
        engine.complained.connect(lambda _, why: self.say(why))
        engine.watch(self._show_fault, "/engine/fault")
        engine.ticked.connect(lambda _: self._look())

    def say(self, words: str, holds: Holds = _always) -> None:
        """Show what went wrong, as long as it holds."""
        self._show(words, "bad", holds)

    def tell(self, words: str, holds: Holds = _always) -> None:
        """Show good news, as long as they hold."""
        self._show(words, "title", holds)

    def ask(
        self, about: str, words: str, answer: str, act: Callable[[], None], holds: Holds
    ) -> None:
        """A question that one press answers: of the button, or Enter; as long as it arises."""
        self._show(words, "title", holds, answer)
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
        self.asked, self._act, self._holds = "", None, _always
        super().hide()

    def lie_over(self, *places: QRect) -> None:
        """From now on over the first of these parts of the window that it fits into."""
        self._places = places
        self._lie()

    def keyPressEvent(self, a0: QKeyEvent | None) -> None:
        """Esc hides it."""
        if a0 and a0.key() == Qt.Key.Key_Escape:
            self.hide()
            return
        super().keyPressEvent(a0)

    def _said(self, words: str) -> str:
        return sentence(words, (plugin.name for plugin in self._engine.manifest.plugins))

    def _look(self) -> None:
        if not self.isHidden() and not self._holds():
            self.hide()

    def _show(self, words: str, kind: str, holds: Holds, answer: str = "") -> None:
        self.asked, self._act, self._holds = "", None, holds
        self._sentence = self._said(words)
        if self.words.objectName() != kind:
            self.words.setObjectName(kind)
            restyle(self.words)
        self.setProperty("kind", kind)
        restyle(self)
        self.answer.setText(answer)
        self.answer.setVisible(bool(answer))
        self.log.setVisible(kind == "bad")
        self.setAccessibleName(self._sentence)
        self._lie()
        self.show()
        self.raise_()

    def _lie(self) -> None:
        for place in self._places:
            self.setGeometry(place)
            if self._fit():
                return

    def _fit(self) -> bool:
        """Show as many of the words as there is room for; whether those are all."""
        layout, metrics = self.layout(), self.words.fontMetrics()
        if layout is None:
            return False
        self.words.setText(self._sentence)
        layout.invalidate()
        layout.activate()
        room_px, most_px = self.words.width(), _LINES * metrics.lineSpacing()
        cut, length = self._sentence, len(self._sentence)
        while _height(metrics, cut, room_px) > most_px and length > 1:
            length -= 4
            cut = f"{self._sentence[: length // 2]}…{self._sentence[-(length // 2) :]}"
        whole = cut == self._sentence
        self.words.setText(cut)
        self.words.setToolTip("" if whole else as_tip(self._sentence))
        return whole

    def _show_fault(self) -> None:
        fault = text(self._engine.values, "/engine/fault")
        if fault and fault != self._fault:
            self.say(fault)
        elif not fault and self._sentence == self._said(self._fault):
            self.hide()
        self._fault = fault


def _height(metrics: QFontMetrics, words: str, width: int) -> int:
    """Of words that are wrapped."""
    return metrics.boundingRect(QRect(0, 0, width, 9999), _WRAPPED, words).height()


_WRAPPED = Qt.TextFlag.TextWordWrap.value
