"""One row for each parameter: lock, slider, value, prediction, confidence, whose it is."""

from functools import cache

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QFontMetrics, QIcon, QPainter, QPaintEvent
from PyQt6.QtWidgets import QGridLayout, QWidget

from bridge.chain import ChainParameter
from bridge.control.nodes import Leaf
from gui.engine import Engine
from gui.views.parameters import WHO, ParameterView, address, parameter_view
from gui.widgets.basics import Elided, button, label
from gui.widgets.fields import value_field
from gui.widgets.slider import ParameterSlider
from gui.widgets.theme import ICONS, Theme, colour

COLUMNS = 7
_NAME, _SLIDER, _FIELD, _PREDICTED = 1, 2, 3, 4
_FIELD_WIDTH = 84
_PREDICTED_WIDTH = 62


class ParameterRow:
    """Lock, name, slider, value, prediction, confidence and whose it is."""

    def __init__(
        self, parameter: ChainParameter, name: str, engine: Engine, theme: Theme, size: float = 1.0
    ) -> None:
        """`name` is what the row is called by who does not see it, `size` that of its slider."""
        self.parameter = parameter
        self.spec = spec = parameter.spec
        self._name_spoken = name
        self._engine = engine
        self._shown: ParameterView | None = None
        self.lock = button("", self._lock, f"Keep the model off {name}", "flat", True)
        self.lock.setIcon(lock_icon())
        self.lock.setFixedWidth(28)
        self.lock.setEnabled(spec.predicted)
        self.lock.setAccessibleName(f"Lock {name}")
        self.name = label(spec.name, "title")
        self.name.setToolTip(f"{spec.name} ({parameter.address})")
        self.slider = ParameterSlider(theme, spec.classes, size)
        self.slider.moved.connect(self._slid)
        self.slider.handed_back.connect(self._hand_back)
        self.field = value_field(spec)
        self.field.setMinimumWidth(_FIELD_WIDTH)
        self.field.setAccessibleName(f"{name} in the host")
        self.field.chosen.connect(self._typed)
        self.predicted = Elided("predicted" if spec.predicted else "dim")
        self.predicted.setMinimumWidth(_PREDICTED_WIDTH)
        self.confidence = Confidence(theme)
        self.badge = button("yours ↺", self._hand_back, f"Hand {name} back to the model", "badge")
        self.badge.setAccessibleName(f"{name} is yours: hand it back to the model")
        keep = self.badge.sizePolicy()
        keep.setRetainSizeWhenHidden(True)
        self.badge.setSizePolicy(keep)
        self.badge.hide()

    @property
    def widgets(self) -> tuple[QWidget, ...]:
        """From left to right."""
        return (
            self.lock,
            self.name,
            self.slider,
            self.field,
            self.predicted,
            self.confidence,
            self.badge,
        )

    def show_values(self) -> None:
        """Change what differs from what is shown."""
        view = parameter_view(self.parameter, self._engine.values)
        if view == self._shown:
            return
        self._shown = view
        self.slider.show_values(view.host, view.predicted, view.confidence)
        self.slider.setAccessibleName(f"{self._name_spoken}, {view.host_text}")
        self.slider.setAccessibleDescription(view.spoken)
        self.slider.setToolTip(
            f"{view.spoken}. Moved last by {WHO.get(view.by, view.by)}."
            " Drag it and it is yours; double-click hands it back."
        )
        self.field.show_value(self.spec.to_real(view.host))
        if self.spec.predicted:
            self.predicted.show_text(view.predicted_text, "What the model answers")
        else:
            self.predicted.show_text("held", "The model never turns it: it is the player's choice")
        self.confidence.show_confidence(view.confidence)
        self.lock.setChecked(view.locked)
        self.badge.setVisible(view.yours and self.spec.predicted)

    def _slid(self, normalised: float) -> None:
        self._engine.send_soon(address(self.parameter), self.spec.to_real(normalised))
        self.field.show_value(self.spec.to_real(normalised))

    def _typed(self, real: float) -> None:
        self._engine.send_soon(address(self.parameter), real)

    def _lock(self) -> None:
        self._engine.send(address(self.parameter, Leaf.LOCK), int(self.lock.isChecked()))

    def _hand_back(self) -> None:
        self._engine.send("/arm", self.parameter.address)


class ParameterGrid(QGridLayout):
    """Rows below each other, their columns in line."""

    def __init__(self, rows: list[ParameterRow], spacing: int) -> None:
        super().__init__()
        self.setContentsMargins(0, 0, 0, 0)
        self.setHorizontalSpacing(6)
        self.setVerticalSpacing(spacing)
        self._rows = rows
        for line, one in enumerate(rows):
            for place, widget in enumerate(one.widgets):
                self.addWidget(widget, line, place)
        self.be_narrow(False)

    def be_narrow(self, narrow: bool) -> None:
        """Leave the predicted values to the sliders' marks where there is little room."""
        for place, share in ((_SLIDER, 6), (_FIELD, 1), (_PREDICTED, 0 if narrow else 1)):
            self.setColumnStretch(place, share)
        for one in self._rows:
            one.predicted.setVisible(not narrow)

    def be_in_line(self, name_px: int) -> None:
        """Give the names so much room, as in the grids above and below."""
        self.setColumnMinimumWidth(_NAME, name_px)


@cache
def lock_icon() -> QIcon:
    """An open lock, and a closed one where it is on."""
    icon = QIcon(str(ICONS / "unlocked.svg"))
    icon.addFile(str(ICONS / "locked.svg"), state=QIcon.State.On)
    return icon


class Confidence(QWidget):
    """How sure the model is, as a bar with its percentage."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._confidence: float | None = None
        self.setFixedSize(QSize(42, 26))
        theme.changed.connect(self.update)

    def show_confidence(self, confidence: float | None) -> None:
        """A probability, or None where there is none."""
        if confidence != self._confidence:
            self._confidence = confidence
            told = "" if confidence is None else f"{confidence:.0%} sure"
            self.setAccessibleName(told)
            self.setToolTip(
                told
                and f"With a probability of {confidence:.0%} the prediction is right within a"
                " tenth of the range"
            )
            self.update()

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        """A number above a bar."""
        if self._confidence is None:
            return
        colours = self._theme.colours
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = painter.font()
        font.setPixelSize(11)
        painter.setFont(font)
        painter.setPen(colour(colours.dim))
        painter.drawText(
            QRectF(0, 2, self.width(), 15),
            Qt.AlignmentFlag.AlignCenter,
            f"{100 * self._confidence:.0f} %",
        )
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(colours.line))
        painter.drawRoundedRect(QRectF(2, 19, self.width() - 4, 4), 2, 2)
        painter.setBrush(colour(colours.predicted))
        painter.drawRoundedRect(QRectF(2, 19, (self.width() - 4) * self._confidence, 4), 2, 2)
        painter.end()


class Legend(QWidget):
    """What the signs on the sliders mean."""

    _WORDS = ("in the host", "predicted", "where it likely lies")

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        metrics = QFontMetrics(self.font())
        self._widths = [metrics.horizontalAdvance(words) for words in self._WORDS]
        self.setFixedSize(QSize(sum(self._widths) + 100, 18))
        theme.changed.connect(self.update)

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        """A circle, a triangle and a band, each with its words."""
        colours = self._theme.colours
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        x = 4.0
        for number, (words, width) in enumerate(zip(self._WORDS, self._widths, strict=True)):
            painter.setPen(Qt.PenStyle.NoPen)
            if number == 0:
                painter.setBrush(colour(colours.accent))
                painter.drawEllipse(QRectF(x, 5, 9, 9))
            elif number == 1:
                painter.setPen(colour(colours.predicted))
                painter.drawText(QRectF(x - 2, 1, 14, 18), Qt.AlignmentFlag.AlignCenter, "▼")
            else:
                painter.setBrush(colour(colours.predicted, 0.4))
                painter.drawRoundedRect(QRectF(x - 4, 5, 16, 9), 3, 3)
            painter.setPen(colour(colours.dim))
            painter.drawText(QRectF(x + 16, 0, width + 4, 18), Qt.AlignmentFlag.AlignVCenter, words)
            x += width + 34
        painter.end()
