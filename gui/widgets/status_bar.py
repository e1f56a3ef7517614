"""The bottom line: engine, device, host, latency, sends, overflows."""

from collections.abc import Callable
from functools import partial

from PyQt6.QtWidgets import QFrame, QHBoxLayout, QPushButton

from gui.engine import Engine
from gui.views.status import Segment, segments
from gui.widgets.basics import as_tip, button, restyle

_FIELDS = ("engine", "device", "host", "latency", "sends", "overflows", "gaps")
_SIGNS = {"good": "● ", "warn": "◐ ", "bad": "▲ ", "quiet": ""}


class StatusBar(QFrame):
    """Buttons, as each can be pressed: to look at the log, to clear, to go where it is set."""

    def __init__(
        self, engine: Engine, engine_state: Callable[[], str], do: Callable[[str], None]
    ) -> None:
        """`do` carries out an action of the table."""
        super().__init__()
        self.setObjectName("status")
        self._engine = engine
        self._engine_state = engine_state
        self._shown: dict[str, Segment] = {}
        actions = {
            "engine": "log",
            "device": "go_input",
            "host": "go_host",
            "latency": "tab_history",
            "sends": "tab_changes",
            "overflows": "clear",
            "gaps": "clear",
        }
        self.fields: dict[str, QPushButton] = {
            name: button("", partial(do, actions[name]), kind="status") for name in _FIELDS
        }
        self.log = button("Log", lambda: do("log"), "Open the log file (Ctrl+G)", "status")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 2, 8, 2)
        layout.setSpacing(2)
        for made in self.fields.values():
            layout.addWidget(made)
        layout.addStretch(1)
        layout.addWidget(self.log)
        engine.ticked.connect(self._look)

    def _look(self, _: float) -> None:
        shown = segments(self._engine.values, self._engine_state())
        for name, made in self.fields.items():
            segment = shown.get(name)
            if segment == self._shown.get(name):
                made.setVisible(segment is not None)
                continue
            made.setVisible(segment is not None)
            if segment is None:
                continue
            before = self._shown.get(name)
            # A name's & is no shortcut.
            made.setText((_SIGNS[segment.level] + segment.text).replace("&", "&&"))
            made.setToolTip(as_tip(segment.help))
            made.setAccessibleDescription(segment.help)
            if before is None or before.level != segment.level:
                made.setProperty("level", segment.level)
                restyle(made)
        self._shown = shown
