"""The sheet of shortcuts."""

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QKeySequence
from PyQt6.QtWidgets import (
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from gui.views.actions import ACTIONS
from gui.widgets.basics import button, label, row, scrolled

_SHEET = (
    ("Play", "Go to", "Engine", "Help"),
    ("File", "Setup", "View", "Chain"),
    ("Sound",),
)
_ON_WIDGETS = (
    ("Arrow keys, Page Up, Page Down", "Move the slider, the map or the region's start"),
    ("Shift + arrow keys", "Move the region's end"),
    ("Shift + drag", "Move a slider finely"),
    ("Backspace", "Hand the parameter back to the model"),
    ("Tab, Shift + Tab", "Next and previous control"),
)


class ShortcutSheet(QDialog):
    """Every key, by menu."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts")
        self.lines = 0
        columns = QHBoxLayout()
        columns.setSpacing(28)
        for menus in _SHEET:
            grid = QGridLayout()
            grid.setVerticalSpacing(3)
            grid.setHorizontalSpacing(14)
            for menu in menus:
                self._group(
                    grid,
                    menu,
                    [
                        (
                            QKeySequence(a.keys).toString(QKeySequence.SequenceFormat.NativeText),
                            a.text.rstrip("…"),
                        )
                        for a in ACTIONS
                        if a.menu == menu
                    ],
                )
            if "Sound" in menus:
                self._group(grid, "On a control", list(_ON_WIDGETS))
            grid.setRowStretch(grid.rowCount(), 1)
            columns.addLayout(grid)
        sheet = QWidget()
        sheet.setLayout(columns)
        layout = QVBoxLayout(self)
        layout.addWidget(scrolled(sheet))
        layout.addLayout(row(1, button("Close", self.accept)))
        hint = sheet.sizeHint()
        self.resize(min(hint.width() + 60, 1240), min(hint.height() + 90, 680))

    def _group(self, grid: QGridLayout, title: str, lines: list[tuple[str, str]]) -> None:
        self.lines += len(lines)
        line = grid.rowCount()
        head = label(title, "title")
        head.setContentsMargins(0, 8, 0, 2)
        grid.addWidget(head, line, 0, 1, 2)
        for keys, words in lines:
            line += 1
            shown = label(keys, "dim", wrap=len(keys) > 20)
            shown.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            grid.addWidget(shown, line, 0)
            grid.addWidget(label(words), line, 1)
