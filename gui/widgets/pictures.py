"""Spectrum and history, drawn by pyqtgraph; only the one that is seen is painted."""

from typing import Any

import numpy as np
import pyqtgraph
from PyQt6.QtGui import QPen
from PyQt6.QtWidgets import QVBoxLayout, QWidget

from bridge.manifest import Manifest, PluginSpec
from gui.engine import Engine
from gui.views.history import SECONDS, History
from gui.views.spectrum import band_hz
from gui.views.values import numbers, text
from gui.widgets.theme import Theme, colour

_LOW_DB, _HIGH_DB = -95.0, -15.0
_HZ_TICKS = (50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)


class Picture(QWidget):
    """A plot that wears the theme."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self._theme = theme
        self.setAccessibleName(name)
        self.plot = pyqtgraph.PlotWidget()
        self.plot.setMenuEnabled(False)
        self.plot.hideButtons()
        self.plot.setMouseEnabled(False, False)
        self.plot.setAntialiasing(True)
        self.plot.setFocusPolicy(self.focusPolicy())
        self.legend = self.plot.addLegend(offset=(-6, 6), labelTextSize="9pt", verSpacing=-4)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 8, 8, 6)
        layout.addWidget(self.plot)
        theme.changed.connect(self.wear)

    def pen(self, shade: str, alpha: float = 1.0, width: float = 2.0, **style: Any) -> QPen:
        """A line of so many logical pixels; pyqtgraph counts the screen's."""
        pen: QPen = pyqtgraph.mkPen(
            colour(shade, alpha), width=width * self.devicePixelRatioF(), **style
        )
        return pen

    def wear(self) -> None:
        """Take the theme's colours."""
        colours = self._theme.colours
        self.plot.setBackground(colour(colours.card))
        self.legend.setLabelTextColor(colour(colours.text))
        for side in ("left", "bottom"):
            axis = self.plot.getAxis(side)
            axis.setPen(colour(colours.line))
            axis.setTextPen(colour(colours.dim))
        self.plot.showGrid(True, True, 0.12)


class SpectrumPicture(Picture):
    """Long-term spectra of input and reference over the mel bands' frequencies."""

    def __init__(self, engine: Engine, theme: Theme) -> None:
        super().__init__(theme, "Spectrum of input and reference")
        self._engine = engine
        self._hz: dict[int, np.ndarray] = {}
        self.plot.setLogMode(True, False)
        self.plot.setYRange(_LOW_DB, _HIGH_DB, padding=0)
        self.plot.setXRange(np.log10(45), np.log10(11_000), padding=0)
        self.plot.setLabel("left", "dB")
        self.plot.setLabel("bottom", "Hz")
        ticks = [(np.log10(hz), f"{hz // 1000} k" if hz >= 1000 else str(hz)) for hz in _HZ_TICKS]
        self.plot.getAxis("bottom").setTicks([ticks])
        self.reference = self.plot.plot(name="reference")
        self.input = self.plot.plot(name="input")
        self.wear()
        engine.watch(self.draw, "/spectrum/input", "/spectrum/reference")

    def wear(self) -> None:
        """Take the theme's colours."""
        super().wear()
        colours = self._theme.colours
        self.input.setPen(self.pen(colours.accent))
        self.reference.setPen(self.pen(colours.predicted))

    def draw(self) -> None:
        """Both curves anew, where they are seen."""
        if not self.isVisible():
            return
        for curve, address in (
            (self.input, "/spectrum/input"),
            (self.reference, "/spectrum/reference"),
        ):
            levels = numbers(self._engine.values, address)
            if levels:
                curve.setData(self._bands(len(levels)), np.asarray(levels))

    def showEvent(self, a0: object) -> None:
        """What came while it was hidden."""
        self.draw()

    def _bands(self, count: int) -> np.ndarray:
        if count not in self._hz:
            self._hz[count] = band_hz(count)
        return self._hz[count]


class HistoryPicture(Picture):
    """Every parameter over the last minute: the host's value, and dashed the predicted one."""

    def __init__(self, engine: Engine, theme: Theme, manifest: Manifest) -> None:
        super().__init__(theme, "Parameters over the last minute")
        self._engine = engine
        self._manifest = manifest
        self._history: History | None = None
        self.curves: dict[str, tuple[pyqtgraph.PlotDataItem, pyqtgraph.PlotDataItem]] = {}
        self.plot.setXRange(-SECONDS, 0, padding=0)
        self.plot.setYRange(-0.02, 1.02, padding=0)
        self.plot.setLabel("bottom", "seconds")
        self.plot.setLabel("left", "share of the range")
        self.legend.setColumnCount(2)
        engine.watch(self._choose, "/plugin")
        engine.ticked.connect(self._sample)

    def wear(self) -> None:
        """Take the theme's colours."""
        super().wear()
        series = self._theme.colours.series
        for number_, (host, predicted) in enumerate(self.curves.values()):
            shade = series[number_ % len(series)]
            host.setPen(self.pen(shade))
            predicted.setPen(self.pen(shade, 0.7, 1.0, dash=[4, 4]))

    def _choose(self) -> None:
        chosen = text(self._engine.values, "/plugin")
        plugin: PluginSpec | None = next(
            (one for one in self._manifest.plugins if one.id == chosen), None
        )
        if self._history and plugin is self._history.plugin:
            return
        self.plot.clear()
        self.legend.clear()
        self._history = History(plugin) if plugin else None
        self.curves = {
            spec.symbol: (
                self.plot.plot(name=spec.name, connect="finite"),
                self.plot.plot(connect="finite"),
            )
            for spec in (plugin.predicted if plugin else ())
        }
        self.wear()

    def _sample(self, now_s: float) -> None:
        if self._history and self._history.sample(self._engine.values, now_s) and self.isVisible():
            self._draw()

    def showEvent(self, a0: object) -> None:
        """What came while it was hidden."""
        self._draw()

    def _draw(self) -> None:
        if self._history is None:
            return
        seconds = self._history.seconds
        for symbol, curves in self.curves.items():
            for curve, lane in zip(curves, self._history.lanes(symbol), strict=True):
                curve.setData(seconds, lane)
