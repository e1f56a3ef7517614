"""The table of what changed: when, what, from, to, by whom."""

import json
import time

from PyQt6.QtCore import QAbstractTableModel, QModelIndex, Qt
from PyQt6.QtGui import QFontMetrics, QResizeEvent
from PyQt6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QVBoxLayout, QWidget

from bridge.chain import Chain
from gui.engine import Engine
from gui.views.changes import Change, ChangeLog
from gui.views.numbers import clock_text
from gui.views.parameters import WHO
from gui.views.values import number

_TIME, _NAME, _FROM, _TO, _BY = range(5)
_LEAST_NAME_PX = 60
"""With less, the time makes room."""
_PADDING_PX = 13
_SCROLL_PX = 14
_SHOW_S = 0.25
"""Nobody reads a table that changes more often."""
_HEADS = ("Time", "What", "From", "To", "By")


class _Model(QAbstractTableModel):
    def __init__(self, log: ChangeLog, metrics: QFontMetrics) -> None:
        super().__init__()
        self._log = log
        self._rows: list[Change] = []
        self._total = 0
        self.zero_s = 0.0
        self._metrics = metrics
        self.widest = self._heads()
        """Of the cells of each column that are not to be cut, in pixels."""

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        return len(self._rows)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        return len(_HEADS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if role == Qt.ItemDataRole.DisplayRole and orientation is Qt.Orientation.Horizontal:
            return _HEADS[section]
        return None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role == Qt.ItemDataRole.DisplayRole:
            return self._cells(self._rows[index.row()])[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            when, name, before, after, by = self._cells(self._rows[index.row()])
            return f"{when}  {name}: {before} → {after}, {by}"
        return None

    def change(self, line: int) -> Change:
        """The change in that line."""
        return self._rows[line]

    def refresh(self) -> None:
        """Show what is new, longer or gone, and paint no other line."""
        now = list(reversed(self._log.changes))
        fresh = self._log.total - self._total
        self._total = self._log.total
        if fresh < 0 or fresh + len(self._rows) != len(now):
            self.beginResetModel()
            self.widest = self._heads()
            self._rows = now
            self._measure(now)
            self.endResetModel()
            return
        if fresh:
            self.beginInsertRows(QModelIndex(), 0, fresh - 1)
            self._rows = now[:fresh] + self._rows
            self._measure(now[:fresh])
            self.endInsertRows()
        for line, change in enumerate(now):
            if self._rows[line] is not change:
                self._rows[line] = change
                self._measure([change])
                self.dataChanged.emit(self.index(line, 0), self.index(line, len(_HEADS) - 1))

    def _heads(self) -> dict[int, int]:
        return {c: self._wide(_HEADS[c]) for c in (_TIME, _FROM, _TO, _BY)}

    def _measure(self, changes: list[Change]) -> None:
        """Only what is new: Qt would measure every cell again."""
        for change in changes:
            cells = self._cells(change)
            for column, widest in self.widest.items():
                self.widest[column] = max(widest, self._wide(cells[column]))

    def _wide(self, words: str) -> int:
        return self._metrics.horizontalAdvance(words) + _PADDING_PX

    def _cells(self, change: Change) -> tuple[str, ...]:
        return (
            clock_text(change.began_s - self.zero_s),
            change.name,
            change.before,
            change.after,
            WHO.get(change.by, change.by).removeprefix("the "),
        )


class ChangesTable(QWidget):
    """The newest on top."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self._engine = engine
        self.log = ChangeLog()
        self._chain: Chain | None = None
        self.table = QTableView()
        self.model = _Model(self.log, self.table.fontMetrics())
        self.table.setModel(self.model)
        self.table.setAccessibleName("What changed, from, to and by whom")
        self.table.setShowGrid(False)
        self.table.setTabKeyNavigation(False)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setWordWrap(False)
        # Headers count as false while they are empty.
        if (vertical := self.table.verticalHeader()) is not None:
            vertical.hide()
            vertical.setDefaultSectionSize(26)
        if (horizontal := self.table.horizontalHeader()) is not None:
            horizontal.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
            horizontal.setSectionResizeMode(_NAME, QHeaderView.ResizeMode.Stretch)
            horizontal.setMinimumSectionSize(20)
            horizontal.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
            horizontal.setHighlightSections(False)
        self.table.setToolTip("Double-click a line, or press Enter, to go back to how it was then")
        self.table.activated.connect(lambda index: self._go_back(index.row()))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.addWidget(self.table)
        self._stale = False
        self._shown_s = 0.0
        engine.watch(self._follow, "/chain", "/plugins", "/rigs", "/parameter/")
        engine.ticked.connect(self._show_in_time)

    def resizeEvent(self, a0: QResizeEvent | None) -> None:
        """Another width is shared out."""
        super().resizeEvent(a0)
        self._share_width()

    def _share_width(self) -> None:
        """No value is cut: where there is little room the time makes it, then the name is cut."""
        widest = self.model.widest
        room = self.table.width() - _SCROLL_PX - sum(widest.values())
        self.table.setColumnHidden(_TIME, room < _LEAST_NAME_PX)
        for column, width in widest.items():
            self.table.setColumnWidth(column, width)

    def _go_back(self, line: int) -> None:
        """All is again as it was after that change."""
        if values := self.log.values_at(self.model.change(line)):
            self._engine.send("/set", json.dumps(values))

    def _follow(self) -> None:
        values = self._engine.values
        chain = self._engine.chain
        if chain is not self._chain:
            self._chain = chain
            self.log.forget()
            self.model.refresh()
            self._share_width()
        now_s = time.monotonic()
        self.model.zero_s = now_s - number(values, "/engine/time")
        if chain and self.log.follow(chain, values, now_s):
            self._stale = True

    def _show_in_time(self, now_s: float) -> None:
        if self._stale and now_s >= self._shown_s + _SHOW_S:
            self._stale, self._shown_s = False, now_s
            self.model.refresh()
            self._share_width()
