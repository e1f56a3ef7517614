"""The chain that is driven, as a rack: one card a slot, in the order in which sound goes through.

What fits is open at first; once the player has opened or closed a card, all stay as they are.
"""

from collections.abc import Callable
from functools import partial

from PyQt6.QtCore import QPoint, QRect, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QApplication, QFrame, QScrollArea, QVBoxLayout, QWidget

from bridge.chain import Chain
from bridge.errors import ManifestError
from gui.engine import Engine
from gui.views.actions import action
from gui.views.chain_edit import Edit, added, moved, removed
from gui.views.rack import opened_at_first, place_of_drop
from gui.views.values import numbers
from gui.widgets.basics import Card, button, label, row
from gui.widgets.library import LibraryDialog
from gui.widgets.parameters import Legend, ParameterRow
from gui.widgets.slot_card import HEAD_PX, ROW_PX, SlotCard
from gui.widgets.theme import Theme

_GAP_PX = 4
_EDGE_PX = 40
"""A card that is dragged so near to the edge scrolls the rack."""
_EMPTY = "Choose a plugin or a rig on the left: its knobs appear here."


class Rack(Card):
    """The cards, a chain's edits, undo and redo."""

    menu_asked = pyqtSignal(QPoint)
    """For the current card, here on the screen."""

    def __init__(self, engine: Engine, theme: Theme) -> None:
        super().__init__()
        self._engine = engine
        self._theme = theme
        self._chain: Chain | None = None
        self._current: SlotCard | None = None
        self._touched = self._narrow = False
        self._focus: tuple[str, str] | None = None
        self._drop_at: int | None = None
        self.cards: list[SlotCard] = []
        self._column = QWidget()
        self._column.setObjectName("column")
        self._layout = QVBoxLayout(self._column)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(_GAP_PX)
        self._mark = QFrame(self._column)
        self._mark.setObjectName("drop")
        self._mark.hide()
        self._empty = label(_EMPTY, "dim", wrap=True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.area = QScrollArea()
        self.area.setWidget(self._column)
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.add = button("+ Add a plugin", self.ask_add, "", "flat")
        self.add.setToolTip(f"At the end of the chain ({action('add_slot').keys})")
        self.undo = button("Undo", lambda: engine.send("/undo"), "Take back (Ctrl+Z)", "flat")
        self.redo = button("Redo", lambda: engine.send("/redo"), "Make it again", "flat")
        self._legend = Legend(theme)
        self.body.addLayout(row(self._legend, 1, self.add, self.undo, self.redo))
        self.body.addWidget(self.area, 1)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._follow_focus)
        engine.watch(self._follow, "/chain", "/slots", "/plugins", "/rigs", "/parameter/", "/slot/")
        engine.watch(self._show_history, "/history")
        engine.complained.connect(self._forget_focus)

    @property
    def rows(self) -> list[ParameterRow]:
        """Those of all cards, in the chain's order."""
        return [one for card in self.cards for one in card.rows]

    @property
    def current(self) -> SlotCard | None:
        """The card that the keyboard's actions mean: the last that was worked with."""
        window = self.window()
        held = self._card_with(window.focusWidget() if window else None)
        return held or self._current or (self.cards[0] if self.cards else None)

    def focus_first(self) -> None:
        """Give the keyboard to the first slider, or to the first card's head."""
        if not self.cards:
            return
        card = self.cards[0]
        first = card.rows[0].slider if card.is_open else card.head.fold
        first.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def be_narrow(self, narrow: bool) -> None:
        """Do with less width."""
        self._narrow = narrow
        self._legend.setVisible(not narrow)
        for card in self.cards:
            card.be_narrow(narrow)

    def ask_add(self) -> None:
        """Let the player choose from the library."""
        dialog = LibraryDialog(self._engine, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.chosen.connect(self.append)
        dialog.open()

    def append(self, item: str) -> None:
        """Put a plugin or a rig at the end, or begin with it."""
        engine = self._engine
        if engine.chain is None:
            engine.send("/chain", item)
            return
        self._edit(lambda chain: added(chain, item, engine.manifest), -1, "fold")

    def step(self, card: SlotCard, step: int) -> None:
        """Move a card up or down."""
        number = self.cards.index(card)
        if 0 <= number + step < len(self.cards):
            self._move(number, number + step, "up" if step < 0 else "down")

    def take_out(self, card: SlotCard) -> None:
        """Remove a card; the last one stays."""
        number = self.cards.index(card)
        if len(self.cards) > 1:
            place = min(number, len(self.cards) - 2)
            edit = partial(removed, number=number, manifest=self._engine.manifest)
            self._edit(edit, place, "remove")

    def toggle_all(self) -> None:
        """Close all cards, or open all where all are closed."""
        wanted = not any(card.is_open for card in self.cards)
        for card in self.cards:
            card.open(wanted)
        self._touched = True

    def resizeEvent(self, a0: QResizeEvent | None) -> None:
        """What fits may be more now, or less."""
        super().resizeEvent(a0)
        QTimer.singleShot(0, self._open_what_fits)

    def _move(self, number: int, to: int, control: str) -> None:
        edit = partial(moved, number=number, to=to, manifest=self._engine.manifest)
        self._edit(edit, to, control)

    def _edit(self, change: Callable[[Chain], Edit], place: int, control: str) -> None:
        """Change the chain; the keyboard then stays with this card's control."""
        chain = self._engine.chain
        if chain is None:
            return
        try:
            edit = change(chain)
        except ManifestError as error:
            self._engine.complained.emit("/chain", str(error))
            return
        self._focus = (edit.chain.slots[place].id, control)
        self._engine.choose(edit.chain, edit.carried(chain, self._engine.values))
        if edit.chain == chain:
            self._take_focus()

    def _follow(self) -> None:
        chain = self._engine.chain
        if chain is not self._chain or self._layout.count() == 0:
            self._chain = chain
            self._rebuild()
        for card in self.cards:
            card.show_values()

    def _show_history(self) -> None:
        counts = numbers(self._engine.values, "/history") or (0.0, 0.0)
        self.undo.setEnabled(counts[0] > 0)
        self.redo.setEnabled(counts[-1] > 0)

    def _rebuild(self) -> None:
        """Cards of slots that stay are kept, open or closed."""
        slots = self._chain.slots if self._chain else ()
        kept = {} if len(slots) == 1 else {c.slot.id: c for c in self.cards if not c.alone}
        before, fresh = self.cards, []
        self.cards = []
        for slot in slots:
            card = kept.get(slot.id)
            if card is None or card.slot != slot:
                card = self._make_card(slot.id)
                fresh.append(card)
            self.cards.append(card)
        self._arrange()
        for card in before:
            if card not in self.cards:
                card.hide()
                card.deleteLater()
        if self._current not in self.cards:
            self._current = None
        if len(fresh) == len(self.cards):
            self._touched = False
            self.area.ensureVisible(0, 0)
        for card in fresh:
            card.open(self._touched or len(self.cards) == 1)
        self._open_what_fits()
        # Once the layout has taken the new cards in.
        QTimer.singleShot(0, self._take_focus)

    def _make_card(self, slot_id: str) -> SlotCard:
        chain = self._chain
        if chain is None:
            raise ManifestError("there is no chain yet; choose one first")
        card = SlotCard(self._engine, self._theme, chain, chain.slot(slot_id))
        card.stepped.connect(lambda step: self.step(card, step))
        card.removed.connect(lambda: self.take_out(card))
        card.opened.connect(lambda: self._opened(card))
        card.dragged.connect(lambda at: self._drag(card, at))
        card.dropped.connect(lambda: self._drop(card))
        card.asked.connect(lambda at: self._ask_menu(card, at))
        return card

    def _arrange(self) -> None:
        while self._layout.count():
            self._layout.takeAt(0)
        plugins = [card.slot.plugin.id for card in self.cards]
        for number, card in enumerate(self.cards):
            self._layout.addWidget(card, int(card.alone))
            ambiguous = plugins.count(plugins[number]) > 1
            card.be_placed(number == 0, number == len(self.cards) - 1, ambiguous)
            card.be_narrow(self._narrow)
            card.show()
        self._empty.setVisible(not self.cards)
        if not self.cards:
            self._layout.addWidget(self._empty, 1)
        elif not self.cards[0].alone:
            self._layout.addStretch(1)
            wide = max((one.name.sizeHint().width() for one in self.rows), default=0)
            for card in self.cards:
                card.be_in_line(wide)
        controls = [widget for card in self.cards for widget in card.controls]
        for earlier, later in zip([self.redo, *controls], controls, strict=False):
            QWidget.setTabOrder(earlier, later)

    def _open_what_fits(self) -> None:
        self._share_room()
        if self._touched or not self.cards or self.cards[0].alone:
            return
        viewport = self.area.viewport()
        room_px = viewport.height() if viewport else 0
        counts = [len(card.rows) for card in self.cards]
        opened = opened_at_first(counts, room_px, HEAD_PX + _GAP_PX, ROW_PX)
        for number, card in enumerate(self.cards):
            if card.is_open != (number < opened):
                card.open(number < opened)

    def _share_room(self) -> None:
        # Of the area, not of the cards, which would never become smaller again.
        if viewport := self.area.viewport():
            for card in self.cards:
                card.share_room(viewport.height())

    def _opened(self, card: SlotCard) -> None:
        self._touched = True
        card.head.fold.setFocus(Qt.FocusReason.OtherFocusReason)
        QTimer.singleShot(0, lambda: self.area.ensureWidgetVisible(card, 0, 0))

    def _take_focus(self) -> None:
        if self._focus is None:
            return
        slot_id, control = self._focus
        card = next((card for card in self.cards if card.slot.id == slot_id), None)
        if card is None:
            return
        self._focus = None
        head = card.head
        wanted = {"up": head.up, "down": head.down, "remove": head.remove, "fold": head.fold}
        target = wanted[control]
        if card.alone:
            target = card.rows[0].lock
        elif not target.isEnabled():
            target = head.down if control == "up" else head.up
        target.setFocus(Qt.FocusReason.OtherFocusReason)
        self.area.ensureWidgetVisible(card, 0, 0)

    def _forget_focus(self, address: str, _: str) -> None:
        """What was asked for does not come."""
        if address == "/chain":
            self._focus = None

    def _follow_focus(self, _: QWidget | None, now: QWidget | None) -> None:
        """The card that the keyboard is in is the current one; it is scrolled to."""
        if now is not None and (card := self._card_with(now)):
            self._current = card
            self.area.ensureWidgetVisible(now, 0, 6)

    def _card_with(self, widget: QWidget | None) -> SlotCard | None:
        return next((card for card in self.cards if widget and card.isAncestorOf(widget)), None)

    def _ask_menu(self, card: SlotCard, at: QPoint) -> None:
        card.head.fold.setFocus(Qt.FocusReason.PopupFocusReason)
        self.menu_asked.emit(at)

    def _drag(self, card: SlotCard, at: QPoint) -> None:
        """Show where it would go; near the edges the rack scrolls along."""
        if card not in self.cards:
            return
        here = self._column.mapFromGlobal(at)
        self.area.ensureVisible(0, here.y(), 0, _EDGE_PX)
        number = self.cards.index(card)
        middles = [float(one.geometry().center().y()) for one in self.cards]
        self._drop_at = place_of_drop(middles, number, here.y())
        others = [one for one in self.cards if one is not card]
        if self._drop_at < len(others):
            y = others[self._drop_at].y() - _GAP_PX
        else:
            y = others[-1].geometry().bottom() + 1
        if self._drop_at == number:
            y = card.y() - _GAP_PX
        self._mark.setGeometry(QRect(0, max(y, 0), self._column.width(), 3))
        self._mark.raise_()
        self._mark.show()

    def _drop(self, card: SlotCard) -> None:
        self._mark.hide()
        to, self._drop_at = self._drop_at, None
        # The chain may have become another one meanwhile.
        if to is not None and card in self.cards and to != self.cards.index(card):
            self._move(self.cards.index(card), to, "fold")
