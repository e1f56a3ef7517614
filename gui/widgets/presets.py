"""Saving what is set now as a preset, and setting what one holds.

Recordings are cut and unpacked by workers of Qt's thread pool.
"""

from functools import partial
from math import inf
from pathlib import Path

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QDialog, QWidget

from bridge.audio.cutting import cut_flac
from bridge.errors import BridgeError
from bridge.manifest import Manifest
from gui.engine import Engine
from gui.views.preset_files import load_preset, path_of, save_preset, unpack
from gui.views.presets import Carried, Preset, preset_of
from gui.views.values import numbers, text
from gui.widgets.background import Background
from gui.widgets.messages import Messages
from gui.widgets.preset_dialogs import NameDialog, PresetBrowser

_LONGEST_NAME = 60


class Presets:
    """The presets of one folder."""

    def __init__(self, engine: Engine, messages: Messages, folder: Path, parent: QWidget) -> None:
        """`folder` holds what the window keeps; it is made when something is first kept."""
        self._engine, self._messages, self._parent = engine, messages, parent
        self.folder = folder / "presets"
        self._references = folder / "references"
        self._saving: Background[str] = Background(self._say)
        self._loading: Background[tuple[Preset, str] | BridgeError] = Background(self._take)

    def save(self, path: Path, name: str = "", tags: tuple[str, ...] = ()) -> None:
        """Write what is set now, with the part of its reference that counts."""
        values, chain = dict(self._engine.values), self._engine.chain
        if chain is None:
            return
        reference = text(values, "/reference/used") or text(values, "/reference")
        begin_s, end_s = numbers(values, "/reference/region") or (0.0, 0.0)

        def write() -> str:
            carried = None
            try:
                if reference:
                    flac = cut_flac(Path(reference), begin_s, end_s or inf)
                    carried = Carried(Path(reference).name, flac)
                save_preset(preset_of(chain, values, name, tags, carried), path)
            except BridgeError as error:
                return str(error)
            return ""

        self._saving.run(write)

    def load(self, path: Path) -> None:
        """Set what a file says; the chain's values follow once the engine has taken it."""
        self._loading.run(partial(_opened, path, self._engine.manifest, self._references))

    def ask_save(self) -> None:
        """By a name."""
        engine = self._engine
        if engine.chain is None:
            self._messages.say(
                "choose a plugin first: a preset belongs to what is driven",
                lambda: engine.chain is None,
            )
            return
        dialog = NameDialog(self.folder, engine.chain.name[:_LONGEST_NAME], "", "", self._parent)
        dialog.named.connect(lambda name, tags: self.save(path_of(name, self.folder), name, tags))
        _open(dialog)

    def browse(self) -> None:
        """Search the presets there are."""
        dialog = PresetBrowser(self.folder, self._engine.manifest, self._say, self._parent)
        dialog.chosen.connect(self.load)
        _open(dialog)

    def _say(self, why: str) -> None:
        if why:
            self._messages.say(why)

    def _take(self, opened: tuple[Preset, str] | BridgeError) -> None:
        if isinstance(opened, BridgeError):
            self._messages.say(str(opened))
            return
        preset, reference = opened
        self._engine.choose(preset.chain, preset.of_chain)
        if reference:
            self._engine.send("/reference", reference)
        for address, value in preset.general:
            self._engine.send(address, *value)


def _opened(path: Path, manifest: Manifest, folder: Path) -> tuple[Preset, str] | BridgeError:
    """Blocking: a preset, and where its reference lies now."""
    try:
        preset = load_preset(path, manifest)
        return preset, str(unpack(preset.reference, folder)) if preset.reference else ""
    except BridgeError as error:
        return error


def _open(dialog: QDialog) -> None:
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()
