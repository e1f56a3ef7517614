"""What the colours of a plot mean: below it, so that it covers nothing."""

from PyQt6.QtCore import QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent, QPen, QResizeEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from gui.widgets.theme import Theme, colour

_LINE_PX = 18
_SWATCH_PX = 18
_GAP_PX = 12


class PlotLegend(QWidget):
    """Names beside strokes in their colours, in as many lines as they need."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.entries: dict[str, QColor] = {}
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def show_entries(self, entries: dict[str, QColor]) -> None:
        """Colours by name."""
        self.entries = entries
        self.setAccessibleName("Legend: " + ", ".join(entries))
        self._fit()

    def sizeHint(self) -> QSize:
        """As high as its lines at this width."""
        return QSize(120, self._lines() * _LINE_PX)

    def minimumSizeHint(self) -> QSize:
        """As high as that, and of any width."""
        return QSize(0, self.sizeHint().height())

    def resizeEvent(self, a0: QResizeEvent | None) -> None:
        """Other widths need other lines."""
        self._fit()

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        """Each name where it has room."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for (name, shade), (x, line) in zip(self.entries.items(), self._places(), strict=True):
            middle = line * _LINE_PX + _LINE_PX / 2
            painter.setPen(QPen(shade, 3))
            painter.drawLine(QPointF(x, middle), QPointF(x + _SWATCH_PX - 5, middle))
            painter.setPen(colour(self._theme.colours.text))
            room = QRectF(x + _SWATCH_PX, line * _LINE_PX, self.width() - x - _SWATCH_PX, _LINE_PX)
            cut = self.fontMetrics().elidedText(
                name, Qt.TextElideMode.ElideMiddle, round(room.width())
            )
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, cut)
        painter.end()

    def _fit(self) -> None:
        self.setFixedHeight(self._lines() * _LINE_PX)
        self.update()

    def _lines(self) -> int:
        return max((line for _, line in self._places()), default=-1) + 1

    def _places(self) -> list[tuple[int, int]]:
        """Where each begins: pixels from the left, and its line."""
        places, x, line = [], 0, 0
        for name in self.entries:
            wide = _SWATCH_PX + self.fontMetrics().horizontalAdvance(name) + _GAP_PX
            if x and x + wide > self.width():
                x, line = 0, line + 1
            places.append((x, line))
            x += wide
        return places
