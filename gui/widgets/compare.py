"""Listening side by side, and snapshots."""

from PyQt6.QtWidgets import QButtonGroup, QPushButton

from bridge.control.nodes import SNAPSHOTS
from gui.engine import Engine
from gui.views.actions import action
from gui.views.hosts import EMBEDDED, host_choice
from gui.views.setup import snapshots
from gui.views.values import text
from gui.widgets.basics import Card, button, label, restyle, row

HEARD = ("dry", "matched", "reference")


class CompareCard(Card):
    """A row of its own below the sliders."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self._engine = engine
        self.hear = {name: self._hear_button(name) for name in HEARD}
        group = QButtonGroup(self)
        for made in self.hear.values():
            group.addButton(made)
        self.snapshots = {name: self._snapshot_button(name) for name in SNAPSHOTS}
        self.store = button(
            "Store", lambda: None, "On: the next snapshot you press is stored", checkable=True
        )
        self._words = (label("Hear", "dim"), label("Snapshots", "dim"))
        self.body.addLayout(
            row(
                self._words[0],
                *self.hear.values(),
                1,
                self._words[1],
                *self.snapshots.values(),
                self.store,
            )
        )
        engine.watch(self._show_heard, "/audition", "/host")
        engine.watch(self._show_snapshots, "/snapshots")

    def be_narrow(self, narrow: bool) -> None:
        """Do with less width."""
        for words in self._words:
            words.setVisible(not narrow)

    def _hear_button(self, name: str) -> QPushButton:
        key = action(f"hear_{name}").keys
        made = button(
            f"{key}  {name.capitalize()}",
            lambda: self._engine.send("/audition", name),
            checkable=True,
        )
        made.setAccessibleName(f"Hear {name}")
        return made

    def _snapshot_button(self, name: str) -> QPushButton:
        made = button(name, lambda: self._press(name), kind="snapshot")
        made.setFixedWidth(30)
        return made

    def _press(self, name: str) -> None:
        stored = self.snapshots[name].property("stored")
        if self.store.isChecked() or not stored:
            self._engine.send("/snapshot/store", name)
            self.store.setChecked(False)
        else:
            self._engine.send("/snapshot/recall", name)

    def _show_heard(self) -> None:
        values = self._engine.values
        can = host_choice(text(values, "/host")).scheme == EMBEDDED and bool(text(values, "/host"))
        heard = text(values, "/audition", "matched")
        for number_, (name, made) in enumerate(self.hear.items(), start=1):
            made.setEnabled(can)
            made.setChecked(name == heard)
            tip = f"Equally loud ({number_})" if can else "Only the embedded host can play this"
            made.setToolTip(tip)
            made.setAccessibleDescription(tip)

    def _show_snapshots(self) -> None:
        stored = snapshots(self._engine.values)
        for name, made in self.snapshots.items():
            made.setProperty("stored", name in stored)
            tip = f"Recall snapshot {name}" if name in stored else f"Store as snapshot {name}"
            made.setToolTip(tip)
            made.setAccessibleName(tip)
            restyle(made)
