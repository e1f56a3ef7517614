"""The sheet of shortcuts, and MIDI."""

from functools import partial

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QKeySequence
from PyQt6.QtWidgets import (
    QComboBox,
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from gui.midi_input import MidiInput
from gui.views.actions import ACTIONS
from gui.views.midi import AMOUNT, key_text
from gui.widgets.basics import button, label, row

_COLUMNS = 3
_SHEET = (("Play", "Go to", "Help"), ("File", "Setup", "View", "Engine"), ("Chain", "Sound"))
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
        for menus in (
            ("Play", "Go to", "Help"),
            ("File", "Setup", "View", "Engine"),
            ("Sound", "Chain"),
        ):
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
        sheet.setObjectName("column")
        sheet.setLayout(columns)
        scroll = QScrollArea()
        scroll.setWidget(sheet)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        layout = QVBoxLayout(self)
        layout.addWidget(scroll)
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


class MidiDialog(QDialog):
    """Choose an input, and teach it what does what."""

    def __init__(self, midi: MidiInput, parent: QWidget) -> None:
        super().__init__(parent)
        self._midi = midi
        self.setWindowTitle("MIDI")
        self.ports = QComboBox()
        self.ports.setAccessibleName("MIDI input")
        self.ports.addItem("No MIDI", "")
        for name in midi.ports():
            self.ports.addItem(name, name)
        self.ports.setCurrentIndex(max(self.ports.findData(midi.port), 0))
        self.ports.activated.connect(lambda _: midi.open(str(self.ports.currentData())))
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        layout.addWidget(self.ports)
        if midi.missing:
            layout.addWidget(label(midi.missing, "bad", wrap=True))
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        self._keys = {}
        self.learn: dict[str, QPushButton] = {}
        names = {a.id: a.text.partition(":")[0] for a in ACTIONS if a.midi} | {AMOUNT: "Amount"}
        for line, (action_id, name) in enumerate(names.items()):
            self._keys[action_id] = label("", "dim")
            self.learn[action_id] = button(
                "Learn",
                partial(self._learn, action_id),
                f"Then press or turn it: {name}",
                checkable=True,
            )
            self.learn[action_id].setAccessibleName(f"Learn {name}")
            grid.addWidget(label(name, "title"), line, 0)
            grid.addWidget(self._keys[action_id], line, 1)
            grid.addWidget(self.learn[action_id], line, 2)
        grid.setColumnStretch(1, 1)
        grid.setColumnMinimumWidth(1, 180)
        layout.addLayout(grid)
        layout.addWidget(
            label("A knob for Amount takes over once it passes the value.", "small", wrap=True)
        )
        layout.addLayout(row(1, button("Close", self.accept)))
        midi.learnt.connect(self._show)
        self.finished.connect(lambda _: midi.learn(""))
        self._show()

    def _learn(self, action_id: str) -> None:
        wanted = self.learn[action_id].isChecked()
        self._midi.learn(action_id if wanted else "")
        self._show()

    def _show(self) -> None:
        for action_id, where in self._keys.items():
            waits = self._midi.map.learning == action_id
            self.learn[action_id].setChecked(waits)
            where.setText("waiting…" if waits else key_text(self._midi.map.keys.get(action_id, "")))
