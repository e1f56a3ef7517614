"""One slot of the rack: a head with name, confidence and bypass, and below it the parameters."""

from collections.abc import Callable

from PyQt6.QtCore import QPoint, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QContextMenuEvent, QIcon, QMouseEvent
from PyQt6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from bridge.chain import Chain, Slot
from bridge.control.nodes import Leaf, node_address
from bridge.manifest import BYPASS
from gui.engine import Engine
from gui.views.parameters import name_in
from gui.views.rack import SlotView, slot_parameters, slot_view
from gui.widgets.basics import Elided, Name, button, label, restyle
from gui.widgets.parameters import Confidence, ParameterGrid, ParameterRow
from gui.widgets.theme import ICONS, Theme

HEAD_PX, ROW_PX = 36, 32
"""About so high are the head of a closed card, and each row of an open one."""
_FEW = 8
"""So many rows of a chain of one have room to breathe."""
_HELP = (
    "Drag a knob and it is yours; double-click it and the model turns it again. F1 lists every key."
)
_SIGN_PX = 23
_LARGE = 1.5
"""Sliders of few rows, of the usual size."""
_LEAST_APART_PX, _MOST_APART_PX = 2, 120
_HELP_PX = 40


class SlotCard(QFrame):
    """A chain of one has neither head nor frame."""

    stepped = pyqtSignal(int)
    """Up (-1) or down (1) by its buttons."""
    removed = pyqtSignal()
    opened = pyqtSignal()
    """The player has opened or closed it."""
    dragged = pyqtSignal(QPoint)
    """By the head, to here on the screen."""
    dropped = pyqtSignal()
    asked = pyqtSignal(QPoint)
    """For its menu, here on the screen."""

    def __init__(self, engine: Engine, theme: Theme, chain: Chain, slot: Slot) -> None:
        super().__init__()
        self.slot = slot
        self.alone = len(chain.slots) == 1
        self._engine = engine
        self._shown: SlotView | None = None
        self._parameters = slot_parameters(slot)
        self._spacious = spacious = self.alone and len(self._parameters) <= _FEW
        self.rows = [
            ParameterRow(
                p, name_in(chain, slot.id, p.spec.name), engine, theme, _LARGE if spacious else 1.0
            )
            for p in self._parameters
        ]
        self._grid = ParameterGrid(self.rows, _LEAST_APART_PX if spacious else 2)
        self.body = QWidget()
        self._help: QLabel | None = None
        self.head = SlotHead(self, theme)
        whole = QVBoxLayout(self)
        whole.setSpacing(0)
        whole.addWidget(self.head)
        whole.addWidget(self.body)
        self.body.setLayout(self._body_layout(spacious))
        if self.alone:
            whole.setContentsMargins(0, 0, 4, 0)
            self.head.hide()
        else:
            self.setObjectName("slot")
            whole.setContentsMargins(7, 2, 5, 2)

    def share_room(self, room_px: int) -> None:
        """Few rows share the height there is."""
        if self._spacious:
            count = len(self.rows)
            spare_px = room_px - _HELP_PX - count * round(_LARGE * ROW_PX)
            if self._help:
                self._help.setVisible(spare_px >= 0)
            apart_px = min(max(spare_px // count, _LEAST_APART_PX), _MOST_APART_PX)
            self._grid.setVerticalSpacing(apart_px)
            self._grid.setContentsMargins(0, min(apart_px // 2, 20), 0, 0)

    @property
    def controls(self) -> list[QWidget]:
        """Everything the keyboard reaches, in order."""
        head = [] if self.alone else self.head.controls
        return head + [widget for one in self.rows for widget in one.widgets]

    @property
    def is_open(self) -> bool:
        """Whether its parameters are seen."""
        return not self.body.isHidden()

    def open(self, wanted: bool) -> None:
        """Show or hide the parameters."""
        self.body.setVisible(wanted or self.alone)
        self._shown = None
        self.show_values()

    def show_values(self) -> None:
        """Change what differs from what is shown; what is hidden waits."""
        if not self.alone:
            told = self._engine.slots.get(self.slot.id, {})
            view = slot_view(self._parameters, self._engine.values, told)
            if view != self._shown:
                self._shown = view
                self.head.show_view(view, self.is_open)
        if self.is_open:
            for one in self.rows:
                one.show_values()

    def be_placed(self, first: bool, last: bool, ambiguous: bool) -> None:
        """Where in the rack it is; `ambiguous` where another slot has the same plugin."""
        self.head.up.setEnabled(not first)
        self.head.down.setEnabled(not last)
        self.head.ambiguous = ambiguous

    def be_narrow(self, narrow: bool) -> None:
        """Do with less width."""
        self._grid.be_narrow(narrow)
        self.head.be_narrow(narrow)

    def be_in_line(self, name_px: int) -> None:
        """Let the rows of all cards stand below each other."""
        self._grid.be_in_line(name_px)

    def bypass(self) -> None:
        """Switch it over: it is the player's then."""
        on = bool(self._shown and self._shown.bypassed)
        self._engine.send(self._switch, int(not on))

    def lock_bypass(self) -> None:
        """Keep the model off the bypass, or let it."""
        locked = bool(self._shown and self._shown.locked)
        lock = node_address(self.slot.address(BYPASS), Leaf.LOCK)
        self._engine.send(lock, int(not locked))

    def hand_back_bypass(self) -> None:
        """Let the model decide again whether it is left out."""
        self._engine.send("/arm", self.slot.address(BYPASS))

    def hand_back(self) -> None:
        """Let the model turn all of it again."""
        self._engine.send("/arm", self.slot.id)

    def toggle(self) -> None:
        """Open it where it is closed, and the other way round."""
        self.open(not self.is_open)
        self.opened.emit()

    def contextMenuEvent(self, a0: QContextMenuEvent | None) -> None:
        """By the mouse, or the keyboard's menu key."""
        if a0 and not self.alone:
            self.asked.emit(a0.globalPos())

    @property
    def _switch(self) -> str:
        return node_address(self.slot.address(BYPASS))

    def _body_layout(self, spacious: bool) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setContentsMargins(0, 0, 0, 0 if self.alone else 5)
        column.addLayout(self._grid)
        if self.alone:
            column.addStretch(1)
        if spacious:
            self._help = help_line = label(_HELP, "small", wrap=True)
            help_line.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(help_line)
        return column


class SlotHead(QWidget):
    """Grip, name, summary, confidence, bypass, and the buttons that edit the chain.

    A press opens or closes the card; a press that moves drags it.
    """

    def __init__(self, card: SlotCard, theme: Theme) -> None:
        super().__init__()
        self._card = card
        self._pressed: QPoint | None = None
        self._drags = self._leaves_label = self._has_label = False
        self.ambiguous = False
        self._spoken = name = card.slot.plugin.name
        if card.slot.id != card.slot.plugin.id:
            self._spoken = f"{name} ({card.slot.id})"
        self._grip = label("⠿", "dim")
        self._grip.setCursor(Qt.CursorShape.OpenHandCursor)
        self._grip.setToolTip("Drag to another place in the chain")
        self.fold = _sign("▸", card.toggle, "")
        self.name = Name("title")
        self.label = Name("small")
        self.summary = Elided("small", Qt.TextElideMode.ElideRight)
        policy = self.summary.sizePolicy()
        policy.setHorizontalPolicy(policy.Policy.Ignored)
        self.summary.setSizePolicy(policy)
        self.confidence = Confidence(theme)
        self.lock = _sign("", card.lock_bypass, "The model is kept off the bypass: press to let it")
        self.lock.setIcon(QIcon(str(ICONS / "locked.svg")))
        self.lock.setIconSize(QSize(14, 14))
        self.lock.setAccessibleName(f"Bypass of {self._spoken} is locked: unlock it")
        self.lock.hide()
        self.hand_back = _sign("↺", card.hand_back_bypass, "The bypass is yours: hand it back")
        self.hand_back.setAccessibleName(f"Bypass of {self._spoken} is yours: hand it back")
        self.hand_back.hide()
        self.bypass = button("Bypass", card.bypass, kind="slot-bypass", checkable=True)
        self.up = _sign("↑", lambda: card.stepped.emit(-1), "Earlier in the chain")
        self.down = _sign("↓", lambda: card.stepped.emit(1), "Later in the chain")
        self.remove = _sign("✕", card.removed.emit, "Take it out of the chain")
        self.up.setAccessibleName(f"Move {self._spoken} up")
        self.down.setAccessibleName(f"Move {self._spoken} down")
        self.remove.setAccessibleName(f"Remove {self._spoken}")
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(4)
        for sign in (self._grip, self.fold, self.name, self.label):
            line.addWidget(sign)
        line.addWidget(self.summary, 1)
        for widget in (self.lock, self.hand_back, self.confidence, *self.controls[3:]):
            line.addWidget(widget)

    @property
    def controls(self) -> list[QWidget]:
        """What the keyboard reaches, in order."""
        signs = [self.fold, self.lock, self.hand_back]
        return [*signs, self.bypass, self.up, self.down, self.remove]

    def be_narrow(self, narrow: bool) -> None:
        """Leave out the slot's own name where the plugin's says enough."""
        self._leaves_label = narrow and not self.ambiguous
        self.label.setHidden(self._leaves_label or not self._has_label)

    def show_view(self, view: SlotView, is_open: bool) -> None:
        """Name, values, confidence and bypass."""
        self.fold.setText("▾" if is_open else "▸")
        self.fold.setToolTip("Close it (O)" if is_open else "Open it (O)")
        self.fold.setAccessibleName(f"{self._spoken}, {'open' if is_open else 'closed'}")
        self.fold.setAccessibleDescription(view.summary)
        self.name.show_text(view.name, view.place and f"In the host: {view.place}")
        self.label.show_text(view.label)
        self._has_label = bool(view.label)
        self.label.setHidden(self._leaves_label or not self._has_label)
        self.summary.show_text("" if is_open else view.summary)
        self.confidence.show_confidence(view.confidence)
        self.bypass.setChecked(view.bypassed)
        self.bypass.setToolTip(f"{view.spoken}. Press to switch (Shift+B)")
        self.bypass.setAccessibleName(f"Bypass {self._spoken}")
        self.bypass.setAccessibleDescription(view.spoken)
        self.lock.setVisible(view.locked)
        self.hand_back.setVisible(view.yours)
        kind = "dim" if view.bypassed else "title"
        if self.name.objectName() != kind:
            self.name.setObjectName(kind)
            restyle(self.name)

    def mousePressEvent(self, a0: QMouseEvent | None) -> None:
        """Take hold."""
        if a0 and a0.button() is Qt.MouseButton.LeftButton:
            self._pressed = a0.globalPosition().toPoint()

    def mouseMoveEvent(self, a0: QMouseEvent | None) -> None:
        """Drag, once it is more than a trembling hand."""
        if a0 is None or self._pressed is None:
            return
        at = a0.globalPosition().toPoint()
        way = (at - self._pressed).manhattanLength()
        self._drags |= way >= QApplication.startDragDistance()
        if self._drags:
            self._card.dragged.emit(at)

    def mouseReleaseEvent(self, a0: QMouseEvent | None) -> None:
        """Drop it, or open and close it."""
        if a0 is None or self._pressed is None:
            return
        self._pressed, dragged = None, self._drags
        self._drags = False
        if dragged:
            self._card.dropped.emit()
        else:
            self._card.toggle()


def _sign(text: str, clicked: Callable[[], object], tip: str) -> QPushButton:
    made = button(text, clicked, tip, "flat")
    made.setFixedWidth(_SIGN_PX)
    return made
