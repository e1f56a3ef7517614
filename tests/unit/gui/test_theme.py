from dataclasses import fields

import pytest
from PyQt6.QtGui import QColor

from gui.widgets.theme import DARK, LIGHT, Colours

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
    assert contrast(colours.on_accent, colours.accent) >= TEXT
    assert contrast(colours.on_danger, colours.danger) >= TEXT
    for shade in colours.series:
        assert contrast(shade, colours.card) >= GRAPHICS, shade


def test_both_themes_define_every_colour() -> None:
    for colours in (LIGHT, DARK):
        for field in fields(colours):
            value = getattr(colours, field.name)
            assert all(QColor(v).isValid() for v in ([value] if isinstance(value, str) else value))
