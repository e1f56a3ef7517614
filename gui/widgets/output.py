"""Where the embedded host is heard, and how loud."""

from PyQt6.QtWidgets import QWidget

from bridge.control.nodes import NODES
from gui.engine import Engine
from gui.views.hosts import host_choice
from gui.views.output import level_text, outputs
from gui.views.values import number, text
from gui.widgets.basics import Combo, fill, label, stretched
from gui.widgets.slider import ParameterSlider
from gui.widgets.theme import Theme

_LOW_DB, _HIGH_DB = next(node.limits for node in NODES if node.address == "/output/level") or (0, 0)


class OutputRows(QWidget):
    """Device and level; seen while the engine has a host of its own."""

    def __init__(self, engine: Engine, theme: Theme) -> None:
        super().__init__()
        self._engine = engine
        self.device = Combo()
        self.device.setAccessibleName("Output device")
        self.device.activated.connect(
            lambda _: engine.send("/output", str(self.device.currentData()))
        )
        self.level = ParameterSlider(theme)
        self.level.setMinimumWidth(60)
        self.level.moved.connect(self._moved)
        self.level.handed_back.connect(lambda: engine.send("/output/level", 0.0))
        self._text = label("", "small")
        self._text.setMinimumWidth(44)
        rows = stretched(self.device, self.level, self._text)
        rows.setStretch(0, 3)
        rows.setStretch(1, 2)
        rows.setContentsMargins(0, 0, 0, 0)
        self.setLayout(rows)
        engine.watch(self._show_devices, "/outputs", "/output", "/output/device", "/host")
        engine.watch(self._show_level, "/output/level")

    def _show_devices(self) -> None:
        values = self._engine.values
        url, chosen = text(values, "/host"), text(values, "/output")
        self.setVisible(bool(url) and host_choice(url).own)
        entries = outputs(values)
        entries.setdefault(chosen, chosen)
        fill(self.device, entries, chosen)
        played = text(values, "/output/device")
        self.device.setToolTip(f"Played on {played}" if played else "Nothing is played: no output")

    def _show_level(self) -> None:
        level_db = number(self._engine.values, "/output/level")
        self.level.show_values((level_db - _LOW_DB) / (_HIGH_DB - _LOW_DB), None, None)
        self._say(level_db)

    def _say(self, level_db: float) -> None:
        self._text.setText(level_text(level_db))
        self.level.setAccessibleName(f"Output level, {level_text(level_db)}")
        self.level.setToolTip("How loud it is played. Double-click: 0 dB")

    def _moved(self, share: float) -> None:
        level_db = _LOW_DB + share * (_HIGH_DB - _LOW_DB)
        self._engine.send_soon("/output/level", level_db)
        self._say(level_db)
