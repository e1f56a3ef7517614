"""Which of my plugins: all there are, ranked by how near they come to the reference."""

import time

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QStandardItem, QStandardItemModel
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHeaderView,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from gui.engine import Engine
from gui.views.suggestions import HEADS, Ranked, Suggested, host_to_ask, ranked, why_not
from gui.views.values import is_on, text
from gui.views.words import sentence
from gui.widgets.basics import Combo, as_tip, button, fill, label, restyle, row, scrolled, show_text

_CHAIN = Qt.ItemDataRole.UserRole
_LINE_PX = 28
_REASONS_PX = 110
_GAP_PX = 8
_PATIENCE_S = 5.0
"""An engine that has not begun by then has not heard of it."""
_SECONDS = (10, 30, 60)
_ALL, _HOST = "/suggest", "/suggest/host"


class SuggestionsDialog(QDialog):
    """Asks at once where nothing is ranked yet; what is asked goes on when it is closed."""

    chosen = pyqtSignal(str)
    """The id of a plugin or rig, or ids with commas between them."""

    def __init__(self, engine: Engine, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Which of my plugins?")
        self._engine = engine
        self._shown: Ranked | None = None
        self._stale: str | None = None
        """What an earlier question has come to, until it is forgotten; None once it is."""
        self._asked_s = 0.0
        self._refused = ""
        self._began_s: float | None = None
        self._now_s = time.monotonic()
        self.words = label("", "dim", wrap=True)
        self.scope = Combo()
        self.scope.setAccessibleName("What is ranked")
        self.seconds = Combo()
        self.seconds.setAccessibleName("How long it may take")
        fill(self.seconds, {str(s): f"{s} s" for s in _SECONDS}, str(_SECONDS[0]))
        self.model = QStandardItemModel()
        self.table = _table(self.model)
        self.table.activated.connect(lambda _: self._take())
        self.fold = button("", self._turn_fold, "", "flat")
        self.reasons = label("", "small", wrap=True)
        inside = QWidget()
        around = QVBoxLayout(inside)
        around.setContentsMargins(8, 0, 8, 0)
        around.addWidget(self.reasons)
        around.addStretch(1)
        self._is_open = False
        self._reasons_area = scrolled(inside)
        self._reasons_area.setMaximumHeight(_REASONS_PX)
        self._reasons_area.hide()
        self.again = button("Ask again", self.ask, "For what you have played last by now")
        self.use = button("Use this", self._take, "Drive this plugin or rig (Enter)")
        layout = QVBoxLayout(self)
        layout.setSpacing(8)
        layout.addWidget(self.words)
        layout.addWidget(self.table, 1)
        layout.addLayout(row(self.fold, 1))
        layout.addWidget(self._reasons_area)
        layout.addLayout(
            row(self.again, self.seconds, self.scope, 1, button("Close", self.reject), self.use)
        )
        if selection := self.table.selectionModel():
            selection.currentChanged.connect(lambda *_: self._show_use())
        self.resize(800, 520)
        engine.complained.connect(self._refuse)
        engine.ticked.connect(self._tick)
        if not self._running and not ranked(engine.values).rows:
            self.ask()
        self._tick(self._now_s)

    def ask(self) -> None:
        """Have all ranked again."""
        self._stale, self._refused = text(self._engine.values, "/suggested"), ""
        self._asked_s = time.monotonic()
        seconds = float(self.seconds.currentData())
        self._engine.send(str(self.scope.currentData() or _ALL), seconds)

    @property
    def current(self) -> str:
        """The chain of the line that is chosen; empty for doing nothing."""
        index = self.table.currentIndex()
        return str(index.siblingAtColumn(0).data(_CHAIN) or "")

    @property
    def _running(self) -> bool:
        return self._stale is not None or is_on(self._engine.values, "/suggest/running")

    def _tick(self, now_s: float) -> None:
        values = self._engine.values
        self._now_s = now_s
        if self._stale is not None and (
            is_on(values, "/suggest/running")
            or text(values, "/suggested") != self._stale
            or now_s > self._asked_s + _PATIENCE_S
        ):
            self._stale = None
        host = host_to_ask(values)
        offered = {_ALL: "All that I have"} | ({_HOST: f"On {host}'s tracks"} if host else {})
        fill(self.scope, offered, str(self.scope.currentData() or _ALL))
        self.scope.setVisible(bool(host))
        running = self._running
        self.again.setEnabled(not running and not why_not(values))
        self._show(self._waiting() if running else self._came())

    def _waiting(self) -> Ranked:
        if self._began_s is None:
            self._began_s = self._now_s
        seconds = self._now_s - self._began_s
        return Ranked(f"Trying them on what you played last… {seconds:.0f} s")

    def _came(self) -> Ranked:
        self._began_s = None
        if self._refused:
            return Ranked(self._refused, fault=True)
        return ranked(self._engine.values)

    def _refuse(self, address: str, why: str) -> None:
        if address in (_ALL, _HOST):
            self._stale, self._refused = None, sentence(why) + "."

    def _show(self, now: Ranked) -> None:
        before, self._shown = self._shown, now
        if now == before:
            return
        show_text(self.words, now.words)
        kind = "bad" if now.fault else "dim"
        if self.words.objectName() != kind:
            self.words.setObjectName(kind)
            restyle(self.words)
        if before is None or now.rows != before.rows:
            self._fill(now.rows)
        self.reasons.setText("\n".join(now.left_out))
        self.fold.setVisible(bool(now.left_out))
        self._show_fold()
        self._show_use()

    def _fill(self, rows: tuple[Suggested, ...]) -> None:
        self.model.setRowCount(0)
        for one in rows:
            self.model.appendRow([_item(one, words) for words in one.cells])
        if rows:
            self.table.setCurrentIndex(self.model.index(0, 0))
            self.table.setFocus(Qt.FocusReason.OtherFocusReason)
        self._share_width()

    def _share_width(self) -> None:
        """The name has what the others leave, which are not cut."""
        if (head := self.table.horizontalHeader()) is None:
            return
        for column in range(1, len(HEADS)):
            wide = max(self.table.sizeHintForColumn(column), head.sectionSizeHint(column))
            self.table.setColumnWidth(column, wide + _GAP_PX)

    def _turn_fold(self) -> None:
        self._is_open = not self._is_open
        self._show_fold()

    def _show_fold(self) -> None:
        is_open = self._is_open
        self._reasons_area.setVisible(is_open and not self.fold.isHidden())
        count = self._shown.left_out_count if self._shown else 0
        self.fold.setText(f"{'▾' if is_open else '▸'}  {count} could not be tried")
        self.fold.setAccessibleName(
            f"{count} could not be tried, {'open' if is_open else 'closed'}"
        )

    def _show_use(self) -> None:
        self.use.setEnabled(bool(self.current))

    def _take(self) -> None:
        if chain := self.current:
            self.chosen.emit(chain)
            self.accept()


def _table(model: QStandardItemModel) -> QTableView:
    made = QTableView()
    made.setObjectName("ranking")
    model.setHorizontalHeaderLabels(HEADS)
    made.setModel(model)
    made.setAccessibleName("Plugins and rigs, the likeliest first")
    made.setShowGrid(False)
    made.setTabKeyNavigation(False)
    made.setWordWrap(False)
    made.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    made.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    made.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    if (vertical := made.verticalHeader()) is not None:
        vertical.hide()
        vertical.setDefaultSectionSize(_LINE_PX)
    if (horizontal := made.horizontalHeader()) is not None:
        horizontal.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        horizontal.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        horizontal.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        horizontal.setHighlightSections(False)
    return made


def _item(one: Suggested, words: str) -> QStandardItem:
    item = QStandardItem(words)
    item.setData(one.chain, _CHAIN)
    item.setToolTip(as_tip(one.help))
    item.setAccessibleDescription(one.spoken)
    return item
