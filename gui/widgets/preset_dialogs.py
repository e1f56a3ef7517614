"""The presets there are, found by typing, and what a new one is called."""

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PyQt6.QtCore import QFile, Qt, pyqtSignal
from PyQt6.QtGui import QKeyEvent, QStandardItem, QStandardItemModel
from PyQt6.QtWidgets import (
    QDialog,
    QFileDialog,
    QFormLayout,
    QLineEdit,
    QListView,
    QVBoxLayout,
    QWidget,
)

from bridge.chain import chain_of
from bridge.errors import BridgeError, ManifestError
from bridge.manifest import Manifest
from gui.views.preset_files import (
    OLD_SUFFIX,
    SUFFIX,
    PresetEntry,
    entries,
    path_of,
    rename_preset,
)
from gui.views.presets import tags_of
from gui.widgets.background import Background
from gui.widgets.basics import as_tip, button, label, row, show_text

_FILES = f"Presets (*{SUFFIX} *{OLD_SUFFIX})"
_ENTRY = Qt.ItemDataRole.UserRole


class NameDialog(QDialog):
    """Name and tags of a preset."""

    named = pyqtSignal(str, tuple)

    def __init__(self, folder: Path, name: str, tags: str, own: str, parent: QWidget) -> None:
        """`own` is the name that the preset has already; another one may be taken."""
        super().__init__(parent)
        self.setWindowTitle("Preset")
        self._folder, self._own = folder, own
        self.name, self.tags = QLineEdit(name), QLineEdit(tags)
        self.name.setAccessibleName("Name of the preset")
        self.tags.setAccessibleName("Tags of the preset")
        self.tags.setPlaceholderText("clean, verse")
        self._told = label("", "small", wrap=True)
        self.save = button("Save", self._take, "Save (Enter)")
        form = QFormLayout()
        form.addRow("Name", self.name)
        form.addRow("Tags", self.tags)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(self._told)
        layout.addLayout(row(1, button("Cancel", self.reject), self.save))
        for field in (self.name, self.tags):
            field.returnPressed.connect(self._take)
        self.name.textChanged.connect(self._show)
        self.name.selectAll()
        self.resize(380, 10)
        self._show()

    def _show(self) -> None:
        name = self.name.text().strip()
        taken = name != self._own and path_of(name, self._folder).exists()
        self.save.setEnabled(bool(name))
        self.save.setText("Replace" if taken else "Save")
        show_text(self._told, "There is one of that name; it is replaced." if taken else "")

    def _take(self) -> None:
        if name := self.name.text().strip():
            self.named.emit(name, tags_of(self.tags.text()))
            self.accept()


class PresetBrowser(QDialog):
    """One list; the arrow keys move in it while one types, Enter loads."""

    chosen = pyqtSignal(object)
    """The path of a preset."""

    def __init__(
        self, folder: Path, manifest: Manifest, say: Callable[[str], None], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Presets")
        self._folder, self._manifest, self._say = folder, manifest, say
        self._entries: list[PresetEntry] = []
        self._reading: Background[list[PresetEntry]] = Background(self._take_entries)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search by name, tag, plugin or reference")
        self.search.setAccessibleName("Search the presets")
        self.search.setClearButtonEnabled(True)
        self.model = QStandardItemModel()
        self.list = QListView()
        self.list.setObjectName("library")
        self.list.setModel(self.model)
        self.list.setAccessibleName("Presets")
        self.list.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.list.activated.connect(lambda _: self._load())
        self._none = label("", "dim", wrap=True)
        self.load = button("Load", self._load, "Set all it holds (Enter)")
        self.edit = button("Rename…", self._edit, "Name and tags")
        self.delete = button("Delete", self._delete, "Into the system's bin")
        self.share = button("Save a copy…", self._share, "One file, with its reference inside")
        self.take_in = button("Import…", self._import, "Take a preset's file in")
        layout = QVBoxLayout(self)
        layout.setSpacing(8)
        layout.addWidget(self.search)
        layout.addWidget(self.list, 1)
        layout.addWidget(self._none)
        layout.addLayout(row(self.edit, self.delete, self.share, 1, self.take_in))
        layout.addLayout(row(1, button("Close", self.reject), self.load))
        self.search.textChanged.connect(lambda _: self._filter())
        self.search.returnPressed.connect(self._load)
        if selection := self.list.selectionModel():
            selection.currentChanged.connect(lambda *_: self._show_buttons())
        self.resize(520, 480)
        self.read()

    def read(self) -> None:
        """Look into the folder again."""
        self._reading.run(partial(entries, self._folder))

    def keyPressEvent(self, a0: QKeyEvent | None) -> None:
        """Up and down move in the list, Delete deletes."""
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        if a0 and a0.key() in steps:
            self._go(self.list.currentIndex().row() + steps[Qt.Key(a0.key())])
        elif a0 and a0.key() == Qt.Key.Key_Delete and self.list.hasFocus():
            self._delete()
        else:
            super().keyPressEvent(a0)

    @property
    def current(self) -> PresetEntry | None:
        """The one that is chosen."""
        entry = self.list.currentIndex().data(_ENTRY)
        return entry if isinstance(entry, PresetEntry) else None

    def _take_entries(self, found: list[PresetEntry]) -> None:
        self._entries = found
        self._filter()

    def _filter(self) -> None:
        before = self.current.path if self.current else None
        shown = [one for one in self._entries if one.is_found_by(self.search.text())]
        self.model.clear()
        for entry in shown:
            self.model.appendRow(self._item(entry))
        self._go(next((n for n, one in enumerate(shown) if one.path == before), 0))
        none = "Nothing is found." if self._entries else "None yet: Ctrl+S saves one."
        show_text(self._none, "" if shown else none)
        self._show_buttons()

    def _item(self, entry: PresetEntry) -> QStandardItem:
        tags = "".join(f"  #{tag}" for tag in entry.tags)
        item = QStandardItem(f"{entry.name}{tags}")
        item.setData(entry, _ENTRY)
        with_reference = f"; reference {entry.reference}" if entry.reference else ""
        item.setToolTip(as_tip(entry.fault or f"{self._chain_name(entry.chain)}{with_reference}"))
        item.setEnabled(not entry.fault)
        return item

    def _chain_name(self, chain_id: str) -> str:
        try:
            return chain_of(chain_id, self._manifest).name
        except ManifestError:
            return f"{chain_id} (not known here)"

    def _go(self, line: int) -> None:
        if 0 <= line < self.model.rowCount():
            self.list.setCurrentIndex(self.model.index(line, 0))

    def _show_buttons(self) -> None:
        for made in (self.load, self.edit, self.delete, self.share):
            made.setEnabled(self.current is not None)

    def _load(self) -> None:
        if entry := self.current:
            self.chosen.emit(entry.path)
            self.accept()

    def _edit(self) -> None:
        if entry := self.current:
            dialog = NameDialog(self._folder, entry.name, ", ".join(entry.tags), entry.name, self)
            dialog.named.connect(lambda name, tags: self._rename(entry, name, tags))
            dialog.open()

    def _rename(self, entry: PresetEntry, name: str, tags: tuple[str, ...]) -> None:
        self._trying(lambda: rename_preset(entry.path, name, tags))
        where = path_of(name, self._folder)
        if name != entry.name and entry.path != where:
            self._trying(lambda: entry.path.replace(where))
        self.read()

    def _delete(self) -> None:
        if (entry := self.current) and not QFile.moveToTrash(str(entry.path))[0]:
            self._say(f"{entry.path}: cannot be moved into the bin; delete it by hand")
        self.read()

    def _share(self) -> None:
        if entry := self.current:
            path, _ = QFileDialog.getSaveFileName(self, "Save a copy", entry.path.name, _FILES)
            if path:
                self._trying(lambda: shutil.copyfile(entry.path, path))

    def _import(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(self, "Import presets", "", _FILES)
        for path in map(Path, paths):
            self.take(path)

    def take(self, path: Path) -> None:
        """A file from elsewhere becomes one of these."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._trying(lambda: shutil.copyfile(path, self._folder / path.name))
        self.read()

    def _trying(self, task: Callable[[], object]) -> None:
        try:
            task()
        except BridgeError as error:
            self._say(str(error))
        except (OSError, shutil.Error) as error:
            self._say(f"The file cannot be written ({error}); choose another place")
