"""The left column: input, reference, chain and host, in the order a player chooses them."""

from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QDragEnterEvent, QDropEvent, QStandardItem, QStandardItemModel
from PyQt6.QtWidgets import QFileDialog, QLineEdit, QVBoxLayout, QWidget

from bridge.control.nodes import CHOICES
from bridge.hosts import PROFILES
from gui.engine import Engine
from gui.views.catalogue import catalogue
from gui.views.hosts import EMBEDDED, Found, HostChoice, default_choice, host_choice, profile_of
from gui.views.setup import (
    SignalWatch,
    is_learning,
    parsed,
    reference_report,
    steps,
)
from gui.views.status import devices
from gui.views.suggestions import WATCHED, why_not
from gui.views.values import is_on, number, numbers, text
from gui.widgets.basics import (
    GAP,
    Combo,
    Elided,
    StepCard,
    as_tip,
    button,
    fill,
    label,
    row,
    show_text,
    stretched,
)
from gui.widgets.library import ID, fill_catalogue
from gui.widgets.meter import Meter
from gui.widgets.output import OutputRows
from gui.widgets.suggestions import SuggestionsDialog
from gui.widgets.theme import Theme
from gui.widgets.waveform import Waveform

SOUND_FILES = "Recordings (*.wav *.flac *.ogg *.aiff *.aif *.mp3);;All files (*)"
_FILE = "a file…"
_OWN = ""
"""The kind of host that the engine starts itself."""
_CHANNELS = {"": "Ch 1 + 2", **{str(n): f"Ch {n}" for n in range(1, 9)}, "3,4": "Ch 3 + 4"}
LEARN_S = 10.0
_SUGGEST_TIP = "Rank all you have by how near they bring your playing to the reference (W)"


def _combo(name: str) -> Combo:
    made = Combo()
    made.setAccessibleName(name)
    return made


class InputCard(StepCard):
    """Device, channels, level."""

    def __init__(self, engine: Engine, theme: Theme) -> None:
        super().__init__(theme, 1, "Input")
        # A message may lie over its head.
        self.body.setContentsMargins(12, 13, 12, 10)
        self._engine = engine
        self._watch = SignalWatch()
        self.device = _combo("Input device")
        self.device.setPlaceholderText("Choose an input")
        self.device.activated.connect(self._choose)
        self.channels = _combo("Input channels")
        self.channels.activated.connect(
            lambda _: engine.send("/source/channels", str(self.channels.currentData()))
        )
        self.meter = Meter(engine, theme)
        self._hint = label("", "bad", wrap=True)
        devices_row = stretched(self.device, self.channels)
        devices_row.setStretch(0, 2)
        devices_row.setStretch(1, 1)
        self.body.addLayout(devices_row)
        self.body.addWidget(self.meter)
        self.body.addWidget(self._hint)
        self._hint.hide()
        engine.watch(self._show_devices, "/devices", "/source")
        engine.watch(self._show_channels, "/source/channels")
        engine.ticked.connect(self._look)

    def _show_devices(self) -> None:
        values = self._engine.values
        entries = {name: name for name in devices(values)} | {"jack": "JACK", _FILE: "A file…"}
        source = text(values, "/source")
        if source and source not in entries:
            entries = {source: Path(source).name} | entries
        fill(self.device, entries, source)
        self.device.setToolTip(as_tip(text(values, "/input/device") or source))

    def _show_channels(self) -> None:
        chosen = text(self._engine.values, "/source/channels")
        entries = dict(_CHANNELS)
        entries.setdefault(chosen, f"Ch {chosen}")
        fill(self.channels, entries, chosen)

    def _choose(self, _: int) -> None:
        source = str(self.device.currentData())
        if source == _FILE:
            source = QFileDialog.getOpenFileName(
                self, "Listen to a file as if it were played live", "", SOUND_FILES
            )[0]
            self._show_devices()
        if source:
            self._engine.send("/source", source)

    def _look(self, now_s: float) -> None:
        values = self._engine.values
        silent = is_on(values, "/input/connected") and self._watch.silent(
            number(values, "/input/peak", -200.0), now_s
        )
        show_text(self._hint, "No signal: play, or check cable, gain and channel" * silent)


class ReferenceCard(StepCard):
    """Waveform, region, quality."""

    def __init__(self, engine: Engine, theme: Theme) -> None:
        super().__init__(theme, 2, "Reference")
        self._engine = engine
        self.setAcceptDrops(True)
        self.waveform = Waveform(theme)
        self.waveform.region_moved.connect(
            lambda low, high: engine.send("/reference/region", float(low), float(high))
        )
        self.browse_button = button("Browse…", self.browse, "Choose a recording (Ctrl+O)")
        self.learn_button = button(
            "Learn", self.learn, f"Take {LEARN_S:.0f} s of the input as the reference (L)"
        )
        self._name = Elided("dim")
        self.advice = label("", "bad", wrap=True)
        self.advice.hide()
        self.body.addWidget(self.waveform)
        self.body.addLayout(stretched(self._name, self.browse_button, self.learn_button))
        self.body.addWidget(self.advice)
        self._report, self._learnt = "", False
        engine.watch(self._show_reference, "/reference", "/reference/fault", "/reference/used")
        engine.watch(self._show_region, "/reference/region")
        engine.watch(self._show_report, "/reference/report", "/learn/progress")

    def browse(self) -> None:
        """Choose a file."""
        path, _ = QFileDialog.getOpenFileName(self, "The sound you want", "", SOUND_FILES)
        if path:
            self._engine.send("/reference", path)

    def learn(self) -> None:
        """Take what is played now."""
        self._engine.send("/learn", LEARN_S)

    def dragEnterEvent(self, a0: QDragEnterEvent | None) -> None:
        """Files are welcome."""
        mime = a0.mimeData() if a0 else None
        if a0 and mime and any(url.isLocalFile() for url in mime.urls()):
            a0.acceptProposedAction()

    def dropEvent(self, a0: QDropEvent | None) -> None:
        """The first file counts."""
        mime = a0.mimeData() if a0 else None
        files = [url.toLocalFile() for url in mime.urls() if url.isLocalFile()] if mime else []
        if files:
            self._engine.send("/reference", files[0])

    def _show_reference(self) -> None:
        values = self._engine.values
        path = text(values, "/reference")
        if text(values, "/reference/fault"):
            path = text(values, "/reference/used")
        self.waveform.show_file(path)
        self._name.show_text(Path(path).name)

    def _show_region(self) -> None:
        ends = numbers(self._engine.values, "/reference/region") or (0.0, 0.0)
        self.waveform.show_region(ends[0], ends[-1])

    def _show_report(self) -> None:
        values = self._engine.values
        told = text(values, "/reference/report")
        learning = is_learning(values)
        if told != self._report and self._learnt:
            # A reference that is learnt again has the same path.
            self.waveform.read_again()
            self._learnt = False
        self._report = told
        self._learnt |= learning
        report = reference_report(values)
        show_text(self.advice, "\n".join(report.advice) if report else "")
        self.learn_button.setEnabled(not learning)


class ChainCard(StepCard):
    """The library: rigs and plugins, those that are installed."""

    def __init__(self, engine: Engine, theme: Theme) -> None:
        super().__init__(theme, 3, "Plugin or rig")
        self._engine = engine
        self._shown: object = None
        self.choice = _combo("Plugin or rig")
        self.choice.setPlaceholderText("Choose an effect or a rig")
        self.choice.setMaxVisibleItems(24)
        self._model = QStandardItemModel()
        self.choice.setModel(self._model)
        self.choice.activated.connect(self._choose)
        self.suggest = button("Which of my plugins?", self.ask, kind="link")
        self.body.addWidget(self.choice)
        self.body.addWidget(self.suggest)
        engine.watch(self._show, "/plugins", "/rigs", "/chain")
        engine.watch(self._show_suggest, *WATCHED)

    def ask(self) -> None:
        """Have all ranked for what was played last, and let the player choose one."""
        if why := why_not(self._engine.values):
            self._engine.complained.emit("/suggest", why)
            return
        dialog = SuggestionsDialog(self._engine, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.chosen.connect(lambda chain: self._engine.send("/chain", chain))
        dialog.open()

    def _show_suggest(self) -> None:
        why = why_not(self._engine.values)
        self.suggest.setEnabled(not why)
        tip = why or _SUGGEST_TIP
        if self.suggest.toolTip() != tip:
            self.suggest.setToolTip(tip)
            self.suggest.setAccessibleDescription(tip)

    def _choose(self, _: int) -> None:
        if chosen := self.choice.currentData(ID):
            self._engine.send("/chain", str(chosen))

    def _show(self) -> None:
        values, chain = self._engine.values, self._engine.chain
        shown = [text(values, where) for where in ("/plugins", "/rigs", "/chain")]
        if shown == self._shown:
            return
        self._shown = shown
        fill_catalogue(self._model, catalogue(values))
        wanted = text(values, "/chain")
        if wanted and self.choice.findData(wanted, ID) < 0:
            # Put together by hand.
            own = QStandardItem(chain.name if chain else wanted)
            own.setData(wanted, ID)
            own.setToolTip("Put together by hand")
            self._model.insertRow(0, own)
        self.choice.setCurrentIndex(self.choice.findData(wanted, ID) if wanted else -1)
        self.choice.setToolTip(as_tip(self.choice.currentText()))


class HostCard(StepCard):
    """Kind of host, address, and where in it the plugin stands."""

    def __init__(self, engine: Engine, theme: Theme) -> None:
        super().__init__(theme, 4, "Host")
        self._engine = engine
        self._told = ""
        self._choice = HostChoice()
        self._found = Found({})
        self.kind = _combo("Kind of host")
        kinds = {_OWN: "Embedded host, no DAW"} | {one.scheme: one.name for one in PROFILES}
        kinds[EMBEDDED] = "Embedded host elsewhere"
        fill(self.kind, kinds, _OWN)
        self.kind.activated.connect(self._choose_kind)
        self.address = QLineEdit()
        self.address.setMinimumWidth(60)
        self.address.setAccessibleName("Address and port of the host")
        self.address.returnPressed.connect(self._connect)
        self.discover_button = button(
            "Discover", self.discover, "List the host's tracks and plugins (Ctrl+H)"
        )
        self.connect_button = button("Connect", self._connect, "Drive the plugin there")
        self.track = _combo("Track")
        self.track.activated.connect(self._choose_track)
        self.place = _combo("Plugin in the host")
        self.place.setPlaceholderText("Choose the plugin")
        self.place.activated.connect(lambda _: self._connect())
        self._remedy = label("", "small", wrap=True)
        self._address_row = QWidget()
        address_row = row(self.address, self.discover_button)
        address_row.setContentsMargins(0, 0, 0, 0)
        self._address_row.setLayout(address_row)
        self._place_row = QWidget()
        place_row = stretched(self.track, self.place)
        place_row.setStretch(1, 1)
        place_row.setContentsMargins(0, 0, 0, 0)
        self._place_row.setLayout(place_row)
        self.body.addLayout(stretched(self.kind, self.connect_button))
        self.body.addWidget(self._address_row)
        self.body.addWidget(self._place_row)
        self.body.addWidget(self._remedy)
        self.output = OutputRows(engine, theme)
        self.body.addWidget(self.output)
        engine.watch(self._show_host, "/host", "/host/state", "/chain")
        engine.watch(self._show_found, "/discovered")

    def discover(self) -> None:
        """Ask the host at this address what it holds."""
        self._read_address()
        self._engine.send("/discover", self._choice.root)

    def _choose_kind(self, _: int) -> None:
        kind = str(self.kind.currentData())
        self._choice = HostChoice() if kind == _OWN else default_choice(kind)
        self._found = Found({})
        self._show_choice()

    def _choose_track(self, _: int) -> None:
        self._fill_places("")

    def _connect(self) -> None:
        self._read_address()
        self._engine.send("/host", self._choice.url)

    def _read_address(self) -> None:
        address, _, query = self.address.text().strip().partition("?")
        scheme = str(self.kind.currentData())
        if scheme == _OWN:
            self._choice = HostChoice()
            return
        path = self._choice.path
        if self._found.tracks:
            parts = [] if self._several else [self.place.currentData()]
            if profile_of(scheme).tracks:
                parts.insert(0, self.track.currentData())
            path = tuple(str(part) for part in parts) if all(parts) else ()
        self._choice = HostChoice(scheme, address, query, path)

    def _show_host(self) -> None:
        values = self._engine.values
        url = text(values, "/host")
        if url != self._told:
            # What the player is choosing meanwhile stands until it is another.
            self._told = url
            self._choice = host_choice(url)
        self._show_choice()
        lost = text(values, "/host/state") == "lost"
        show_text(self._remedy, f"To do: {profile_of(self._choice.scheme).remedy}." if lost else "")

    def _show_choice(self) -> None:
        choice = self._choice
        self.kind.setCurrentIndex(self.kind.findData(_OWN if choice.own else choice.scheme))
        address = choice.address + (f"?{choice.query}" if choice.query else "")
        if not self.address.hasFocus():
            self.address.setText(address)
        own = choice.own
        self._address_row.setVisible(not own)
        self.connect_button.setText("Start" if own else "Connect")
        self.discover_button.setEnabled(profile_of(choice.scheme).discovers)
        tracks = profile_of(choice.scheme).tracks
        wanted = tracks or not self._several
        self._place_row.setVisible(bool(self._found.tracks) and wanted and not own)
        self.track.setVisible(tracks)
        self.place.setVisible(not self._several)

    def _show_found(self) -> None:
        told = parsed(self._engine.values, "/discovered")
        self._found = Found.of(told)
        track, place = self._found.place(self._choice.path, self._plugin_name)
        fill(self.track, {name: name for name in self._found.tracks}, track)
        self._fill_places(place)
        self._show_choice()
        if isinstance(told, dict) and told.get("error"):
            self._engine.complained.emit("/discover", str(told["error"]))

    def _fill_places(self, chosen: str) -> None:
        names = self._found.tracks.get(str(self.track.currentData()), [])
        fill(self.place, {name: name for name in names}, chosen)

    @property
    def _plugin_name(self) -> str:
        chain = self._engine.chain
        return chain.slots[0].plugin.name if chain else ""

    @property
    def _several(self) -> bool:
        """Whether each plugin is found on the track by its name and order."""
        chain = self._engine.chain
        return chain is not None and len(chain.slots) > 1


class SetupColumn(QWidget):
    """The four cards and the demo."""

    def __init__(self, engine: Engine, theme: Theme, do: Callable[[str], None]) -> None:
        """`do` carries out an action of the table."""
        super().__init__()
        self.setObjectName("column")
        self._engine = engine
        self.input = InputCard(engine, theme)
        self.reference = ReferenceCard(engine, theme)
        self.chain = ChainCard(engine, theme)
        self.host = HostCard(engine, theme)
        self.demo = button(
            "▶  Run the demo",
            lambda: do("demo"),
            "A recorded guitar is played and matched: no hardware, no DAW (Ctrl+D)",
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        for name, card in self.cards.items():
            column.addWidget(card)
            choice = {"input": "source"}.get(name, name)
            card.gone_back.connect(lambda c=choice: engine.send("/back", c))
        column.addWidget(self.demo)
        column.addStretch(1)
        engine.watch(
            self._show_steps,
            *("/source", "/input/connected", "/input/rate", "/reference", "/reference/report"),
            *("/learn/progress", "/chain", "/plugins", "/rigs", "/host", "/host/state"),
            *(f"/{name}/{leaf}" for name in CHOICES for leaf in ("fault", "used")),
            "/engine/busy",
        )

    @property
    def cards(self) -> dict[str, StepCard]:
        """By the name of their step."""
        return {
            "input": self.input,
            "reference": self.reference,
            "chain": self.chain,
            "host": self.host,
        }

    def _show_steps(self) -> None:
        shown = steps(self._engine.values, self._engine.chain)
        for name, card in self.cards.items():
            card.show_step(shown[name])
