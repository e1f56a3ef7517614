"""Spectrum and history, drawn by pyqtgraph; only the one that is seen is painted."""

from typing import Any

import numpy as np
import pyqtgraph
from PyQt6.QtGui import QPen, QResizeEvent
from PyQt6.QtWidgets import QVBoxLayout, QWidget

from gui.engine import Engine
from gui.views.history import SECONDS, History
from gui.views.spectrum import Held, Smoothing, band_hz
from gui.views.values import numbers
from gui.widgets.background import Background
from gui.widgets.basics import Combo
from gui.widgets.legend import PlotLegend
from gui.widgets.theme import Theme, colour

_DRAW_S = 0.1
"""A long-term mean changes slowly: it is not drawn more often."""
_LOW_DB, _HIGH_DB = -95.0, -15.0
_HZ_TICKS = (50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)
_FEW_TICKS = (100, 500, 2_000, 10_000)
_NARROW_PX = 280
"""Below this width the frequencies would run into each other."""


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
        self.legend = PlotLegend(theme)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 8, 8, 6)
        layout.addWidget(self.plot, 1)
        layout.addWidget(self.legend)
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
        for side in ("left", "bottom"):
            axis = self.plot.getAxis(side)
            axis.setPen(colour(colours.line))
            axis.setTextPen(colour(colours.dim))
        self.plot.showGrid(True, True, 0.12)


class SpectrumPicture(Picture):
    """Long-term spectra of reference, input and output, smoothed; thin are their held peaks."""

    NAMES = ("reference", "input", "output")

    def __init__(self, engine: Engine, theme: Theme) -> None:
        super().__init__(theme, "Spectrum of input, output and reference")
        self._engine = engine
        self._smoothing: Smoothing | None = None
        self._bands = self._asked = 0
        self._background: Background[Smoothing] = Background(self._take_smoothing)
        self.plot.setLogMode(True, False)
        self.plot.setYRange(_LOW_DB, _HIGH_DB, padding=0)
        self.plot.setXRange(np.log10(60), np.log10(11_000), padding=0)
        self.plot.setLabel("left", "dB")
        self.plot.setLabel("bottom", "Hz")
        self._show_ticks(_HZ_TICKS)
        self.curves = {name: self.plot.plot() for name in self.NAMES}
        self.peaks = {name: self.plot.plot() for name in self.NAMES[1:]}
        self._held = {name: Held() for name in self.peaks}
        self.wear()
        self._stale = False
        self._drawn_s = 0.0
        engine.watch(self._wait, *(f"/spectrum/{name}" for name in self.NAMES))
        engine.ticked.connect(self._draw_in_time)

    def wear(self) -> None:
        """Take the theme's colours."""
        super().wear()
        colours = self._theme.colours
        shades = {
            "reference": colours.predicted,
            "input": colours.accent,
            "output": colours.good,
        }
        for name, curve in self.curves.items():
            curve.setPen(self.pen(shades[name], width=2.5 if name == "output" else 2.0))
        for name, curve in self.peaks.items():
            curve.setPen(self.pen(shades[name], 0.55, 1.0))
        self.legend.show_entries({name: colour(shade) for name, shade in shades.items()})

    def resizeEvent(self, a0: QResizeEvent | None) -> None:
        """As many frequencies as have room."""
        super().resizeEvent(a0)
        self._show_ticks(_FEW_TICKS if self.width() < _NARROW_PX else _HZ_TICKS)

    def _show_ticks(self, hertz: tuple[int, ...]) -> None:
        ticks = [(np.log10(hz), f"{hz // 1000} k" if hz >= 1000 else str(hz)) for hz in hertz]
        self.plot.getAxis("bottom").setTicks([ticks])

    def _wait(self) -> None:
        self._stale = True

    def _draw_in_time(self, now_s: float) -> None:
        if self._stale and self.isVisible() and now_s >= self._drawn_s + _DRAW_S:
            self._drawn_s = now_s
            self.draw(now_s)

    def draw(self, now_s: float) -> None:
        """All curves anew, once it is known where the bands lie."""
        self._stale = False
        told = {name: numbers(self._engine.values, f"/spectrum/{name}") for name in self.NAMES}
        bands = max(map(len, told.values()))
        if self._smoothing is None or bands != self._bands:
            if bands != self._asked:
                self._asked = bands
                self._background.run(lambda: Smoothing(band_hz(bands)))
            return
        for name, levels in told.items():
            peak, held = self.peaks.get(name), self._held.get(name)
            if len(levels) != bands:
                self.curves[name].clear()
                if peak and held:
                    peak.clear()
                    held.forget()
                continue
            smooth = self._smoothing.of(np.asarray(levels))
            self.curves[name].setData(self._smoothing.hz, smooth)
            if peak and held:
                peak.setData(self._smoothing.hz, held.over(smooth, now_s))

    def showEvent(self, a0: object) -> None:
        """What came while it was hidden."""
        self._stale = True

    def _take_smoothing(self, smoothing: Smoothing) -> None:
        self._smoothing, self._bands = smoothing, self._asked
        self._stale = True


class HistoryPicture(Picture):
    """A slot's parameters over the last minute: in the host, and dashed as predicted."""

    def __init__(self, engine: Engine, theme: Theme) -> None:
        super().__init__(theme, "Parameters over the last minute")
        self._engine = engine
        self._history: History | None = None
        self._drawn_s = 0.0
        self.curves: dict[str, tuple[pyqtgraph.PlotDataItem, pyqtgraph.PlotDataItem]] = {}
        self._names: dict[str, str] = {}
        self.marks = pyqtgraph.PlotDataItem(symbol="t1", symbolSize=8)
        self.marks.setToolTip("A decision: settings were tried, and the best is aimed at")
        self.plot.setXRange(-SECONDS, 0, padding=0)
        self.plot.setYRange(-0.02, 1.02, padding=0)
        self.plot.setLabel("bottom", "seconds")
        self.plot.setLabel("left", "share of the range")
        self.slot = Combo()
        self.slot.setAccessibleName("Plugin whose history is shown")
        self.slot.setToolTip("Which plugin of the chain is shown")
        self.slot.activated.connect(lambda _: self._show_slot())
        if isinstance(column := self.layout(), QVBoxLayout):
            column.insertWidget(0, self.slot)
        engine.watch(self._choose, "/chain", "/plugins", "/rigs")
        engine.ticked.connect(self._sample)

    def wear(self) -> None:
        """Take the theme's colours."""
        super().wear()
        series = self._theme.colours.series
        shades = {
            address: series[number_ % len(series)] for number_, address in enumerate(self.curves)
        }
        self.legend.show_entries(
            {self._names[address]: colour(shade) for address, shade in shades.items()}
        )
        self.marks.setPen(None)
        self.marks.setSymbolPen(None)
        self.marks.setSymbolBrush(colour(self._theme.colours.dim))
        for address, (host, predicted) in self.curves.items():
            shade = shades[address]
            host.setPen(self.pen(shade))
            predicted.setPen(self.pen(shade, 0.7, 1.0, dash=[4, 4]))

    def _choose(self) -> None:
        chain = self._engine.chain
        if self._history and chain is self._history.chain:
            return
        self._history = History(chain) if chain else None
        stays = self.slot.currentData()
        self.slot.clear()
        for slot in chain.slots if chain else ():
            self.slot.addItem(f"{slot.plugin.name} · {slot.id}", slot.id)
        self.slot.setCurrentIndex(max(self.slot.findData(stays), 0))
        self.slot.setVisible(self.slot.count() > 1)
        self._show_slot()

    def _show_slot(self) -> None:
        """The curves of the slot that is chosen."""
        self.plot.clear()
        self.plot.addItem(self.marks)
        chain = self._history.chain if self._history else None
        shown = chain.predicted if chain else ()
        self.curves = {
            p.address: (self.plot.plot(connect="finite"), self.plot.plot(connect="finite"))
            for p in shown
            if p.slot.id == self.slot.currentData()
        }
        self._names = {p.address: p.spec.name for p in shown}
        self.wear()
        self._draw()

    def _sample(self, now_s: float) -> None:
        if not self._history or not self._history.sample(self._engine.values, now_s):
            return
        if self.isVisible() and now_s >= self._drawn_s + 2 * _DRAW_S:
            self._drawn_s = now_s
            self._draw()

    def showEvent(self, a0: object) -> None:
        """What came while it was hidden."""
        self._draw()

    def _draw(self) -> None:
        if self._history is None:
            return
        seconds = self._history.seconds
        for address, curves in self.curves.items():
            for curve, lane in zip(curves, self._history.lanes(address), strict=True):
                curve.setData(seconds, lane)
        decided = self._history.decided
        self.marks.setData(decided, np.full(len(decided), -0.005))
