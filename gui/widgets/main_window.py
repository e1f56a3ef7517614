"""The one window: setup on the left, sliders in the middle, pictures on the right."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PyQt6.QtCore import QEvent, QPoint, QRect, QSize, Qt, QTimer, QUrl, pyqtSignal
from PyQt6.QtGui import (
    QAction,
    QCloseEvent,
    QDesktopServices,
    QGuiApplication,
    QKeySequence,
    QResizeEvent,
    QShowEvent,
)
from PyQt6.QtWidgets import (
    QApplication,
    QDialog,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QInputDialog,
    QMainWindow,
    QMenu,
    QScrollArea,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from bridge.chain import Chain
from bridge.control.nodes import SNAPSHOTS
from bridge.errors import BridgeError
from gui.engine import Engine
from gui.midi_input import MidiInput
from gui.remembered import SCALES, THEMES, Remembered
from gui.supervisor import Supervisor
from gui.views.actions import ACTIONS, Action, action
from gui.views.export import export_json, export_lv2_chain, has_lv2
from gui.views.presets import file_name, setting_now
from gui.views.setup import snapshot_name
from gui.views.status import engine_message
from gui.views.values import amount, is_on, text
from gui.widgets.background import finish
from gui.widgets.basics import GAP, restyle
from gui.widgets.changes import ChangesTable
from gui.widgets.closeness import ClosenessCard
from gui.widgets.compare import CompareCard
from gui.widgets.daw_page import DawPage
from gui.widgets.hands import Hands
from gui.widgets.messages import Messages
from gui.widgets.midi_dialog import MidiDialog
from gui.widgets.pictures import HistoryPicture, SpectrumPicture
from gui.widgets.play import PlayCard
from gui.widgets.presets import Presets
from gui.widgets.rack import Rack
from gui.widgets.setup_cards import SetupColumn
from gui.widgets.shortcuts import ShortcutSheet
from gui.widgets.slot_card import SlotCard
from gui.widgets.snapshots import SnapshotNames
from gui.widgets.sound_map import SoundMap
from gui.widgets.status_bar import StatusBar
from gui.widgets.theme import Theme

LEAST_SIZE = (990, 520)
FIRST_SIZE = (1280, 720)
_NARROW_PX = 1260
"""Below this width the columns at the sides get less room, and rows leave something out."""
_SIDE_PX = 300
_FRAMED_MS = 150
_NARROW_LEFT_PX, _NARROW_RIGHT_PX = 256, 244
_ANY_WIDTH = 16_777_215
"""Qt's own word for no limit."""
_AMOUNT_STEP = 0.05
_TABS = ("spectrum", "history", "map", "changes")


class MainWindow(QMainWindow):
    """Puts the parts together and carries out the table of actions."""

    rescaled = pyqtSignal()
    """The scale has changed: the window must be opened anew."""

    def __init__(
        self,
        engine: Engine,
        supervisor: Supervisor,
        theme: Theme,
        remembered: Remembered,
    ) -> None:
        super().__init__()
        self.engine = engine
        self.supervisor = supervisor
        self._theme = theme
        self._remembered = remembered
        self._comes_back = False
        self._narrow: bool | None = None
        self.setWindowTitle("dafx-bridge")
        self.setMinimumSize(*LEAST_SIZE)
        self.messages = Messages(self, engine, lambda: self.do("log"))
        self.hands = Hands(engine, self.messages)
        self.presets = Presets(engine, self.messages, remembered.folder, self)
        self.setup = SetupColumn(engine, theme, self.do)
        self.play = PlayCard(engine, theme, self.do)
        self.closeness = ClosenessCard(engine, theme)
        self.rack = Rack(engine, theme)
        self.rack.menu_asked.connect(self._open_slot_menu)
        self.compare = CompareCard(engine, self.do)
        self.spectrum = SpectrumPicture(engine, theme)
        self.history = HistoryPicture(engine, theme)
        self.map = SoundMap(engine, theme)
        self.changes = ChangesTable(engine)
        self.tabs = QTabWidget()
        self.status = StatusBar(engine, lambda: supervisor.state, self.do)
        self.midi = MidiInput(engine, remembered)
        self.midi.triggered.connect(self.do)
        self.actions_by_id: dict[str, QAction] = {}
        self._own: dict[str, Callable[[], None]] = self._own_actions()
        self._lay_out()
        self._make_menus()
        engine.watch(self._show_switches, *(a.toggles for a in ACTIONS if a.toggles))
        engine.watch(self._show_snapshot_names, "/snapshots/named", "/chain")
        engine.ticked.connect(self._look_after_engine)
        self.resize(*FIRST_SIZE)
        self.restoreGeometry(remembered.layout("window"))
        self._was_placed = False

    def do(self, action_id: str) -> None:
        """Carry out an action of the table."""
        what = action(action_id)
        if not self.hands.ready(action_id):
            return
        if what.sends:
            address, *arguments = what.sends
            self.engine.send(str(address), *arguments)
        elif what.toggles:
            self.engine.send(what.toggles, int(not is_on(self.engine.values, what.toggles)))
        else:
            self._own[action_id]()

    def closeEvent(self, a0: QCloseEvent | None) -> None:
        """Keep what is remembered; the engine started here ends, unless it is to go on."""
        self._remembered.keep_layout("window", self.saveGeometry())
        # The engine may take seconds to give the host its values back.
        self.hide()
        self._remembered.save()
        self.midi.close()
        self.supervisor.release(keep=self._remembered.background or self._comes_back)
        self.engine.close()
        finish()
        super().closeEvent(a0)

    def close_for_a_moment(self) -> None:
        """Close, as the window is opened again at once: the engine goes on meanwhile."""
        self._comes_back = True
        self.close()

    @property
    def chain(self) -> Chain | None:
        """The chain that is driven."""
        return self.engine.chain

    def _own_actions(self) -> dict[str, Callable[[], None]]:
        setup = self.setup
        return {
            "open_reference": setup.reference.browse,
            "save_preset": self.presets.ask_save,
            "load_preset": self.presets.browse,
            "export": self._ask_export,
            "demo": self.hands.run_demo,
            "background": self._turn_background,
            "quit": self._quit,
            "amount_up": lambda: self._step_amount(_AMOUNT_STEP),
            "amount_down": lambda: self._step_amount(-_AMOUNT_STEP),
            "go_input": setup.input.device.setFocus,
            "go_reference": setup.reference.waveform.setFocus,
            "go_chain": setup.chain.choice.setFocus,
            "go_host": setup.host.kind.setFocus,
            "go_parameters": self.rack.focus_first,
            **{f"tab_{n}": partial(self.tabs.setCurrentIndex, i) for i, n in enumerate(_TABS)},
            "add_slot": self.rack.ask_add,
            "suggest": setup.chain.ask,
            "slots_open": self.rack.toggle_all,
            "slot_open": self._of_slot(SlotCard.toggle),
            "slot_up": self._of_slot(lambda card: self.rack.step(card, -1)),
            "slot_down": self._of_slot(lambda card: self.rack.step(card, 1)),
            "slot_remove": self._of_slot(self.rack.take_out),
            "slot_bypass": self._of_slot(SlotCard.bypass),
            "slot_lock": self._of_slot(SlotCard.lock_bypass),
            "slot_arm": self._of_slot(SlotCard.hand_back),
            "learn": setup.reference.learn,
            "discover": setup.host.discover,
            "midi": lambda: _open(MidiDialog(self.midi, self)),
            "name_snapshots": lambda: _open(SnapshotNames(self.engine, self)),
            "theme": self._next_theme,
            "scale_up": lambda: self._step_scale(1),
            "scale_down": lambda: self._step_scale(-1),
            "restart_engine": lambda: self.supervisor.restart(time.monotonic()),
            "log": self._open_log,
            "daw": lambda: _open(DawPage(self.engine, self._theme, self)),
            "shortcuts": lambda: _open(ShortcutSheet(self)),
        }

    def _of_slot(self, act: Callable[[SlotCard], object]) -> Callable[[], None]:
        """An action on the rack's current card."""

        def acting() -> None:
            if card := self.rack.current:
                act(card)

        return acting

    def showEvent(self, a0: QShowEvent | None) -> None:
        """All of it is on the screen, with the frame that the desktop puts around it."""
        super().showEvent(a0)
        if not self._was_placed:
            self._was_placed = True
            # The desktop tells how wide its frame is a moment after it has made it.
            QTimer.singleShot(_FRAMED_MS, self._stay_on_screen)

    def _stay_on_screen(self) -> None:
        screen = self.screen()
        # Without a desktop there is no frame, and what is called a screen is none.
        if (
            screen is None
            or QGuiApplication.platformName() == "offscreen"
            or self.isMaximized()
            or self.isFullScreen()
        ):
            return
        room, frame = screen.availableGeometry(), self.frameGeometry()
        around = frame.size() - self.size()
        self.resize(self.size().boundedTo(room.size() - around))
        frame = self.frameGeometry()
        left = max(min(frame.x(), room.right() + 1 - frame.width()), room.x())
        top = max(min(frame.y(), room.bottom() + 1 - frame.height()), room.y())
        if (left, top) != (frame.x(), frame.y()):
            self.move(left, top)

    def resizeEvent(self, a0: QResizeEvent | None) -> None:
        """Less width goes to the columns at the sides first."""
        super().resizeEvent(a0)
        self._fit_width()
        QTimer.singleShot(0, self._place_messages)

    def _place_messages(self) -> None:
        """Over the headline of the middle, or with more words over that of the input too."""
        corner = self.play.mapTo(self, QPoint(0, 0))
        middle = QRect(corner, QSize(self.play.width(), self.play.head_px))
        left = self._left.mapTo(self, QPoint(0, 0)).x()
        self.messages.lie_over(middle, middle.united(QRect(left, middle.y(), 1, 1)))

    def _fit_width(self) -> None:
        narrow = self.width() < _NARROW_PX
        if narrow == self._narrow:
            return
        self._narrow = narrow
        self._left.setFixedWidth(_NARROW_LEFT_PX if narrow else _SIDE_PX)
        self.tabs.setMinimumWidth(_NARROW_RIGHT_PX if narrow else _SIDE_PX)
        self.tabs.setMaximumWidth(_NARROW_RIGHT_PX if narrow else _ANY_WIDTH)
        if bar := self.tabs.tabBar():
            bar.setObjectName("narrow" if narrow else "")
            restyle(bar)
            # Only this makes the tabs measure themselves again.
            QApplication.sendEvent(bar, QEvent(QEvent.Type.StyleChange))
        self.closeness.be_narrow(narrow)
        self.rack.be_narrow(narrow)
        self.play.be_narrow(narrow)
        self.compare.be_narrow(narrow)

    def _lay_out(self) -> None:
        self._left = left = QScrollArea()
        left.setWidget(self.setup)
        left.setWidgetResizable(True)
        left.setFrameShape(QFrame.Shape.NoFrame)
        left.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        left.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        middle = QVBoxLayout()
        middle.setSpacing(GAP)
        middle.addWidget(self.play)
        middle.addWidget(self.closeness)
        middle.addWidget(self.rack, 1)
        middle.addWidget(self.compare)
        pictures = (self.spectrum, self.history, self.map, self.changes)
        for picture, name in zip(pictures, _TABS, strict=True):
            self.tabs.addTab(picture, name.capitalize())
        self.tabs.setDocumentMode(False)
        columns = QHBoxLayout()
        columns.setContentsMargins(GAP, 2, GAP, GAP)
        columns.setSpacing(GAP)
        columns.addWidget(left)
        columns.addLayout(middle, 5)
        columns.addWidget(self.tabs, 3)
        central = QWidget()
        whole = QVBoxLayout(central)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(columns, 1)
        whole.addWidget(self.status)
        self.setCentralWidget(central)
        self._fit_width()

    def _make_menus(self) -> None:
        bar = self.menuBar()
        menus: dict[str, QMenu] = {}
        for what in ACTIONS:
            if what.menu not in menus and bar:
                made = bar.addMenu(f"&{what.menu}")
                if made:
                    menus[what.menu] = made
            menus[what.menu].addAction(self._make_action(what))

    def _make_action(self, what: Action) -> QAction:
        made = QAction(what.text, self)
        made.setShortcut(QKeySequence(what.keys))
        made.setCheckable(bool(what.toggles) or what.id == "background")
        made.triggered.connect(lambda _, name=what.id: self.do(name))
        if what.id == "background":
            made.setChecked(self._remembered.background)
        self.actions_by_id[what.id] = made
        return made

    def _look_after_engine(self, now_s: float) -> None:
        before = self.supervisor.state
        self.supervisor.look(now_s, self.engine.told_time_at)
        now = self.supervisor.state
        if now != before and (words := engine_message(now, self.supervisor.reason)):
            self.messages.say(words, lambda: self.supervisor.state == now)

    def _show_switches(self) -> None:
        for what in ACTIONS:
            if what.toggles and what.id in self.actions_by_id:
                on = is_on(self.engine.values, what.toggles)
                self.actions_by_id[what.id].setChecked(on)

    def _show_snapshot_names(self) -> None:
        for letter in SNAPSHOTS:
            for verb in ("recall", "store"):
                what = action(f"{verb}_{letter}")
                name = snapshot_name(self.engine.values, letter)
                text = f"{what.text}: {name}" if name else what.text
                self.actions_by_id[what.id].setText(text.replace("&", "&&"))

    def _trying(self, task: Callable[[], object]) -> None:
        """A user's mistake ends in a sentence."""
        try:
            task()
        except BridgeError as error:
            self.messages.say(str(error))

    def _ask_export(self) -> None:
        chain = self.chain
        if chain is None:
            self.messages.say(
                "choose a plugin first: its setting is what is exported",
                lambda: self.chain is None,
            )
            return
        setting = setting_now(chain, self.engine.values)
        kinds = ["JSON file"] + (["LV2 preset in ~/.lv2"] if has_lv2(chain) else [])
        kind, chosen = QInputDialog.getItem(self, "Export the setting", "As", kinds, 0, False)
        if not chosen:
            return
        if kind == kinds[0]:
            path, _ = QFileDialog.getSaveFileName(
                self, "Export the setting", f"{file_name(chain)}.json", "JSON (*.json)"
            )
            if path:
                self._trying(lambda: export_json(setting, Path(path)))
            return
        name, named = QInputDialog.getText(self, "LV2 preset", "Name of the preset")
        if named and name.strip():
            self._trying(lambda: export_lv2_chain(setting, name.strip(), Path.home() / ".lv2"))

    def _open_slot_menu(self, at: QPoint) -> None:
        """What the table has for a slot, where it was asked for."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addActions([made for name, made in self.actions_by_id.items() if name[:5] == "slot_"])
        menu.popup(at)

    def _quit(self) -> None:
        self.close()

    def _turn_background(self) -> None:
        self._remembered.background = not self._remembered.background
        self.actions_by_id["background"].setChecked(self._remembered.background)

    def _step_amount(self, step: float) -> None:
        share = amount(self.engine.values) + step
        self.engine.send("/amount", min(max(share, 0.0), 1.0))

    def _next_theme(self) -> None:
        place = THEMES.index(self._remembered.theme) + 1
        self._remembered.theme = THEMES[place % len(THEMES)]
        self._theme.choose(self._remembered.theme)

    def _step_scale(self, step: int) -> None:
        place = SCALES.index(self._remembered.scale) + step
        if 0 <= place < len(SCALES):
            self._remembered.scale = SCALES[place]
            self.rescaled.emit()

    def _open_log(self) -> None:
        path = text(self.engine.values, "/engine/log")
        if path:
            QDesktopServices.openUrl(QUrl.fromLocalFile(path))
        else:
            self.messages.say(
                "the engine has not told where its log is yet; wait until it is up",
                lambda: not text(self.engine.values, "/engine/log"),
            )


def _open(dialog: QDialog) -> None:
    """Show it, and forget it once it is closed."""
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()
