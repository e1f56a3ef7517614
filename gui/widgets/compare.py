"""Listening side by side, and snapshots."""

from collections.abc import Callable

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QButtonGroup, QPushButton

from bridge.control.nodes import SNAPSHOTS
from gui.engine import Engine
from gui.views.actions import action
from gui.views.output import why_unheard
from gui.views.setup import snapshot_name, snapshots
from gui.views.values import is_on, text
from gui.widgets.basics import Card, as_tip, button, label, restyle, row

HEARD = ("dry", "matched", "reference")
_SHORT = {"reference": "Ref."}
"""Where there is little room; the button's spoken name has the whole word."""


class CompareCard(Card):
    """A row of its own below the sliders."""

    def __init__(self, engine: Engine, do: Callable[[str], None]) -> None:
        """`do` carries out an action of the table."""
        super().__init__()
        self._do = do
        self._engine = engine
        self.sound = button("Off", self._switch_sound, kind="sound", checkable=True)
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
                self.sound,
                *self.hear.values(),
                1,
                self._words[1],
                *self.snapshots.values(),
                self.store,
            )
        )
        engine.watch(
            self._show_heard,
            *("/audition", "/host", "/host/state", "/output/playing", "/output/device"),
        )
        engine.watch(self._show_snapshots, "/snapshots", "/snapshots/named")

    def be_narrow(self, narrow: bool) -> None:
        """Do with less width."""
        for words in self._words:
            words.setVisible(not narrow)
        for name, made in self.hear.items():
            key = action(f"hear_{name}").keys
            made.setText(_SHORT.get(name, name.capitalize()) if narrow else _keyed(key, name))

    def _hear_button(self, name: str) -> QPushButton:
        made = button(
            name.capitalize(),
            lambda: self._engine.send("/audition", name),
            checkable=True,
        )
        made.setAccessibleName(f"Hear {name}")
        return made

    def _switch_sound(self) -> None:
        self._do("sound")
        # Pressed or not, it shows what is so.
        self._show_heard()

    def _snapshot_button(self, name: str) -> QPushButton:
        made = button(name, lambda: self._press(name), kind="snapshot")
        made.setFixedWidth(30)
        made.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        made.customContextMenuRequested.connect(lambda _: self._do("name_snapshots"))
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
        why = why_unheard(values)
        heard = text(values, "/audition", "matched")
        playing = is_on(values, "/output/playing")
        self.sound.setEnabled(not why)
        self.sound.setChecked(playing and not why)
        self.sound.setText("On" if playing else "Off")
        self.sound.setAccessibleName(f"Sound {'on' if playing else 'off'}")
        self.sound.setToolTip(why or f"Sound on or off ({action('sound').keys})")
        self.sound.setAccessibleDescription(self.sound.toolTip())
        for number_, (name, made) in enumerate(self.hear.items(), start=1):
            made.setEnabled(not why)
            made.setChecked(name == heard)
            tip = why or f"Equally loud ({number_})"
            made.setToolTip(tip)
            made.setAccessibleDescription(tip)

    def _show_snapshots(self) -> None:
        stored = snapshots(self._engine.values)
        for name, made in self.snapshots.items():
            made.setProperty("stored", name in stored)
            called = snapshot_name(self._engine.values, name)
            whole = f"{name}: {called}" if called else name
            tip = f"Recall snapshot {whole}" if name in stored else f"Store as snapshot {whole}"
            made.setToolTip(as_tip(tip))
            made.setAccessibleName(tip)
            restyle(made)


def _keyed(key: str, name: str) -> str:
    """With the key that does the same."""
    return f"{key}  {name.capitalize()}"
