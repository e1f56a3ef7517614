"""What the player calls the snapshots."""

import json

from PyQt6.QtWidgets import QDialog, QFormLayout, QLineEdit, QVBoxLayout, QWidget

from bridge.control.nodes import SNAPSHOTS
from gui.engine import Engine
from gui.views.setup import snapshot_name
from gui.widgets.basics import button, row

_LONGEST = 40


class SnapshotNames(QDialog):
    """A name for each letter; an empty one is none."""

    def __init__(self, engine: Engine, parent: QWidget) -> None:
        super().__init__(parent)
        self._engine = engine
        self.setWindowTitle("Names of the snapshots")
        self.fields = {letter: QLineEdit() for letter in SNAPSHOTS}
        form = QFormLayout()
        for letter, field in self.fields.items():
            field.setText(snapshot_name(engine.values, letter))
            field.setMaxLength(_LONGEST)
            field.setAccessibleName(f"Name of snapshot {letter}")
            field.returnPressed.connect(self._take)
            form.addRow(letter, field)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        self.save = button("Save", self._take, "Keep these names (Enter)")
        layout.addLayout(row(1, button("Cancel", self.reject), self.save))
        self.resize(340, 10)

    def _take(self) -> None:
        names = {letter: field.text().strip() for letter, field in self.fields.items()}
        self._engine.send("/snapshots/named", json.dumps(names))
        self.accept()
