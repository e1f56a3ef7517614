"""How near the match is, as one gauge: the playing as it is, and what is expected of the answer.

It speaks as the sliders do: the circle is what is there, the triangle what is answered, and the
band where that likely lies.
"""

from PyQt6.QtCore import QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import QFont, QFontMetricsF, QPainter, QPaintEvent, QPen, QPolygonF
from PyQt6.QtWidgets import QSizePolicy, QWidget

from bridge.estimate.closeness import HARDLY_AUDIBLE, Closeness
from gui.engine import Engine
from gui.views.closeness import MARKS, ClosenessView, closeness_view, place
from gui.widgets.basics import Card, Elided, label, restyle, row, show_text
from gui.widgets.theme import Theme, colour

_TIP = (
    "How far it is from the sound of the reference: 0 is identical. Circle: your playing as it is."
    " Triangle: expected with the whole answer; with 80 % it lies in the band."
)
_MARGIN = 9.0
_MIDDLE = 17.0
_TRACK = 8.0
_BAND = 16.0
_CIRCLE = 7.5
_MARKER = 7.0
_SMALL_PX = 11
_HEIGHT_PX = 42


class ClosenessCard(Card):
    """Words, figures and the gauge."""

    def __init__(self, engine: Engine, theme: Theme) -> None:
        super().__init__()
        self._engine = engine
        self._view: ClosenessView | None = None
        self._narrow = False
        self.words = Elided("dim", Qt.TextElideMode.ElideRight)
        self.detail = label("", "dim")
        self.figures = label("", "figures")
        self.gauge = Gauge(theme)
        head = row(self.words, self.detail, self.figures)
        head.setSpacing(12)
        head.setStretch(0, 1)
        self.body.setContentsMargins(12, 5, 12, 4)
        self.body.setSpacing(1)
        self.body.addLayout(head)
        self.body.addWidget(self.gauge)
        self.setAccessibleName("How near it is")
        self.setToolTip(_TIP)
        engine.watch(self._follow, *_WATCHED)

    def be_narrow(self, narrow: bool) -> None:
        """Do with less width."""
        self._narrow = narrow
        self.detail.setVisible(bool(self.detail.text()) and not narrow)

    def _follow(self) -> None:
        view = closeness_view(self._engine.values, self._engine.chain)
        if view == self._view:
            return
        self._view = view
        kind = "headline" if view.decided else "dim"
        if self.words.objectName() != kind:
            self.words.setObjectName(kind)
            restyle(self.words)
        self.words.show_text(view.words)
        show_text(self.figures, view.figures)
        show_text(self.detail, view.detail)
        self.be_narrow(self._narrow)
        self.setAccessibleDescription(view.spoken)
        self.gauge.show_closeness(view.closeness)


_WATCHED = (
    *("/closeness", "/verdict", "/chain", "/parameter/", "/amount", "/follow", "/freeze"),
    *("/bypass", "/state", "/rendering", "/reference", "/input/connected", "/engine/busy"),
)


class Gauge(QWidget):
    """Distances from the left, where it sounds alike, to the right."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._closeness: Closeness | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Distance to the sound of the reference")
        self.show_closeness(None)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Marks, track, and the names below it."""
        return QSize(240, _HEIGHT_PX)

    def show_closeness(self, closeness: Closeness | None) -> None:
        """Paint it anew; None is unknown."""
        self._closeness = closeness
        told = f"{closeness.now:.2f} now, {closeness.expected:.2f} expected" if closeness else ""
        self.setAccessibleDescription(told or "unknown")
        self.update()

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        """Track with the near end marked; circle, band and triangle where they are known."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        self._paint_track(painter)
        self._paint_names(painter)
        if self._closeness:
            self._paint_marks(painter, self._closeness)
        painter.end()

    def _paint_track(self, painter: QPainter) -> None:
        colours = self._theme.colours
        painter.setBrush(colour(colours.line))
        painter.drawRoundedRect(self._bar(0, None, _TRACK), _TRACK / 2, _TRACK / 2)
        painter.setBrush(colour(colours.good, 1.0 if self._closeness else 0.5))
        painter.drawRoundedRect(self._bar(0, HARDLY_AUDIBLE, _TRACK), _TRACK / 2, _TRACK / 2)

    def _paint_names(self, painter: QPainter) -> None:
        font = QFont(self.font())
        font.setPixelSize(_SMALL_PX)
        painter.setFont(font)
        width_of = QFontMetricsF(font).horizontalAdvance
        painter.setPen(colour(self._theme.colours.dim))
        for number, (distance, name) in enumerate(MARKS):
            at = self._x(distance)
            painter.drawLine(QPointF(at, _MIDDLE + 6), QPointF(at, _MIDDLE + 10))
            # The first is a whole stretch, from the left end on.
            left = _MARGIN if number == 0 else at - width_of(name) / 2
            painter.drawText(QPointF(left, self.height() - 3), name)
        painter.setPen(Qt.PenStyle.NoPen)

    def _paint_marks(self, painter: QPainter, told: Closeness) -> None:
        colours = self._theme.colours
        shade = colours.good if told.nearer else colours.danger
        low, high = sorted((told.now, told.expected))
        painter.setBrush(colour(shade, 0.75))
        painter.drawRect(self._bar(low, high, _TRACK / 2))
        painter.setBrush(colour(colours.predicted, 0.35))
        painter.drawRoundedRect(self._bar(told.low, told.high, _BAND), 4, 4)
        painter.setPen(QPen(colour(colours.card), 1.6))
        painter.setBrush(colour(colours.accent))
        painter.drawEllipse(QPointF(self._x(told.now), _MIDDLE), _CIRCLE, _CIRCLE)
        at = self._x(told.expected)
        painter.setPen(QPen(colour(colours.predicted), 2))
        painter.drawLine(QPointF(at, 6), QPointF(at, _MIDDLE + _BAND / 2))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(colours.predicted))
        corners = ((-_MARKER, 0.0), (_MARKER, 0.0), (0.0, 1.4 * _MARKER))
        painter.drawPolygon(QPolygonF(QPointF(at + dx, dy) for dx, dy in corners))

    def _bar(self, low: float, high: float | None, thickness: float) -> QRectF:
        """Along the track, to its end where there is no upper distance."""
        left = self._x(low)
        right = self.width() - _MARGIN if high is None else self._x(high)
        return QRectF(left, _MIDDLE - thickness / 2, max(right - left, 2.0), thickness)

    def _x(self, distance: float) -> float:
        return _MARGIN + place(distance) * (self.width() - 2 * _MARGIN)
