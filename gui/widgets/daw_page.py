"""How the bridge and a DAW are put together: the way there, what to load, and a test."""

from PyQt6.QtCore import QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import QFont, QPainter, QPaintEvent, QPen, QPolygonF
from PyQt6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from gui.engine import Engine
from gui.views.daw import DawGuide, can_test, guides, to_load, trial_text
from gui.views.hosts import host_choice
from gui.views.values import text
from gui.views.words import capital
from gui.widgets.basics import button, label, row, scrolled, show_text
from gui.widgets.theme import Theme, colour

_LIST_PX = 210
_DIAGRAM_PX = 118
_LINE_PX = 26
_WAITING = "Turning a knob there and back…"
_NOT_YET = "Connect to it first, then a test turns one knob there and back."


class DawPage(QDialog):
    """A host at the left, the way there at the right."""

    def __init__(self, engine: Engine, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Use it with a DAW")
        self._engine = engine
        self._guides = guides()
        self._asked = False
        self._stale = ""
        """What an earlier test has come to, until it is forgotten."""
        self.hosts = QListWidget()
        self.hosts.setAccessibleName("Kind of host")
        self.hosts.setObjectName("library")
        self.hosts.setFixedWidth(_LIST_PX)
        for one in self._guides:
            item = QListWidgetItem(capital(one.profile.name), self.hosts)
            # Without it lines are as high as they were before they got their style.
            item.setSizeHint(QSize(0, _LINE_PX))
        self.diagram = Diagram(theme)
        self._steps = QVBoxLayout()
        self._steps.setSpacing(6)
        self.load = label("", wrap=True)
        self.test = button("Test", self._test, "Turn one knob there and back, and listen")
        self.told = label("", "dim", wrap=True)
        self.told.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        layout = QHBoxLayout()
        layout.addWidget(self.hosts)
        layout.addWidget(self._page(), 1)
        whole = QVBoxLayout(self)
        whole.addLayout(layout, 1)
        whole.addLayout(row(self.test, 1, button("Close", self.accept)))
        whole.addWidget(self.told)
        self.hosts.currentRowChanged.connect(self._show)
        scheme = host_choice(text(engine.values, "/host")).scheme
        names = [one.profile.scheme for one in self._guides]
        self.hosts.setCurrentRow(names.index(scheme) if scheme in names else 0)
        engine.ticked.connect(self._show_test)
        self.resize(820, 560)

    @property
    def guide(self) -> DawGuide:
        """Of the host that is chosen."""
        return self._guides[max(self.hosts.currentRow(), 0)]

    def choose(self, scheme: str) -> None:
        """Show that host."""
        self.hosts.setCurrentRow([one.profile.scheme for one in self._guides].index(scheme))

    def _page(self) -> QScrollArea:
        inside = QWidget()
        lines = QVBoxLayout(inside)
        lines.setSpacing(10)
        lines.addWidget(self.diagram)
        lines.addWidget(label("Which plugin to load there", "title"))
        lines.addWidget(self.load)
        lines.addWidget(label("Steps", "title"))
        lines.addLayout(self._steps)
        lines.addStretch(1)
        scroll = scrolled(inside)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setAccessibleName("Steps")
        return scroll

    def _show(self, _: int) -> None:
        self._asked = False
        guide, chain = self.guide, self._engine.chain
        plugins = list(dict.fromkeys(slot.plugin for slot in chain.slots)) if chain else []
        told = [to_load(plugin, guide.profile) for plugin in plugins]
        self.load.setText("\n".join(told) or "Choose a plugin or a rig first")
        self.diagram.show_guide(guide, [plugin.name for plugin in plugins])
        while (item := self._steps.takeAt(0)) is not None:
            if old := item.widget():
                old.deleteLater()
        for number, step in enumerate(guide.steps, 1):
            self._steps.addWidget(_step(f"{number}. {step}"))
        self._show_test(0.0)

    def _test(self) -> None:
        self._asked, self._stale = True, text(self._engine.values, "/host/tested")
        self._engine.send("/host/test")
        self._show_test(0.0)

    def _show_test(self, _: float) -> None:
        values, profile = self._engine.values, self.guide.profile
        if text(values, "/host/tested") != self._stale:
            self._stale = ""
        fresh = self._asked and not self._stale
        told = trial_text(profile, self._engine.chain, values) if fresh else ""
        can = can_test(profile, values)
        waiting = self._asked and not told
        self.test.setEnabled(can and not waiting)
        show_text(self.told, told or (_WAITING if waiting else "" if can else _NOT_YET))
        self.test.setAccessibleDescription(self.told.text() or self.test.toolTip())


def _step(words: str) -> QLabel:
    """Our own page's words, with what is to be pressed in bold."""
    made = QLabel(words)
    made.setTextFormat(Qt.TextFormat.MarkdownText)
    made.setWordWrap(True)
    made.setOpenExternalLinks(True)
    made.setTextInteractionFlags(Qt.TextInteractionFlag.TextBrowserInteraction)
    made.setAccessibleName(words.replace("*", "").replace("`", ""))
    return made


class Diagram(QWidget):
    """The bridge, the host with its track, and what goes between them."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._guide: DawGuide | None = None
        self._plugins: list[str] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """Two boxes side by side."""
        return QSize(420, _DIAGRAM_PX)

    def show_guide(self, guide: DawGuide, plugins: list[str]) -> None:
        """Draw this host."""
        self._guide, self._plugins = guide, plugins
        name = guide.profile.name
        told = f"The bridge sends to {name} at port {guide.sends_to}" if guide.sends_to else ""
        answers = f"; {name} answers to port {guide.hears_at}" if guide.profile.reads else ""
        self.setAccessibleName(f"How it is connected. {told}{answers}")
        self.update()

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        """The playing goes into both; knobs go from the bridge to the host, and back."""
        if self._guide is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width, height = float(self.width()), float(self.height())
        box = (width - 190) / 2
        ours = QRectF(1, 34, box - 40, height - 36)
        theirs = QRectF(width - box - 41, 34, box + 40, height - 36)
        self._draw_playing(painter, ours, theirs)
        self._box(painter, ours, "dafx-bridge", "hears you play")
        self._box(painter, theirs, self._guide.profile.name, "")
        self._draw_track(painter, theirs)
        self._draw_talk(painter, ours.right(), theirs.left(), ours.center().y())
        painter.end()

    def _draw_playing(self, painter: QPainter, ours: QRectF, theirs: QRectF) -> None:
        painter.setPen(QPen(colour(self._theme.colours.good), 2))
        self._words(painter, QRectF(0, 0, self.width(), 18), "your playing", "good")
        for at in (ours.center().x(), theirs.center().x()):
            self._arrow(painter, QPointF(at, 14), QPointF(at, ours.top() - 2), "good")
        painter.setPen(QPen(colour(self._theme.colours.good), 2))
        middle = self.width() / 2
        painter.drawLine(QPointF(ours.center().x(), 14), QPointF(middle - 48, 14))
        painter.drawLine(QPointF(middle + 48, 14), QPointF(theirs.center().x(), 14))

    def _draw_track(self, painter: QPainter, host: QRectF) -> None:
        guide = self._guide
        inside = host.adjusted(10, 30, -10, -10)
        name = "track" if guide and guide.profile.tracks else "rack"
        shown = self._plugins[:2] + (["…"] if len(self._plugins) > 2 else [])
        parts = [name, *(shown or ["plugin"])]
        each = inside.width() / len(parts)
        for number, words in enumerate(parts):
            place = QRectF(inside.x() + number * each + 3, inside.y(), each - 6, inside.height())
            colours = self._theme.colours
            painter.setPen(QPen(colour(colours.accent if number else colours.line), 1.4))
            painter.setBrush(colour(colours.field))
            painter.drawRoundedRect(place, 5, 5)
            self._words(painter, place, words, "text" if number else "dim")

    def _draw_talk(self, painter: QPainter, left: float, right: float, at: float) -> None:
        guide = self._guide
        if guide is None:
            return
        there, back = at - 2, at + 16
        self._arrow(painter, QPointF(left + 4, there), QPointF(right - 4, there), "accent")
        port = f"knobs → {guide.sends_to}" if guide.sends_to else "knobs"
        self._words(painter, QRectF(left, there - 20, right - left, 18), port, "accent")
        if guide.profile.reads or guide.profile.follows:
            self._arrow(
                painter, QPointF(right - 4, back), QPointF(left + 4, back), "predicted_text"
            )
            answer = f"answers → {guide.hears_at}" if guide.profile.reply_port else "answers"
            self._words(painter, QRectF(left, back + 2, right - left, 18), answer, "predicted_text")

    def _box(self, painter: QPainter, place: QRectF, title: str, words: str) -> None:
        colours = self._theme.colours
        painter.setPen(QPen(colour(colours.line), 1))
        painter.setBrush(colour(colours.card))
        painter.drawRoundedRect(place, 8, 8)
        head = QRectF(place.x(), place.y() + 5, place.width(), 20)
        self._words(painter, head, title, "text", bold=True)
        self._words(painter, place.adjusted(0, 22, 0, 0), words, "dim")

    def _words(
        self, painter: QPainter, place: QRectF, words: str, shade: str, bold: bool = False
    ) -> None:
        font = QFont(self.font())
        font.setBold(bold)
        painter.setFont(font)
        painter.setPen(colour(getattr(self._theme.colours, shade)))
        cut = painter.fontMetrics().elidedText(
            words, Qt.TextElideMode.ElideMiddle, round(place.width() - 4)
        )
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, cut)

    def _arrow(self, painter: QPainter, start: QPointF, end: QPointF, shade: str) -> None:
        """Along one axis."""
        paint = colour(getattr(self._theme.colours, shade))
        painter.setPen(QPen(paint, 2))
        painter.drawLine(start, end)
        along = end - start
        length = max(abs(along.x()) + abs(along.y()), 1.0)
        unit = QPointF(along.x() / length, along.y() / length)
        side = QPointF(-unit.y(), unit.x())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(paint)
        back = end - unit * 8
        painter.drawPolygon(QPolygonF([end, back + side * 4.5, back - side * 4.5]))
