"""The sliders: one row for each parameter of the plugin that is chosen."""

from functools import cache

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QFontMetrics, QIcon, QPainter, QPaintEvent
from PyQt6.QtWidgets import QFrame, QGridLayout, QScrollArea, QWidget

from bridge.manifest import Manifest, ParamSpec, PluginSpec
from gui.engine import Engine
from gui.views.parameters import WHO, ParameterView, address, parameter_view
from gui.views.values import chosen_plugin, numbers
from gui.widgets.basics import Card, Elided, button, label, row
from gui.widgets.fields import value_field
from gui.widgets.slider import ParameterSlider
from gui.widgets.theme import ICONS, Theme, colour

_FIELD_WIDTH = 84
_PREDICTED_WIDTH = 62
_FEW = 8
"""So many rows have room to breathe."""
_EMPTY = "Choose a plugin on the left: its knobs appear here."
_HELP = (
    "Drag a knob and it is yours; double-click it and the model turns it again. F1 lists every key."
)


class ParameterPanel(Card):
    """All rows, made anew for another plugin."""

    def __init__(self, engine: Engine, theme: Theme, manifest: Manifest) -> None:
        super().__init__()
        self._engine = engine
        self._theme = theme
        self._manifest = manifest
        self._plugin: PluginSpec | None = None
        self.rows: list[ParameterRow] = []
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.undo = button("Undo", lambda: engine.send("/undo"), "Take back (Ctrl+Z)", "flat")
        self.redo = button("Redo", lambda: engine.send("/redo"), "Make it again", "flat")
        self.body.addLayout(row(_Legend(theme), 1, self.undo, self.redo))
        self.body.addWidget(self._scroll, 1)
        engine.watch(self._follow, "/plugin", "/parameter/")
        engine.watch(self._show_history, "/history")

    def focus_first(self) -> None:
        """Give the keyboard to the first slider."""
        if self.rows:
            self.rows[0].slider.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _follow(self) -> None:
        plugin = chosen_plugin(self._engine.values, self._manifest)
        if plugin is not self._plugin or self._scroll.widget() is None:
            self._plugin = plugin
            self._rebuild()
        for one in self.rows:
            one.show_view(parameter_view(one.spec, self._engine.values))

    def _show_history(self) -> None:
        counts = numbers(self._engine.values, "/history") or (0.0, 0.0)
        self.undo.setEnabled(counts[0] > 0)
        self.redo.setEnabled(counts[-1] > 0)

    def _rebuild(self) -> None:
        column = QWidget()
        column.setObjectName("column")
        self._fill(QGridLayout(column))
        self._scroll.setWidget(column)

    def _fill(self, grid: QGridLayout) -> None:
        grid.setContentsMargins(0, 0, 4, 0)
        grid.setHorizontalSpacing(6)
        for place, share in ((2, 6), (3, 1), (4, 1)):
            grid.setColumnStretch(place, share)
        specs = self._plugin.parameters if self._plugin else ()
        grid.setVerticalSpacing(12 if len(specs) <= _FEW else 2)
        self.rows = [ParameterRow(spec, self._engine, self._theme) for spec in specs]
        for line, one in enumerate(self.rows):
            for place, widget in enumerate(one.widgets):
                grid.addWidget(widget, line, place)
        if not self.rows:
            empty = label(_EMPTY, "dim")
            empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
            grid.addWidget(empty, 0, 0, 1, 7)
            return
        grid.setRowStretch(len(self.rows), 1)
        if len(self.rows) <= _FEW:
            help_line = label(_HELP, "small", wrap=True)
            help_line.setAlignment(Qt.AlignmentFlag.AlignCenter)
            grid.addWidget(help_line, len(self.rows) + 1, 0, 1, 7)


class ParameterRow:
    """Lock, name, slider, value, prediction, confidence and whose it is."""

    def __init__(self, spec: ParamSpec, engine: Engine, theme: Theme) -> None:
        self.spec = spec
        self._engine = engine
        self._shown: ParameterView | None = None
        self.lock = button("", self._lock, f"Keep the model off {spec.name}", "flat", True)
        self.lock.setIcon(_lock_icon())
        self.lock.setFixedWidth(28)
        self.lock.setEnabled(spec.predicted)
        self.lock.setAccessibleName(f"Lock {spec.name}")
        self._name = label(spec.name, "title")
        self._name.setToolTip(f"{spec.name} ({spec.symbol})")
        self.slider = ParameterSlider(theme, spec.classes)
        self.slider.moved.connect(self._slid)
        self.slider.handed_back.connect(self._hand_back)
        self.field = value_field(spec)
        self.field.setMinimumWidth(_FIELD_WIDTH)
        self.field.setAccessibleName(f"{spec.name} in the host")
        self.field.chosen.connect(self._typed)
        self.predicted = Elided("predicted" if spec.predicted else "dim")
        self.predicted.setMinimumWidth(_PREDICTED_WIDTH)
        self.confidence = Confidence(theme)
        self.badge = button(
            "yours ↺", self._hand_back, f"Hand {spec.name} back to the model", "badge"
        )
        self.badge.setAccessibleName(f"{spec.name} is yours: hand it back to the model")
        keep = self.badge.sizePolicy()
        keep.setRetainSizeWhenHidden(True)
        self.badge.setSizePolicy(keep)
        self.badge.hide()

    @property
    def widgets(self) -> tuple[QWidget, ...]:
        """From left to right."""
        return (
            self.lock,
            self._name,
            self.slider,
            self.field,
            self.predicted,
            self.confidence,
            self.badge,
        )

    def show_view(self, view: ParameterView) -> None:
        """Change what differs from what is shown."""
        if view == self._shown:
            return
        self._shown = view
        self.slider.show_values(view.host, view.predicted, view.confidence)
        self.slider.setAccessibleName(f"{view.name}, {view.host_text}")
        self.slider.setAccessibleDescription(view.spoken)
        self.slider.setToolTip(
            f"{view.spoken}. Moved last by {WHO.get(view.by, view.by)}."
            " Drag it and it is yours; double-click hands it back."
        )
        self.field.show_value(self.spec.to_real(view.host))
        self.predicted.show_text(view.predicted_text if self.spec.predicted else "held")
        self.confidence.show_confidence(view.confidence)
        self.lock.setChecked(view.locked)
        self.badge.setVisible(view.yours and self.spec.predicted)

    def _slid(self, normalised: float) -> None:
        self._engine.send_soon(address(self.spec), self.spec.to_real(normalised))
        self.field.show_value(self.spec.to_real(normalised))

    def _typed(self, real: float) -> None:
        self._engine.send_soon(address(self.spec), real)

    def _lock(self) -> None:
        self._engine.send(address(self.spec, "lock"), int(self.lock.isChecked()))

    def _hand_back(self) -> None:
        self._engine.send("/arm", self.spec.symbol)


@cache
def _lock_icon() -> QIcon:
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


class _Legend(QWidget):
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
