"""The sound map: every setting of the plugin has a place, and near places sound alike.

A click or drag moves all parameters there; the arrow keys move a hundredth.
"""

from functools import partial

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QShowEvent,
)
from PyQt6.QtWidgets import QWidget

from bridge.chain import Chain
from gui.engine import Engine
from gui.views.setup import snapshots
from gui.views.sound_map import MapPicture, missing_map, nearness, read_map, snapshot_setting
from gui.views.values import numbers
from gui.widgets.background import Background
from gui.widgets.basics import canvas
from gui.widgets.theme import Theme, colour

_MARGIN = 14
_STEP = 0.01
_LEGEND_PX = 24
_FIELD_ALPHA = 200
"""Of 255, where settings come nearest."""
_PLACES = (("/map/prediction", "match"),)
"""Only settings have a place: where a recording lies is a guess that misleads."""
Place = tuple[float, float]


class SoundMap(QWidget):
    """A square of places, with what is known drawn into it."""

    def __init__(self, engine: Engine, theme: Theme) -> None:
        super().__init__()
        self._engine = engine
        self._theme = theme
        self._background: Background[MapPicture | None] = Background(self._take)
        self.cloud: MapPicture | None = None
        self._asked = self._reading = False
        self._pins: dict[str, Place] = {}
        self._picture: QPixmap | None = None
        self._field: QImage | None = None
        self._chain: Chain | None = None
        self._held: Place | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(200, 200)
        self.setToolTip(
            "Near places sound alike; dark points are settings that sound dark; the "
            "field is where settings that were tried come near the reference"
        )
        theme.changed.connect(self._repaint)
        theme.changed.connect(self._see_nearness)
        engine.watch(self._choose, "/chain", "/plugins", "/rigs")
        engine.watch(self.update, "/map", *(address for address, _ in _PLACES))
        engine.watch(self._say, "/map")
        engine.watch(self._see_nearness, "/map/heard")
        engine.watch(self._pin, "/snapshots")

    @property
    def place(self) -> Place:
        """Where the parameters are, or are being dragged to."""
        told = numbers(self._engine.values, "/map")
        return self._held or ((told[0], told[1]) if len(told) == 2 else (0.5, 0.5))

    def mousePressEvent(self, a0: QMouseEvent | None) -> None:
        """Go there."""
        if a0 and a0.button() is Qt.MouseButton.LeftButton and self.cloud:
            self._go(self._place_at(a0.position()))

    def mouseMoveEvent(self, a0: QMouseEvent | None) -> None:
        """Go along."""
        if a0 and a0.buttons() & Qt.MouseButton.LeftButton and self.cloud:
            self._go(self._place_at(a0.position()))

    def mouseReleaseEvent(self, a0: QMouseEvent | None) -> None:
        """Let go."""
        self._held = None
        self.update()

    def keyPressEvent(self, a0: QKeyEvent | None) -> None:
        """A hundredth at a time."""
        ways = {
            Qt.Key.Key_Left: (-1, 0),
            Qt.Key.Key_Right: (1, 0),
            Qt.Key.Key_Up: (0, 1),
            Qt.Key.Key_Down: (0, -1),
        }
        if a0 is None or a0.key() not in ways or self.cloud is None:
            super().keyPressEvent(a0)
            return
        dx, dy = ways[Qt.Key(a0.key())]
        x, y = self.place
        self._go((x + dx * _STEP, y + dy * _STEP))
        self._held = None

    def _go(self, place: Place) -> None:
        x, y = (min(max(share, 0.0), 1.0) for share in place)
        self._held = (x, y)
        self._engine.send_soon("/map", x, y)
        self.update()
        self._say()

    def _say(self) -> None:
        x, y = self.place
        here = f"at {x:.0%} across and {y:.0%} up" if self.cloud else self._missing
        self.setAccessibleName(f"Sound map, {here}")

    def _choose(self) -> None:
        chosen = self._engine.chain
        if chosen is not self._chain:
            self._chain = chosen
            self.cloud, self._asked, self._reading = None, False, False
            self._background.forget()
            self._repaint()
            self._read()
            self._say()

    def showEvent(self, a0: QShowEvent | None) -> None:
        """Only who looks at a map needs it."""
        self._read()

    def _read(self) -> None:
        chain = self._chain
        if chain and len(chain.slots) == 1 and self.isVisible() and not self._asked:
            self._asked = self._reading = True
            self._background.run(partial(read_map, chain.slots[0].plugin))

    @property
    def _missing(self) -> str:
        return missing_map(self._chain, self._reading)

    def _take(self, cloud: MapPicture | None) -> None:
        self.cloud, self._reading = cloud, False
        self._pin()
        self._say()
        self._repaint()

    def _pin(self) -> None:
        """Put a pin where each snapshot lies."""
        self._pins = {}
        if self._chain and self.cloud:
            for name, told in snapshots(self._engine.values).items():
                self._pins[name] = self.cloud.place_of(snapshot_setting(self._chain, told))
        self.update()

    def _repaint(self) -> None:
        self._picture = None
        self.update()

    def resizeEvent(self, a0: QResizeEvent | None) -> None:
        """The picture no longer fits."""
        self._picture = None

    @property
    def _square(self) -> QRectF:
        room = self.rect().adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN - _LEGEND_PX)
        side = min(room.width(), room.height())
        left = room.left() + (room.width() - side) / 2
        return QRectF(left, room.top(), side, side)

    def _place_at(self, position: QPointF) -> Place:
        square = self._square
        return (
            (position.x() - square.left()) / square.width(),
            1 - (position.y() - square.top()) / square.height(),
        )

    def _at(self, place: Place) -> QPointF:
        square = self._square
        return QPointF(
            square.left() + place[0] * square.width(), square.bottom() - place[1] * square.height()
        )

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        """The cloud is painted once and kept; the places over it."""
        if self._picture is None:
            self._picture = self._drawn()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(colour(self._theme.colours.border))
        painter.setBrush(colour(self._theme.colours.field))
        painter.drawRoundedRect(self._square, 8, 8)
        if self.cloud and self._field:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(self._square, self._field)
        painter.drawPixmap(0, 0, self._picture)
        if self.cloud:
            self._draw_places(painter)
        if self.hasFocus():
            painter.setPen(QPen(colour(self._theme.colours.accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(self._square, 8, 8)
        painter.end()

    def _draw_places(self, painter: QPainter) -> None:
        colours = self._theme.colours
        here = self._at(self.place)
        painter.setPen(QPen(colour(colours.line), 1, Qt.PenStyle.DashLine))
        square = self._square
        painter.drawLine(QPointF(square.left(), here.y()), QPointF(square.right(), here.y()))
        painter.drawLine(QPointF(here.x(), square.top()), QPointF(here.x(), square.bottom()))
        for name, pin in self._pins.items():
            self._draw_pin(painter, name, self._at(pin))
        for address, _ in _PLACES:
            told = numbers(self._engine.values, address)
            if len(told) == 2:
                self._sign(painter, self._at((told[0], told[1])))
        painter.setPen(QPen(colour(colours.card), 2))
        painter.setBrush(colour(colours.accent))
        painter.drawEllipse(here, 8, 8)
        self._legend(painter)

    def _draw_pin(self, painter: QPainter, name: str, at: QPointF) -> None:
        colours = self._theme.colours
        box = QRectF(at.x() - 9, at.y() - 9, 18, 18)
        painter.setPen(QPen(colour(colours.text), 1.2))
        painter.setBrush(colour(colours.card))
        painter.drawRoundedRect(box, 4, 4)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, name)

    def _sign(self, painter: QPainter, at: QPointF) -> None:
        """A shape of its own, so that colour is not all, on a ground of its own."""
        colours = self._theme.colours
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(colours.card, 0.85))
        painter.drawEllipse(at, 10, 10)
        painter.setBrush(colour(colours.predicted))
        painter.drawPolygon(
            at + QPointF(0, -7), at + QPointF(7, 0), at + QPointF(0, 7), at + QPointF(-7, 0)
        )

    def _legend(self, painter: QPainter) -> None:
        colours = self._theme.colours
        told = [name for address, name in _PLACES if numbers(self._engine.values, address)]
        x, y = self._square.left() + 8.0, self._square.bottom() + _LEGEND_PX - 4
        painter.setPen(QPen(colour(colours.card), 1))
        painter.setBrush(colour(colours.accent))
        painter.drawEllipse(QPointF(x, y), 6, 6)
        for name in ("you", *told, *(("near",) if self._field else ())):
            if name == "near":
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(colour(colours.good, _FIELD_ALPHA / 255))
                painter.drawRoundedRect(QRectF(x - 6, y - 6, 12, 12), 3, 3)
            elif name != "you":
                self._sign(painter, QPointF(x, y))
            painter.setPen(colour(colours.dim))
            painter.drawText(QPointF(x + 12, y + 5), name)
            x += 34 + painter.fontMetrics().horizontalAdvance(name)

    def _see_nearness(self) -> None:
        """Make the field of colour, from what the search has tried."""
        near = nearness(numbers(self._engine.values, "/map/heard"))
        self._field = None
        if near is not None:
            # Qt wants the upper row first.
            alpha = (_FIELD_ALPHA * near[::-1]).astype(np.uint8)
            good = colour(self._theme.colours.good)
            cells = np.empty((*alpha.shape, 4), np.uint8)
            cells[..., :3], cells[..., 3] = (good.red(), good.green(), good.blue()), alpha
            rows, columns = alpha.shape
            image = QImage(cells.tobytes(), columns, rows, QImage.Format.Format_RGBA8888)
            # A copy of its own: Qt does not keep the bytes that an image is made of.
            self._field = image.copy()
        self.update()

    def _drawn(self) -> QPixmap:
        colours = self._theme.colours
        picture = canvas(self)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.cloud is None:
            painter.setPen(colour(colours.dim))
            words = self._missing
            painter.drawText(
                self._square.adjusted(16, 12, -16, -12),
                Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap,
                words,
            )
        else:
            painter.setPen(QPen(colour(colours.dim, 0.5), 0.5))
            for (x, y), shade in zip(
                self.cloud.points.tolist(), self.cloud.colours.tolist(), strict=True
            ):
                painter.setBrush(QColor.fromRgbF(*shade))
                painter.drawEllipse(self._at((x, y)), 2.6, 2.6)
        painter.end()
        return picture
