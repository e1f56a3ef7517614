"""MIDI: which input, and what it does."""

from functools import partial

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import (
    QDialog,
    QGridLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from gui.midi_input import MidiInput
from gui.views.midi import key_text, targets
from gui.widgets.basics import Combo, button, label, row, scrolled

_SIZE_PX = (580, 520)


class MidiDialog(QDialog):
    """Choose an input, and teach it what does what."""

    def __init__(self, midi: MidiInput, parent: QWidget) -> None:
        super().__init__(parent)
        self._midi = midi
        self.setWindowTitle("MIDI")
        self.ports = Combo()
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
        self._keys: dict[str, QLabel] = {}
        self.learn: dict[str, QPushButton] = {}
        self.forget: dict[str, QPushButton] = {}
        layout.addWidget(self._list(), 1)
        layout.addWidget(
            label("A knob takes over once it passes the value that it is for.", "small", wrap=True)
        )
        layout.addLayout(row(1, button("Close", self.accept)))
        midi.learnt.connect(self._show)
        self.finished.connect(lambda _: midi.learn(""))
        self.resize(*_SIZE_PX)
        self._show()

    def _list(self) -> QScrollArea:
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        for group, names in targets(self._midi.chain).items():
            head = label(group, "dim")
            head.setContentsMargins(0, 6, 0, 0)
            grid.addWidget(head, grid.rowCount(), 0, 1, 4)
            for target, name in names.items():
                self._add(grid, target, name)
        grid.setColumnStretch(1, 1)
        grid.setRowStretch(grid.rowCount(), 1)
        inside = QWidget()
        inside.setLayout(grid)
        scroll = scrolled(inside)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        return scroll

    def _add(self, grid: QGridLayout, target: str, name: str) -> None:
        line = grid.rowCount()
        self._keys[target] = label("", "dim")
        learn = button(
            "Learn", partial(self._learn, target), f"Then press or turn it: {name}", "", True
        )
        learn.setAccessibleName(f"Learn {name}")
        forget = button("✕", partial(self._midi.forget, target), "Forget what is learnt", "flat")
        forget.setAccessibleName(f"Forget {name}")
        self.learn[target], self.forget[target] = learn, forget
        for column, widget in enumerate((label(name, "title"), self._keys[target], learn, forget)):
            grid.addWidget(widget, line, column)

    def _learn(self, target: str) -> None:
        wanted = self.learn[target].isChecked()
        self._midi.learn(target if wanted else "")
        self._show()

    def _show(self) -> None:
        for target, where in self._keys.items():
            waits, key = self._midi.map.learning == target, self._midi.map.keys.get(target, "")
            self.learn[target].setChecked(waits)
            self.forget[target].setEnabled(bool(key))
            where.setText("waiting…" if waits else key_text(key))
