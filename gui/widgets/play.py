"""The row to play with: Match, Follow, Freeze, Bypass, Panic and how much."""

from PyQt6.QtWidgets import QPushButton

from bridge.manifest import Manifest
from gui.engine import Engine
from gui.views.actions import action
from gui.views.status import state_text
from gui.views.values import is_on, number, text
from gui.widgets.basics import Card, button, label, row
from gui.widgets.slider import ParameterSlider
from gui.widgets.theme import Theme

_TIPS = {
    "match": "Go to the best answer once, and stay there",
    "follow": "Turn the host's knobs continuously while you play",
    "freeze": "Hold every knob where it is",
    "bypass": "Leave the plugin out",
    "panic": "Stop everything and give the host its own values back",
}


class PlayCard(Card):
    """What is used on stage."""

    def __init__(self, engine: Engine, theme: Theme, manifest: Manifest) -> None:
        super().__init__()
        self._engine = engine
        self._names = {plugin.id: plugin.name for plugin in manifest.plugins}
        self._headline = label("", "headline")
        self._state = label("", "dim")
        self.buttons: dict[str, QPushButton] = {
            name: self._button(name) for name in ("match", "follow", "freeze", "bypass", "panic")
        }
        self.amount = ParameterSlider(theme)
        self.amount.moved.connect(self._amount_moved)
        self.amount.handed_back.connect(lambda: engine.send("/amount", 0.5))
        self._amount_text = label("", "title")
        self._amount_text.setMinimumWidth(46)
        self.body.addLayout(row(self._headline, 1, self._state))
        self.body.addLayout(row(*self.buttons.values()))
        self.body.addLayout(row(label("Amount", "title"), self.amount, self._amount_text))
        engine.watch(self._show_switches, "/follow", "/freeze", "/bypass")
        engine.watch(self._show_amount, "/amount")
        engine.watch(self._show_state, "/state", "/plugin", "/engine/busy")

    def _button(self, name: str) -> QPushButton:
        what = action(name)
        kinds = {"match": "primary", "panic": "panic", "bypass": "bypass"}
        return button(
            name.capitalize(),
            lambda: self._press(name),
            f"{_TIPS[name]} ({what.keys})",
            kinds.get(name, "play"),
            checkable=bool(what.toggles),
        )

    def _press(self, name: str) -> None:
        what = action(name)
        if what.toggles:
            self._engine.send(what.toggles, int(self.buttons[name].isChecked()))
        else:
            self._engine.send(*what.sends)  # type: ignore[arg-type]

    def _show_switches(self) -> None:
        for name in ("follow", "freeze", "bypass"):
            self.buttons[name].setChecked(is_on(self._engine.values, f"/{name}"))

    def _show_amount(self) -> None:
        amount = number(self._engine.values, "/amount", 0.5)
        self.amount.show_values(amount, None, None)
        self._say_amount(amount)

    def _say_amount(self, amount: float) -> None:
        self._amount_text.setText(f"{100 * amount:.0f} %")
        self.amount.setAccessibleName(f"Amount, {100 * amount:.0f} %")
        self.amount.setToolTip(
            "0 % keeps the host's own values, 100 % takes the prediction;"
            " below 50 % the plugin is never bypassed. Double-click: 50 %"
        )

    def _amount_moved(self, amount: float) -> None:
        self._engine.send_soon("/amount", amount)
        self._say_amount(amount)

    def _show_state(self) -> None:
        values = self._engine.values
        self._headline.setText(self._names.get(text(values, "/plugin"), "No plugin yet"))
        self._state.setText(state_text(values))
