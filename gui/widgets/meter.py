"""The input's level, with a light that stays on once the input was at full scale."""

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QPainter, QPaintEvent
from PyQt6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from gui.engine import Engine
from gui.views.values import is_on, number
from gui.widgets.basics import button
from gui.widgets.theme import Theme, colour

_LOW_DB = -60.0
_LOUD_DB = -6.0
_TEXT_WIDTH = 64


class Meter(QWidget):
    """Bar and clip light."""

    def __init__(self, engine: Engine, theme: Theme) -> None:
        super().__init__()
        self._engine = engine
        self._bar = _Bar(theme)
        self.clip = button(
            "CLIP", lambda: engine.send("/clear"), "Was at full scale: turn the input down", "flat"
        )
        self.clip.setFixedWidth(46)
        self._theme = theme
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self._bar, 1)
        layout.addWidget(self.clip)
        engine.watch(self._show_level, "/input/level", "/input/peak", "/input/connected")
        engine.watch(self._show_clip, "/input/clipped")
        theme.changed.connect(self._show_clip)

    def _show_level(self) -> None:
        values = self._engine.values
        level_db, peak_db = (
            number(values, f"/input/{name}", _LOW_DB) for name in ("level", "peak")
        )
        self._bar.show_levels(
            level_db, peak_db, "" if is_on(values, "/input/connected") else "no input"
        )

    def _show_clip(self) -> None:
        clipped = is_on(self._engine.values, "/input/clipped")
        colours = self._theme.colours
        self.clip.setEnabled(clipped)
        self.clip.setAccessibleName("Clipped: press to clear" if clipped else "Not clipped")
        self.clip.setStyleSheet(
            f"background: {colours.danger}; color: {colours.on_danger}; font-weight: 700;"
            if clipped
            else ""
        )


class _Bar(QWidget):
    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._shown = (0, 0)
        self._text = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(160, 22)

    def show_levels(self, level_db: float, peak_db: float, instead: str) -> None:
        """Paint again where a pixel differs; `instead` is what stands there for the peak."""
        shown = (0, 0) if instead else (self._pixel(level_db), self._pixel(peak_db))
        text = instead or (f"{peak_db:z.0f} dB" if peak_db > _LOW_DB else "silent")
        if (shown, text) != (self._shown, self._text):
            self._shown, self._text = shown, text
            self.setAccessibleName(f"Input peak {text}")
            self.update()

    def _pixel(self, decibels: float) -> int:
        share = min(max(1 - decibels / _LOW_DB, 0.0), 1.0)
        return round(share * (self.width() - _TEXT_WIDTH))

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        """RMS as a bar, the peak as a line, the peak's number to the right."""
        colours = self._theme.colours
        painter = QPainter(self)
        painter.setPen(Qt.PenStyle.NoPen)
        width, height = self.width() - _TEXT_WIDTH, 8
        top = (self.height() - height) // 2
        painter.setBrush(colour(colours.field))
        painter.drawRect(0, top, width, height)
        level, peak = self._shown
        loud = self._pixel(_LOUD_DB)
        painter.setBrush(colour(colours.good))
        painter.drawRect(0, top, min(level, loud), height)
        if level > loud:
            painter.setBrush(colour(colours.danger))
            painter.drawRect(loud, top, level - loud, height)
        painter.setBrush(colour(colours.danger if peak > loud else colours.text))
        if peak:
            painter.drawRect(peak - 1, top - 2, 2, height + 4)
        painter.setBrush(colour(colours.line))
        painter.drawRect(loud, top + height + 1, 1, 3)
        painter.setPen(colour(colours.dim))
        painter.drawText(
            QRectF(width, 0, _TEXT_WIDTH, self.height()),
            Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
            self._text,
        )
        painter.end()
