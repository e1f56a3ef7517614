"""A parameter's slider: the host's value as its handle, the model's answer as a marker.

Dragging is relative, so a press moves nothing; while the handle is held, the host's echo is not
shown.
"""

from PyQt6.QtCore import QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF, QWheelEvent
from PyQt6.QtWidgets import QSizePolicy, QSlider

from gui.views.parameters import SPREAD
from gui.widgets.theme import Theme, colour

STEPS = 1000
_MARGIN = 11.0
_TRACK = 5.0
_HANDLE = 7.5
_MARKER = 6.0
_HEIGHT = 30.0
_FINE = 0.2
"""Of the way, while Shift is held."""


class ParameterSlider(QSlider):
    """Normalised; the arrow keys move a hundredth, Page Up and Down a tenth."""

    moved = pyqtSignal(float)
    """By the player, to this normalised value."""
    handed_back = pyqtSignal()
    """Double-clicked, or Backspace."""

    def __init__(self, theme: Theme, classes: int = 0, size: float = 1.0) -> None:
        """With `classes`, only as many values as an enum or a toggle has; `size` of the usual."""
        super().__init__(Qt.Orientation.Horizontal)
        self._margin, self._track = size * _MARGIN, size * _TRACK
        self._handle, self._marker = size * _HANDLE, size * _MARKER
        self._half = size * _HEIGHT / 2 - 1
        self._theme = theme
        self._classes = classes
        self._predicted: float | None = None
        self._confidence: float | None = None
        self._grabbed: tuple[float, float] | None = None
        step = STEPS // max(classes - 1, 1) if classes else STEPS // 100
        self.setRange(0, STEPS)
        self.setSingleStep(step)
        self.setPageStep(step if classes else STEPS // 10)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.valueChanged.connect(lambda value: self.moved.emit(value / STEPS))
        theme.changed.connect(self.update)

    def show_values(self, host: float, predicted: float | None, confidence: float | None) -> None:
        """The host's value and the model's answer, normalised."""
        if (predicted, confidence) != (self._predicted, self._confidence):
            self._predicted, self._confidence = predicted, confidence
            self.update()
        if self._grabbed is None:
            blocked = self.blockSignals(True)
            self.setValue(round(host * STEPS))
            self.blockSignals(blocked)

    def sizeHint(self) -> QSize:
        """Room for handle and marker."""
        return QSize(180, round(2 * self._half) + 2)

    def minimumSizeHint(self) -> QSize:
        """Still usable."""
        return QSize(110, round(2 * self._half) + 2)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Take hold where the handle is, wherever the pointer is."""
        if event and event.button() is Qt.MouseButton.LeftButton:
            self._grabbed = (event.position().x(), self.value() / STEPS)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Move as far as the pointer."""
        if not event or self._grabbed is None:
            return
        fine = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        pointer, value = self._grabbed
        way = (event.position().x() - pointer) / self._span * (_FINE if fine else 1.0)
        self.setValue(round(self._near_class(value + way) * STEPS))

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """Let go."""
        if event and event.button() is Qt.MouseButton.LeftButton:
            self._grabbed = None

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        """Hand it back to the model."""
        if event:
            self.handed_back.emit()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Backspace hands it back to the model."""
        if event and event.key() in (Qt.Key.Key_Backspace, Qt.Key.Key_Delete):
            self.handed_back.emit()
            return
        super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        """Left to the list that scrolls: a parameter must not be turned by scrolling past."""
        if event:
            event.ignore()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Track, spread and marker of the prediction, handle."""
        colours = self._theme.colours
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        middle = self.height() / 2
        value = self.value() / STEPS
        track = QRectF(self._margin, middle - self._track / 2, self._span, self._track)
        painter.setBrush(colour(colours.line))
        painter.drawRoundedRect(track, self._track / 2, self._track / 2)
        if self._classes > 1:
            painter.setBrush(colour(colours.dim, 0.7))
            for number in range(self._classes):
                at = self._x(number / (self._classes - 1))
                painter.drawEllipse(QPointF(at, middle + self._handle + 3), 1.5, 1.5)
        if self._predicted is not None and self._confidence is not None and not self._classes:
            left = self._x(max(self._predicted - SPREAD, 0))
            right = self._x(min(self._predicted + SPREAD, 1))
            band = 2.4 * self._track
            painter.setBrush(colour(colours.predicted, 0.12 + 0.33 * self._confidence))
            painter.drawRoundedRect(QRectF(left, middle - band / 2, right - left, band), 4, 4)
        painter.setBrush(colour(colours.accent, 1.0 if self.isEnabled() else 0.4))
        painter.drawRoundedRect(
            QRectF(self._margin, middle - self._track / 2, value * self._span, self._track),
            self._track / 2,
            self._track / 2,
        )
        if self._predicted is not None:
            at = self._x(self._predicted)
            top = middle - self._half
            painter.setBrush(colour(colours.predicted))
            painter.drawPolygon(
                QPolygonF(
                    QPointF(at + dx, top + dy)
                    for dx, dy in (
                        (-self._marker, 0.0),
                        (self._marker, 0.0),
                        (0.0, 1.4 * self._marker),
                    )
                )
            )
            painter.setPen(QPen(colour(colours.predicted), 1.6))
            painter.drawLine(QPointF(at, top + 5), QPointF(at, middle + self._handle))
        ring = 3.0 if self.hasFocus() else 1.6
        painter.setPen(QPen(colour(colours.text if self.hasFocus() else colours.card), ring))
        painter.setBrush(colour(colours.accent))
        painter.drawEllipse(QPointF(self._x(value), middle), self._handle, self._handle)
        painter.end()

    @property
    def _span(self) -> float:
        return max(self.width() - 2 * self._margin, 1.0)

    def _x(self, normalised: float) -> float:
        return self._margin + normalised * self._span

    def _near_class(self, normalised: float) -> float:
        if not self._classes:
            return normalised
        steps = self._classes - 1
        return round(min(max(normalised, 0.0), 1.0) * steps) / steps
