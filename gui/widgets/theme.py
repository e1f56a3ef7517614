"""Every colour and size in one place: a light and a dark palette, and the style sheet of both.

Accents are Okabe and Ito's (2008), which colour-blind people tell apart, made lighter or darker
until text in them has a contrast of 4.5 (WCAG 2.1, 1.4.3).
"""

from dataclasses import dataclass
from pathlib import Path

from PyQt6.QtCore import QObject, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QFont, QGuiApplication, QPalette
from PyQt6.QtWidgets import QApplication

FONTS = ("Inter", "Segoe UI Variable", "Segoe UI", "SF Pro Text", "Cantarell", "Noto Sans")
"""The first that is installed; else the system's own."""
FONT_PX = 13
ICONS = Path(__file__).parent.parent / "icons"
_ICONS = ICONS.as_posix()


@dataclass(frozen=True)
class Colours:
    """One theme."""

    window: str
    card: str
    field: str
    hover: str
    border: str
    line: str
    """Of tracks and grids."""
    text: str
    dim: str
    off: str
    """Of what cannot be pressed now."""
    accent: str
    """The host's values, the input, what is switched on."""
    on_accent: str
    predicted: str
    """What the model answers, and the reference, drawn."""
    predicted_text: str
    """The same, written."""
    good: str
    danger: str
    on_danger: str
    series: tuple[str, ...]
    """Of curves: twelve that are told apart with deuteranopia and protanopia, too."""


DARK = Colours(
    window="#14171c",
    card="#1c2128",
    field="#252b34",
    hover="#303844",
    border="#323a46",
    line="#3d4654",
    text="#edf0f4",
    dim="#a3adba",
    off="#7f8a99",
    accent="#5bb8ee",
    on_accent="#071723",
    predicted="#f0ad2e",
    predicted_text="#f0ad2e",
    good="#35c798",
    danger="#ff8059",
    on_danger="#2b0d03",
    series=(
        *("#5bb8ee", "#f0ad2e", "#35c798", "#2063fe", "#956723", "#a0ff99"),
        *("#097a83", "#63fffc", "#346fc5", "#fdf415", "#1a7e5c", "#1abdbe"),
    ),
)
LIGHT = Colours(
    window="#eff2f6",
    card="#ffffff",
    field="#f4f6f9",
    hover="#e4e9f0",
    border="#d3dae3",
    line="#c3ccd7",
    text="#18202a",
    dim="#566270",
    off="#7b8794",
    accent="#0068a5",
    on_accent="#ffffff",
    predicted="#c97600",
    predicted_text="#8f5300",
    good="#00704f",
    danger="#b83a00",
    on_danger="#ffffff",
    series=(
        *("#0068a5", "#c97a00", "#00855f", "#0400fa", "#031223", "#466df8"),
        *("#030c93", "#551400", "#1b1357", "#019da6", "#923a05", "#414c62"),
    ),
)


class Theme(QObject):
    """The colours in use; `changed` tells who paints by itself."""

    changed = pyqtSignal()

    def __init__(self, app: QApplication, choice: str) -> None:
        super().__init__()
        self._app = app
        self._choice = choice
        self.colours = LIGHT
        app.setStyle("Fusion")
        app.setFont(_font(app))
        if hints := QGuiApplication.styleHints():
            hints.colorSchemeChanged.connect(lambda _: self.choose(self._choice))
        self.choose(choice)

    def choose(self, choice: str) -> None:
        """`light`, `dark`, or `system`: as the desktop is."""
        self._choice = choice
        hints = QGuiApplication.styleHints()
        dark = choice == "dark" or (
            choice == "system" and hints is not None and hints.colorScheme() is Qt.ColorScheme.Dark
        )
        self.colours = DARK if dark else LIGHT
        self._app.setPalette(_palette(self.colours))
        self._app.setStyleSheet(style_sheet(self.colours))
        self.changed.emit()


def colour(value: str, alpha: float = 1.0) -> QColor:
    """A palette's colour, `alpha` of it."""
    made = QColor(value)
    made.setAlphaF(alpha)
    return made


def tint(value: str, alpha: float) -> str:
    """The same for a style sheet."""
    return colour(value, alpha).name(QColor.NameFormat.HexArgb)


def _font(app: QApplication) -> QFont:
    font = app.font()
    font.setFamilies([*FONTS, font.family()])
    font.setPixelSize(FONT_PX)
    # Digits of one width: numbers that change do not dance.
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


def _palette(c: Colours) -> QPalette:
    role = QPalette.ColorRole
    palette = QPalette()
    for where, value in (
        (role.Window, c.window),
        (role.Base, c.field),
        (role.AlternateBase, c.card),
        (role.Button, c.field),
        (role.WindowText, c.text),
        (role.Text, c.text),
        (role.ButtonText, c.text),
        (role.ToolTipBase, c.card),
        (role.ToolTipText, c.text),
        (role.PlaceholderText, c.dim),
        (role.Highlight, c.accent),
        (role.HighlightedText, c.on_accent),
        (role.Link, c.accent),
    ):
        palette.setColor(where, QColor(value))
    for where in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, where, colour(c.dim, 0.6))
    return palette


def style_sheet(c: Colours) -> str:
    """How every widget looks with these colours."""
    return f"""
QToolTip {{ background: {c.card}; color: {c.text}; border: 1px solid {c.border}; padding: 5px; }}
QMainWindow, QDialog {{ background: {c.window}; }}
QMenuBar {{ background: {c.window}; padding: 2px 4px; }}
QMenuBar::item {{ padding: 4px 9px; border-radius: 5px; background: transparent; }}
QMenuBar::item:selected {{ background: {c.hover}; }}
QMenu {{ background: {c.card}; border: 1px solid {c.border}; padding: 5px; }}
QMenu::item {{ padding: 5px 22px 5px 22px; border-radius: 4px; }}
QMenu::item:selected {{ background: {c.accent}; color: {c.on_accent}; }}
QMenu::item:disabled {{ color: {c.dim}; }}
QMenu::separator {{ height: 1px; background: {c.border}; margin: 4px 8px; }}
QFrame#card {{ background: {c.card}; border: 1px solid {c.border}; border-radius: 10px; }}
QLabel#title {{ font-weight: 600; }}
QLabel#headline {{ font-size: 15px; font-weight: 600; }}
QLabel#figures {{ font-size: 20px; font-weight: 700; }}
QLabel#dim {{ color: {c.dim}; }}
QLabel#small {{ color: {c.dim}; font-size: 12px; }}
QLabel#predicted {{ color: {c.predicted_text}; }}
QLabel#bad {{ color: {c.danger}; }}
QPushButton, QToolButton, QComboBox, QDoubleSpinBox, QLineEdit {{
    background: {c.field}; color: {c.text}; border: 1px solid {c.border}; border-radius: 6px;
    padding: 3px 9px; min-height: 20px; }}
QPushButton:hover, QToolButton:hover, QComboBox:hover {{ background: {c.hover}; }}
QPushButton:pressed, QToolButton:pressed {{ background: {c.line}; }}
QPushButton:disabled, QToolButton:disabled, QComboBox:disabled {{ color: {c.off}; }}
QPushButton:focus, QToolButton:focus, QComboBox:focus, QDoubleSpinBox:focus, QLineEdit:focus,
QTableView:focus {{ border: 2px solid {c.accent}; }}
QPushButton:focus, QToolButton:focus, QComboBox:focus, QDoubleSpinBox:focus, QLineEdit:focus {{
    padding: 2px 8px; }}
QPushButton:checked, QToolButton:checked {{
    background: {c.accent}; color: {c.on_accent}; border-color: {c.accent}; font-weight: 600; }}
QPushButton:checked:disabled {{
    background: {c.field}; color: {c.off}; border-color: {c.border}; font-weight: 400; }}
QPushButton:checked:focus, QToolButton:checked:focus {{ border-color: {c.text}; }}
QPushButton#play, QPushButton#primary, QPushButton#panic {{
    font-size: 15px; font-weight: 600; min-height: 34px; border-radius: 8px; }}
QPushButton#primary {{ color: {c.accent}; border: 1px solid {c.accent}; }}
QPushButton#primary:hover {{ background: {tint(c.accent, 0.14)}; }}
QPushButton#primary:pressed {{ background: {c.accent}; color: {c.on_accent}; }}
QPushButton#primary:focus {{ border: 2px solid {c.accent}; }}
QPushButton#panic {{ color: {c.danger}; border: 1px solid {c.danger}; }}
QPushButton#panic:hover {{ background: {c.danger}; color: {c.on_danger}; }}
QPushButton#panic:focus {{ border: 2px solid {c.danger}; }}
QPushButton#bypass:checked {{
    background: {c.danger}; color: {c.on_danger}; border-color: {c.danger}; }}
QPushButton#bypass {{
    font-size: 15px; font-weight: 600; min-height: 34px; border-radius: 8px; }}
QToolButton#flat, QPushButton#flat {{
    background: transparent; border: 1px solid transparent; padding: 2px 6px; }}
QToolButton#flat:hover, QPushButton#flat:hover {{ background: {c.hover}; }}
QPushButton#flat:disabled {{ color: {c.off}; }}
QPushButton#flat:checked {{ background: {tint(c.accent, 0.16)}; color: {c.text}; }}
QToolButton#flat:focus, QPushButton#flat:focus {{ border: 2px solid {c.accent}; padding: 1px 5px; }}
QFrame#slot {{ background: {c.card}; border: 1px solid {c.border}; border-radius: 8px; }}
QFrame#drop {{ background: {c.accent}; border: 0; border-radius: 1px; }}
QPushButton#slot-bypass {{ padding: 1px 7px; min-height: 18px; font-size: 12px; }}
QPushButton#slot-bypass:focus {{ padding: 0 6px; }}
QPushButton#slot-bypass:checked {{
    background: {c.danger}; color: {c.on_danger}; border-color: {c.danger}; font-weight: 400; }}
QPushButton#slot-bypass:checked:focus {{ border-color: {c.text}; }}
QListView#library {{ background: {c.field}; border: 1px solid {c.border}; border-radius: 6px;
    padding: 3px; outline: 0; selection-background-color: {c.accent};
    selection-color: {c.on_accent}; }}
QListView#library::item {{ padding: 3px 4px; border-radius: 4px; }}
QListView#library::item:selected {{ background: {c.accent}; color: {c.on_accent}; }}
QListView#library:focus {{ border: 2px solid {c.accent}; }}
QPushButton#badge {{
    background: {tint(c.accent, 0.16)}; color: {c.accent};
    border: 1px solid transparent; border-radius: 9px; padding: 1px 7px; min-height: 15px;
    font-size: 12px; }}
QPushButton#badge:focus {{ border-color: {c.accent}; }}
QPushButton#link {{ background: transparent; color: {c.accent}; border: 1px solid transparent;
    padding: 0 4px; min-height: 16px; font-size: 12px; font-weight: 600; }}
QPushButton#link:hover {{ background: {c.hover}; }}
QPushButton#link:disabled {{ color: {c.off}; font-weight: 400; }}
QPushButton#link:focus {{ border-color: {c.accent}; }}
QPushButton#sound {{ min-width: 22px; }}
QPushButton#snapshot {{ padding: 3px 0; }}
QPushButton#snapshot[stored="true"] {{ border-color: {c.accent}; font-weight: 600; }}
QComboBox {{ padding-right: 2px; }}
QComboBox::drop-down {{ border: 0; width: 20px; }}
QComboBox::down-arrow {{ image: url("{_ICONS}/chevron.svg"); width: 12px; height: 12px; }}
QComboBox QAbstractItemView {{
    background: {c.card}; border: 1px solid {c.border}; outline: 0;
    selection-background-color: {c.accent}; selection-color: {c.on_accent}; }}
QDoubleSpinBox {{ padding-right: 2px; }}
QDoubleSpinBox::up-button, QDoubleSpinBox::down-button {{ width: 0; border: 0; }}
QTabWidget::pane {{ border: 1px solid {c.border}; border-radius: 10px; background: {c.card};
    top: -1px; }}
QTabBar {{ qproperty-drawBase: 0; }}
QTabBar::tab {{ padding: 6px 13px; color: {c.dim}; border: 0; border-bottom: 2px solid transparent;
    background: transparent; }}
QTabBar#narrow::tab {{ padding: 6px 5px; }}
QTabBar::tab:selected {{ color: {c.text}; font-weight: 600; border-bottom-color: {c.accent}; }}
QTabBar::tab:hover {{ color: {c.text}; }}
QTabBar::tab:focus {{ color: {c.accent}; }}
QScrollArea, QScrollArea > QWidget > QWidget#column {{ background: transparent; border: 0; }}
QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
QScrollBar::handle:vertical {{ background: {c.line}; border-radius: 4px; min-height: 28px;
    margin: 1px 1px 1px 2px; }}
QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; }}
QScrollBar::handle:horizontal {{ background: {c.line}; border-radius: 4px; min-width: 28px;
    margin: 2px 1px 1px 1px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QTableView {{ background: {c.card}; border: 1px solid transparent; border-radius: 8px;
    gridline-color: {c.border}; selection-background-color: {c.hover};
    selection-color: {c.text}; }}
QTableView#ranking {{ outline: 0; }}
QTableView#ranking::item {{ padding: 0 3px; border: 0; }}
QTableView#ranking::item:selected {{ background: {c.accent}; color: {c.on_accent}; }}
QHeaderView::section {{ background: {c.card}; color: {c.dim}; border: 0;
    border-bottom: 1px solid {c.border}; padding: 5px 6px; }}
QFrame#messages {{ background: {c.card}; border: 2px solid {c.danger}; border-radius: 8px; }}
QFrame#messages QPushButton {{ padding: 1px 8px; min-height: 18px; font-size: 12px; }}
QFrame#messages QPushButton:focus {{ padding: 0 7px; }}
QFrame#messages[kind="title"] {{ border-color: {c.accent}; }}
QFrame#status {{ background: {c.card}; border-top: 1px solid {c.border}; }}
QPushButton#status {{ background: transparent; border: 1px solid transparent; color: {c.dim};
    padding: 1px 7px; min-height: 18px; font-size: 12px; text-align: left; border-radius: 5px; }}
QPushButton#status:hover {{ background: {c.hover}; }}
QPushButton#status:focus {{ border-color: {c.accent}; }}
QPushButton#status[level="good"] {{ color: {c.good}; }}
QPushButton#status[level="warn"] {{ color: {c.predicted_text}; }}
QPushButton#status[level="bad"] {{ color: {c.danger}; font-weight: 600; }}
QSplitter::handle {{ background: transparent; }}
"""
