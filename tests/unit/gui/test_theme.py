import re
from collections import Counter
from collections.abc import Callable
from dataclasses import fields

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, QRect
from PyQt6.QtGui import QColor, QImage
from PyQt6.QtWidgets import QComboBox, QDoubleSpinBox, QLabel, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from gui.widgets.main_window import MainWindow
from gui.widgets.theme import DARK, LIGHT, Colours, colour, style_sheet
from tests.fake_engine import FakeEngine

VISIONS = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.1523, 1.0526, -0.2049], [0.1145, 0.7863, 0.0992], [-0.0039, -0.0481, 1.052]]
    ),
    "deuteranopia": np.array(
        [[0.3673, 0.8606, -0.2280], [0.2801, 0.6725, 0.0474], [-0.0118, 0.0429, 0.969]]
    ),
}
"""How linear red, green and blue are seen: Machado, Oliveira and Fernandes (2009)."""
_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
TOLD_APART = 20
"""Difference in CIELAB; 2 is seen side by side."""

TEXT = 4.5
GRAPHICS = 3.0
"""WCAG 2.1, 1.4.3 and 1.4.11."""


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.1 defines it."""
    shares = QColor(colour).getRgbF()[:3]
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return sum(w * s for w, s in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_text_and_signs_stand_out(colours: Colours) -> None:
    for ground in (colours.window, colours.card, colours.field):
        for name in ("text", "dim", "accent", "predicted_text", "good", "danger"):
            assert contrast(getattr(colours, name), ground) >= TEXT, (name, ground)
        assert contrast(colours.predicted, ground) >= GRAPHICS
        assert contrast(colours.off, ground) >= GRAPHICS
    assert contrast(colours.on_accent, colours.accent) >= TEXT
    assert contrast(colours.on_danger, colours.danger) >= TEXT
    for name in ("text", "accent"):
        assert contrast(getattr(colours, name), colours.hover) >= TEXT, name
    badge = blended(colours.accent, colours.card, 0.16)
    assert contrast(colours.accent, badge) >= TEXT
    for shade in colours.series:
        assert contrast(shade, colours.card) >= GRAPHICS, shade


RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")


WORDLESS = ("QFrame#drop",)


def rules(colours: Colours) -> dict[str, dict[str, str]]:
    """What the style sheet says of each selector."""
    told: dict[str, dict[str, str]] = {}
    for selectors, body in RULE.findall(style_sheet(colours)):
        pairs = (line.partition(":") for line in body.split(";") if ":" in line)
        said = {name.strip(): value.strip() for name, _, value in pairs}
        for selector in selectors.split(","):
            told.setdefault(selector.strip(), {}).update(said)
    return told


def found(selector: str, what: str, told: dict[str, dict[str, str]]) -> str:
    """What a selector has, or the one that it refines: fewer states, no name, its widget alone."""
    plain = re.match(r"Q\w+", selector)
    for wider in (selector, re.sub(r"(?<!:):(?!:)[\w-]+", "", selector), plain[0] if plain else ""):
        if what in told.get(wider, {}):
            return told[wider][what]
    return ""


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_every_rule_of_the_style_sheet_is_legible(colours: Colours) -> None:
    told = rules(colours)
    looked = 0
    for selector in told:
        words = found(selector, "color", told) or colours.text
        ground = found(selector, "background", told) or "transparent"
        grounds = (colours.window, colours.card) if ground == "transparent" else (ground,)
        if "color" not in told[selector] and "background" not in told[selector]:
            continue
        if (
            selector in WORDLESS
            or not QColor(words).isValid()
            or not QColor(grounds[0]).isValid()
            or "::" in selector
        ):
            continue
        least = GRAPHICS if ":disabled" in selector else TEXT
        for one in grounds:
            under = QColor(one)
            solid = (
                blended(under.name(), colours.card, under.alphaF()) if under.alpha() < 255 else one
            )
            assert contrast(words, solid) >= least, (selector, words, one)
            looked += 1
    assert looked > 50


SHOWN = (QLabel, QPushButton, QComboBox, QDoubleSpinBox, QLineEdit)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_is_drawn_is_legible(
    theme: str, window: MainWindow, choose: Callable[[str], None], qtbot: QtBot, fake: FakeEngine
) -> None:
    choose("mda-overdrive")
    window.do("theme") if theme == "light" else None
    window.do("theme") if theme == "light" else None
    for address, value in (
        ("/host", "embedded"),
        ("/output/device", "Scarlett"),
        ("/parameter/mda-overdrive/drive/yours", 1),
        ("/reference/fault", "x.wav: is no sound"),
    ):
        fake.tell(address, value)
    window.messages.say("Something went wrong")
    qtbot.wait(300)
    looked = 0
    for kind in SHOWN:
        for widget in window.findChildren(kind):
            words = widget.currentText() if isinstance(widget, QComboBox) else widget.text()
            seen = widget.isVisible() and not widget.visibleRegion().isEmpty()
            if not seen or not words.strip() or not any(c.isalnum() for c in words):
                continue
            if widget.parentWidget() and isinstance(widget.parentWidget(), QDoubleSpinBox):
                continue
            place = QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())
            if widget.visibleRegion().boundingRect() != widget.rect():
                continue
            drawn = window.grab(place.adjusted(3, 3, -3, -3)).toImage()
            least = TEXT if widget.isEnabled() else GRAPHICS
            assert most_contrast(drawn) >= least, (type(widget), words)
            looked += 1
    assert looked > 30


def most_contrast(drawn: QImage) -> float:
    """Between what there is most of, the ground, and the pixel that differs most from it."""
    pixels = Counter(
        drawn.pixelColor(x, y).name() for x in range(drawn.width()) for y in range(drawn.height())
    )
    (ground, _), *_ = pixels.most_common(1)
    return max(contrast(shade, ground) for shade in pixels)


def blended(over: str, ground: str, alpha: float) -> str:
    one, other = colour(over).getRgbF()[:3], colour(ground).getRgbF()[:3]
    shares = [alpha * a + (1 - alpha) * b for a, b in zip(one, other, strict=True)]
    return QColor.fromRgbF(*shares).name()


def seen(shade: str, vision: str) -> np.ndarray:
    """The colour in CIELAB as it is seen."""
    shares = np.array(QColor(shade).getRgbF()[:3])
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    xyz = _XYZ @ np.clip(VISIONS[vision] @ linear, 0, 1) / _XYZ.sum(axis=1)
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_twelve_curves_are_told_apart(colours: Colours, vision: str) -> None:
    places = [seen(shade, vision) for shade in colours.series]
    assert len(places) == 12
    ways = [np.linalg.norm(a - b) for n, a in enumerate(places) for b in places[:n]]
    assert min(ways) >= TOLD_APART


def test_both_themes_define_every_colour() -> None:
    for colours in (LIGHT, DARK):
        for field in fields(colours):
            value = getattr(colours, field.name)
            assert all(QColor(v).isValid() for v in ([value] if isinstance(value, str) else value))
