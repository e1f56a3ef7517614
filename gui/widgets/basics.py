"""Small parts that several widgets are made of."""

from collections.abc import Callable
from html import escape

from PyQt6.QtCore import QEvent, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QFont, QHelpEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent
from PyQt6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from gui.views.setup import Progress, Step
from gui.widgets.theme import Theme, colour

GAP = 8
_MIDDLE = Qt.TextElideMode.ElideMiddle


def label(text: str, kind: str = "", wrap: bool = False) -> QLabel:
    """A label; `kind` is its style."""
    made = QLabel(text)
    # Names of files and plugins stand in labels, and Qt would take some for markup.
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setObjectName(kind)
    made.setWordWrap(wrap)
    return made


def as_tip(words: str) -> str:
    """A tip that says exactly that; Qt would take a name with an angle bracket for markup."""
    return f"<p style='white-space: pre-wrap'>{escape(words)}</p>" if "<" in words else words


def button(
    text: str,
    clicked: Callable[[], object],
    tip: str = "",
    kind: str = "",
    checkable: bool = False,
) -> QPushButton:
    """A button that the keyboard reaches; its tip is spoken too."""
    made = QPushButton(text)
    made.setObjectName(kind)
    made.setCheckable(checkable)
    made.setToolTip(tip)
    made.setAccessibleDescription(tip)
    made.setAutoDefault(False)
    made.clicked.connect(lambda _: clicked())
    return made


def row(*widgets: QWidget | int) -> QHBoxLayout:
    """Widgets side by side; a number is a stretch."""
    made = QHBoxLayout()
    made.setSpacing(6)
    for widget in widgets:
        if isinstance(widget, int):
            made.addStretch(widget)
        else:
            made.addWidget(widget)
    return made


def stretched(first: QWidget, *others: QWidget) -> QHBoxLayout:
    """Side by side; the first takes the room there is."""
    made = row(first, *others)
    made.setStretch(0, 1)
    return made


def scrolled(inside: QWidget) -> QScrollArea:
    """A column that may be longer than its place, without a frame."""
    inside.setObjectName("column")
    made = QScrollArea()
    made.setWidget(inside)
    made.setWidgetResizable(True)
    made.setFrameShape(QFrame.Shape.NoFrame)
    return made


def show_text(where: QLabel, text: str) -> None:
    """Change a label only where it says something else; hide it where it says nothing."""
    if where.text() != text:
        where.setText(text)
    if where.isHidden() == bool(text):
        where.setVisible(bool(text))


class Elided(QLabel):
    """A label that cuts its words to its width, and has them whole in its tip."""

    def __init__(self, kind: str = "", cut: Qt.TextElideMode = _MIDDLE) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setObjectName(kind)
        self._mode = cut
        self._words = ""
        self._more = ""

    def show_text(self, words: str, more: str = "") -> None:
        """Change the words; the tip says more."""
        if (words, more) != (self._words, self._more):
            self._words, self._more = words, more
            self.updateGeometry()
            self._cut()

    def resizeEvent(self, a0: QResizeEvent | None) -> None:
        """Cut anew."""
        self._cut()

    def minimumSizeHint(self) -> QSize:
        """Any width will do."""
        return QSize(0, super().minimumSizeHint().height())

    def _cut(self) -> None:
        cut = self.fontMetrics().elidedText(self._words, self._mode, self.width())
        self.setText(cut)
        whole = "" if cut == self._words else self._words
        self.setToolTip(as_tip("\n".join(filter(None, (whole, self._more)))))


class Name(Elided):
    """A label that asks for room for all of its words, and cuts them where there is less."""

    def sizeHint(self) -> QSize:
        """All of its words."""
        wide = self.fontMetrics().horizontalAdvance(self._words) + 2
        return QSize(wide, super().sizeHint().height())


class Combo(QComboBox):
    """A list whose choice is cut in its middle where it is too long; its tip has it whole."""

    _ARROW_PX = 30
    _LETTERS = 4

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumContentsLength(self._LETTERS)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def setAccessibleName(self, name: str | None) -> None:
        """On Linux, Qt tells the choice in the name's place, so the name is its description too."""
        super().setAccessibleName(name)
        self.setAccessibleDescription(name)

    def event(self, event: QEvent | None) -> bool:
        """Its tip is the whole choice, where nothing else is told and it is cut."""
        if event and event.type() is QEvent.Type.ToolTip and not self.toolTip():
            room = self.width() - self._ARROW_PX
            words = self.currentText()
            if isinstance(event, QHelpEvent) and self.fontMetrics().horizontalAdvance(words) > room:
                QToolTip.showText(event.globalPos(), as_tip(words), self)
                return True
        return super().event(event)

    def showPopup(self) -> None:
        """Wide enough for the longest entry, as far as the screen allows."""
        if view := self.view():
            screen = self.screen()
            most = screen.availableGeometry().width() // 2 if screen else self.width()
            view.setMinimumWidth(min(max(view.sizeHintForColumn(0) + 24, self.width()), most))
            view.setTextElideMode(_MIDDLE)
        super().showPopup()

    def paintEvent(self, e: QPaintEvent | None) -> None:
        """As Qt does it, with the text cut."""
        painter = QStylePainter(self)
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        if self.currentIndex() < 0:
            option.currentText = self.placeholderText()
        option.currentText = self.fontMetrics().elidedText(
            option.currentText, _MIDDLE, self.width() - self._ARROW_PX
        )
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)


def fill(combo: QComboBox, entries: dict[str, str], chosen: str) -> None:
    """Values with their labels; changed only where they differ, never under an open list."""
    now = {combo.itemData(i): combo.itemText(i) for i in range(combo.count())}
    if now != entries:
        combo.clear()
        for value, words in entries.items():
            combo.addItem(words, value)
    index = combo.findData(chosen)
    if index != combo.currentIndex():
        combo.setCurrentIndex(index)


class Card(QFrame):
    """A rounded box with room for a body."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(12, 9, 12, 10)
        self.body.setSpacing(6)


class StepCard(Card):
    """One of the first four steps: its number or how it stands, its name, and one line.

    A choice that failed says why, and leads back to what is used.
    """

    gone_back = pyqtSignal()

    _LONGEST_PX = 150

    def __init__(self, theme: Theme, number: int, title: str) -> None:
        super().__init__()
        self._mark = StepMark(theme, number)
        self._title = label(title, "title")
        self._line = label("", "small")
        self._line.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._step: Step | None = None
        head = row(self._mark, self._title)
        # The rest of the line, wrapped where it is long.
        self._line.setWordWrap(True)
        head.addWidget(self._line, 1)
        self.why = label("", "bad", wrap=True)
        self.back = button("", self.gone_back.emit, "Take up again what is still used", "cut")
        self.body.addLayout(head)
        for hidden in (self.why, self.back):
            self.body.addWidget(hidden)
            hidden.hide()

    def show_step(self, step: Step) -> None:
        """How far this one is."""
        if step == self._step:
            return
        self._step = step
        self._mark.show_progress(step.progress)
        self._line.setText(step.text)
        kind = "bad" if step.progress == "fault" else "small"
        if self._line.objectName() != kind:
            self._line.setObjectName(kind)
            restyle(self._line)
        show_text(self.why, step.why)
        self.back.setVisible(bool(step.back))
        name = self.fontMetrics().elidedText(step.back, _MIDDLE, self._LONGEST_PX)
        self.back.setText(f"Back to {name}".replace("&", "&&"))
        self.back.setAccessibleName(f"Back to {step.back}")
        self.setAccessibleName(f"{self._title.text()}: {step.text}. {step.why}".strip(". "))


class StepMark(QWidget):
    """A circle with the step's number, a tick or an exclamation mark."""

    _SIZE = 20

    def __init__(self, theme: Theme, number: int) -> None:
        super().__init__()
        self._theme = theme
        self._number = number
        self._progress: Progress = "todo"
        self.setFixedSize(QSize(self._SIZE, self._SIZE))
        theme.changed.connect(self.update)

    def show_progress(self, progress: Progress) -> None:
        """Paint it anew."""
        self._progress = progress
        self.update()

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        """A filled circle once it is done."""
        colours = self._theme.colours
        signs = {"todo": str(self._number), "working": "…", "done": "✓", "fault": "!"}
        fills = {
            "todo": colours.field,
            "working": colours.predicted,
            "done": colours.good,
            "fault": colours.danger,
        }
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        todo = self._progress == "todo"
        painter.setPen(colour(colours.dim) if todo else Qt.PenStyle.NoPen)
        painter.setBrush(colour(fills[self._progress]))
        box = QRectF(1, 1, self._SIZE - 2, self._SIZE - 2)
        painter.drawEllipse(box)
        font = QFont(self.font())
        font.setPixelSize(12)
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(colour(colours.text if todo else colours.card))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, signs[self._progress])
        painter.end()


def restyle(widget: QWidget) -> None:
    """Apply the style sheet again after a name or property it goes by has changed."""
    if style := widget.style():
        style.unpolish(widget)
        style.polish(widget)


def canvas(widget: QWidget) -> QPixmap:
    """A transparent picture of the widget's size, as sharp as its screen."""
    ratio = widget.devicePixelRatioF()
    picture = QPixmap(widget.size() * ratio)
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    return picture
