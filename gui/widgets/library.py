"""The library to add from: every rig and plugin, found by typing."""

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QFont, QKeyEvent, QStandardItem, QStandardItemModel
from PyQt6.QtWidgets import QDialog, QLineEdit, QListView, QVBoxLayout, QWidget

from gui.engine import Engine
from gui.views.catalogue import Entry, catalogue
from gui.widgets.basics import as_tip, button, label, row

ID = Qt.ItemDataRole.UserRole


def fill_catalogue(model: QStandardItemModel, entries: list[Entry]) -> None:
    """A heading for each group, and what cannot be chosen disabled, with the reason as its tip."""
    model.clear()
    group = ""
    for entry in entries:
        if entry.group != group:
            group = entry.group
            heading = QStandardItem(group)
            font = QFont(heading.font())
            font.setBold(True)
            heading.setFont(font)
            heading.setFlags(Qt.ItemFlag.NoItemFlags)
            model.appendRow(heading)
        item = QStandardItem(entry.text)
        item.setData(entry.id, ID)
        item.setToolTip(as_tip(entry.missing or entry.help))
        item.setEditable(False)
        item.setEnabled(not entry.missing)
        model.appendRow(item)


class LibraryDialog(QDialog):
    """One list, grouped; the arrow keys move in it while one types."""

    chosen = pyqtSignal(str)
    """The id of a plugin or rig."""

    def __init__(self, engine: Engine, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Add a plugin or a rig")
        self._entries = catalogue(engine.values)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search by name or kind")
        self.search.setAccessibleName("Search the library")
        self.search.setClearButtonEnabled(True)
        self.model = QStandardItemModel()
        self.list = QListView()
        self.list.setObjectName("library")
        self.list.setModel(self.model)
        self.list.setAccessibleName("Rigs and plugins")
        self.list.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.list.activated.connect(lambda _: self._take())
        self._none = label("Nothing of that name is known here.", "dim")
        self.add = button("Add", self._take, "At the end of the chain (Enter)")
        layout = QVBoxLayout(self)
        layout.setSpacing(8)
        layout.addWidget(self.search)
        layout.addWidget(self.list, 1)
        layout.addWidget(self._none)
        layout.addLayout(row(1, button("Cancel", self.reject), self.add))
        self.search.textChanged.connect(self._filter)
        self.search.returnPressed.connect(self._take)
        self.resize(420, 460)
        self._filter("")

    def keyPressEvent(self, a0: QKeyEvent | None) -> None:
        """Up and down move in the list."""
        if a0 and a0.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._step(1 if a0.key() == Qt.Key.Key_Down else -1)
            return
        super().keyPressEvent(a0)

    def _filter(self, words: str) -> None:
        fill_catalogue(self.model, [one for one in self._entries if one.is_found_by(words)])
        self._none.setVisible(self.model.rowCount() == 0)
        self.list.setCurrentIndex(self.model.index(-1, 0))
        self._step(1)

    def _step(self, way: int) -> None:
        """To the next line that can be chosen."""
        place = self.list.currentIndex().row() + way
        while 0 <= place < self.model.rowCount():
            item = self.model.item(place)
            if item and item.isEnabled():
                self.list.setCurrentIndex(item.index())
                break
            place += way
        self.add.setEnabled(self.list.currentIndex().isValid())

    def _take(self) -> None:
        chosen = self.list.currentIndex().data(ID)
        if chosen:
            self.chosen.emit(str(chosen))
            self.accept()
