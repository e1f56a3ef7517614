"""The reference's waveform and the region of it that counts.

The file is read in the background.
"""

from functools import partial
from pathlib import Path

from PyQt6.QtCore import QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPixmap
from PyQt6.QtWidgets import QSizePolicy, QWidget

from bridge.errors import AudioError
from gui.views.waveform import Outline, read_outline
from gui.widgets.background import Background
from gui.widgets.basics import canvas
from gui.widgets.theme import Theme, colour

_HANDLE_PX = 7
_KEY_STEP = 0.01
_LEAST_S = 0.5
_HEIGHT = 62


def _outline(path: str) -> Outline | None:
    """None for what cannot be read: the engine reads the same file and says what is wrong."""
    try:
        return read_outline(Path(path))
    except AudioError:
        return None


class Waveform(QWidget):
    """Drag an end of the region to move it; the arrow keys move its start, with Shift its end."""

    region_moved = pyqtSignal(float, float)
    """By the player: from and to, in seconds; 0 0 is all of it."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._path = ""
        self._reading = False
        self._outline: Outline | None = None
        self._region = (0.0, 0.0)
        self._grabbed = -1
        self._picture: QPixmap | None = None
        self._background: Background[Outline | None] = Background(self._take)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self.setAccessibleName("Reference: none")
        theme.changed.connect(self._repaint)

    def sizeHint(self) -> QSize:
        """As wide as there is room."""
        return QSize(200, _HEIGHT)

    @property
    def seconds(self) -> float:
        """Length of what is shown; 0 without a reference."""
        return self._outline.seconds if self._outline else 0.0

    def show_file(self, path: str) -> None:
        """Read and show it, unless it is shown already."""
        if path == self._path:
            return
        self._path, self._outline, self._reading = path, None, bool(path)
        self._repaint()
        self._background.forget()
        if path:
            self._background.run(partial(_outline, path))

    def read_again(self) -> None:
        """The same file has other contents."""
        path, self._path = self._path, ""
        self.show_file(path)

    def show_region(self, from_s: float, to_s: float) -> None:
        """The engine's region."""
        if self._grabbed < 0 and (from_s, to_s) != self._region:
            self._region = (from_s, to_s)
            self.update()
            self._say()

    def _take(self, outline: Outline | None) -> None:
        self._outline, self._reading = outline, False
        self._repaint()
        self._say()

    def _say(self) -> None:
        low, high = self._ends()
        self.setAccessibleName(
            f"Reference from {low:.1f} s to {high:.1f} s" if self._outline else "Reference: none"
        )
        self.setToolTip(
            f"{low:.1f} s to {high:.1f} s of {self.seconds:.1f} s count. Drag the ends, or use the"
            " arrow keys, with Shift for the right one; double-click takes all"
            if self._outline
            else ""
        )

    def _ends(self) -> tuple[float, float]:
        low, high = self._region
        return (low, high) if high > low else (0.0, self.seconds)

    def _repaint(self) -> None:
        self._picture = None
        self.update()

    def _x(self, seconds: float) -> float:
        return seconds / max(self.seconds, 1e-9) * self.width()

    def mousePressEvent(self, a0: QMouseEvent | None) -> None:
        """Take hold of the nearer end."""
        if a0 and self._outline:
            ways = [abs(self._x(end) - a0.position().x()) for end in self._ends()]
            if min(ways) <= 3 * _HANDLE_PX:
                self._grabbed = ways.index(min(ways))

    def mouseMoveEvent(self, a0: QMouseEvent | None) -> None:
        """Move it."""
        if a0 and self._grabbed >= 0:
            self._move_end(self._grabbed, a0.position().x() / self.width() * self.seconds)

    def mouseReleaseEvent(self, a0: QMouseEvent | None) -> None:
        """Tell where it is now."""
        if self._grabbed >= 0:
            self._grabbed = -1
            self.region_moved.emit(*self._region)

    def mouseDoubleClickEvent(self, a0: QMouseEvent | None) -> None:
        """All of it."""
        self._region = (0.0, 0.0)
        self.update()
        self.region_moved.emit(0.0, 0.0)

    def keyPressEvent(self, a0: QKeyEvent | None) -> None:
        """Hundredths of the recording."""
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        if a0 is None or a0.key() not in steps or not self._outline:
            super().keyPressEvent(a0)
            return
        end = 1 if a0.modifiers() & Qt.KeyboardModifier.ShiftModifier else 0
        way = steps[Qt.Key(a0.key())] * _KEY_STEP * self.seconds
        self._move_end(end, self._ends()[end] + way)
        self.region_moved.emit(*self._region)

    def _move_end(self, end: int, to_s: float) -> None:
        low, high = self._ends()
        if end == 0:
            low = min(max(to_s, 0.0), high - _LEAST_S)
        else:
            high = max(min(to_s, self.seconds), low + _LEAST_S)
        self._region = (low, high)
        self.update()
        self._say()

    def resizeEvent(self, a0: object) -> None:
        """The picture no longer fits."""
        self._picture = None

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        """The waveform is painted once and kept; the region over it."""
        colours = self._theme.colours
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._picture is None:
            self._picture = self._drawn()
        painter.drawPixmap(0, 0, self._picture)
        if self._outline:
            low, high = (self._x(end) for end in self._ends())
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour(colours.field, 0.72))
            painter.drawRect(QRectF(0, 0, low, self.height()))
            painter.drawRect(QRectF(high, 0, self.width() - high, self.height()))
            painter.setBrush(colour(colours.predicted))
            for at in (max(low, 1.5), min(high, self.width() - 1.5)):
                painter.drawRect(QRectF(at - 1.5, 0, 3, self.height()))
                painter.drawEllipse(QPointF(at, self.height() / 2), 4.5, 4.5)
        if self.hasFocus():
            painter.setPen(colour(colours.accent))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        painter.end()

    def _drawn(self) -> QPixmap:
        colours = self._theme.colours
        picture = canvas(self)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(colours.field))
        painter.drawRoundedRect(QRectF(self.rect()), 6, 6)
        middle = self.height() / 2
        if self._outline is None:
            painter.setPen(colour(colours.dim))
            words = "Being read…" if self._reading else "Drop a recording here"
            painter.drawText(QRectF(self.rect()), Qt.AlignmentFlag.AlignCenter, words)
        else:
            painter.setBrush(colour(colours.predicted))
            low, high = self._outline.low, self._outline.high
            # Full height is the loudest sample: what counts here is where there is sound.
            scale = (middle - 4) / max(float(max(-low.min(), high.max())), 1e-6)
            width = self.width() / len(low)
            for column in range(len(low)):
                top = middle - float(high[column]) * scale
                height = max(float(high[column] - low[column]) * scale, 1.0)
                painter.drawRect(QRectF(column * width, top, max(width, 0.7), height))
        painter.end()
        return picture
