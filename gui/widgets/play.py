"""The row to play with: Match, Follow, Freeze, Bypass, Panic and how much."""

from collections.abc import Callable
from functools import partial

from PyQt6.QtWidgets import QPushButton

from gui.engine import Engine
from gui.views.actions import action
from gui.views.hands import state_text
from gui.views.pace import TIMES, USUAL, pace, pace_text, times_s
from gui.views.values import DEFAULT_AMOUNT, amount, is_on
from gui.widgets.basics import Card, Elided, button, label, row, show_text, stretched
from gui.widgets.slider import ParameterSlider
from gui.widgets.theme import Theme

_TIPS = {
    "match": "Go to the best answer once, and stay there",
    "follow": "Turn the host's knobs continuously while you play",
    "freeze": "Hold every knob where it is",
    "bypass": "Leave all plugins out",
    "panic": "Stop everything and give the host its own values back",
}
_HEAD_PX = 30


class PlayCard(Card):
    """What is used on stage."""

    def __init__(self, engine: Engine, theme: Theme, do: Callable[[str], None]) -> None:
        """`do` carries out an action of the table."""
        super().__init__()
        self._engine = engine
        self._do = do
        self._headline = Elided("headline")
        # Two lines of a message lie over it.
        self._headline.setMinimumHeight(_HEAD_PX)
        self.body.setContentsMargins(12, 5, 12, 10)
        self._state = label("", "dim")
        self.buttons: dict[str, QPushButton] = {
            name: self._button(name) for name in ("match", "follow", "freeze", "bypass", "panic")
        }
        self.amount = ParameterSlider(theme)
        self.amount.moved.connect(self._amount_moved)
        self.amount.handed_back.connect(lambda: engine.send("/amount", DEFAULT_AMOUNT))
        self._amount_text = label("", "title")
        self._amount_text.setMinimumWidth(46)
        self.body.addLayout(stretched(self._headline, self._state))
        self.body.addLayout(row(*self.buttons.values()))
        self.pace = ParameterSlider(theme)
        self.pace.setMinimumWidth(60)
        self.amount.setMinimumWidth(90)
        self.pace.moved.connect(self._pace_moved)
        self.pace.handed_back.connect(lambda: self._pace_moved(USUAL))
        how = row(label("Amount", "title"), self.amount, self._amount_text)
        self._ends = label("Steady", "small"), label("Quick", "small")
        for widget in (self._ends[0], self.pace, self._ends[1]):
            how.addWidget(widget)
        how.setStretch(1, 3)
        how.setStretch(4, 1)
        self.body.addLayout(how)
        engine.watch(self._show_switches, "/follow", "/freeze", "/bypass")
        engine.watch(self._show_amount, "/amount")
        engine.watch(self._show_pace, *TIMES)
        engine.watch(
            self._show_state,
            *("/state", "/chain", "/plugins", "/rigs", "/engine/busy", "/match/running"),
            *("/follow", "/freeze", "/amount", "/parameter/"),
        )

    def be_narrow(self, narrow: bool) -> None:
        """Do with less width."""
        for end in self._ends:
            end.setVisible(not narrow)

    @property
    def head_px(self) -> int:
        """How far down its headline reaches, above the buttons."""
        return self.buttons["match"].y() - 3

    def _button(self, name: str) -> QPushButton:
        what = action(name)
        kinds = {"match": "primary", "panic": "panic", "bypass": "bypass"}
        return button(
            name.capitalize(),
            partial(self._press, name),
            f"{_TIPS[name]} ({what.keys})",
            kinds.get(name, "play"),
            checkable=bool(what.toggles),
        )

    def _press(self, name: str) -> None:
        self._do(name)
        # Pressed or not, it shows what the engine does.
        self._show_switches()

    def _show_switches(self) -> None:
        for name in ("follow", "freeze", "bypass"):
            self.buttons[name].setChecked(is_on(self._engine.values, f"/{name}"))

    def _show_amount(self) -> None:
        share = amount(self._engine.values)
        self.amount.show_values(share, None, None)
        self._say_amount(share)

    def _say_amount(self, share: float) -> None:
        self._amount_text.setText(f"{100 * share:.0f} %")
        self.amount.setAccessibleName(f"Amount, {100 * share:.0f} %")
        self.amount.setToolTip(
            "0 % keeps the host's own values, 100 % takes the prediction;"
            f" below 50 % no plugin is bypassed. Double-click: {100 * DEFAULT_AMOUNT:.0f} %"
        )

    def _amount_moved(self, share: float) -> None:
        self._engine.send_soon("/amount", share)
        self._say_amount(share)

    def _show_pace(self) -> None:
        share = pace(self._engine.values)
        self.pace.show_values(share, None, None)
        self._say_pace(share)

    def _say_pace(self, share: float) -> None:
        self.pace.setAccessibleName(f"From steady to quick: {pace_text(share)}")
        self.pace.setToolTip(
            "How fast Follow goes along with your playing: steady knobs move slowly and rest,"
            f" quick ones follow every change. Now {pace_text(share)}; double-click: usual"
        )

    def _pace_moved(self, share: float) -> None:
        for address, seconds in times_s(share).items():
            self._engine.send_soon(address, seconds)
        self._say_pace(share)

    def _show_state(self) -> None:
        values = self._engine.values
        chain = self._engine.chain
        self._headline.show_text(chain.name if chain else "No plugin yet")
        show_text(self._state, state_text(values, chain))
