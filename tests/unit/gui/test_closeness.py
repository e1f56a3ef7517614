"""The gauge that says how near the match is."""

from collections.abc import Callable

import pytest
from PyQt6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from bridge.chain import Chain, chain_of
from bridge.control.nodes import Value
from bridge.estimate.closeness import Closeness, Verdict
from bridge.manifest import Manifest, PluginSpec
from gui.engine import Engine
from gui.views.closeness import MARKS, closeness_view, place
from gui.widgets.closeness import Gauge
from gui.widgets.main_window import MainWindow
from gui.widgets.theme import DARK
from tests.fake_engine import FakeEngine

Choose = Callable[[str], None]
NEAR = Closeness(1.25, 0.5, 0.25, 0.75, 0.875)
HEARD: dict[str, Value] = {
    "/input/connected": (1,),
    "/reference": ("a.wav",),
    "/state": ("matching",),
    "/amount": (1.0,),
    "/rendering": (1,),
    "/closeness": (1.25, 0.5, 0.25, 0.75, 0.875),
    "/verdict": ("matched",),
}
DRIVE = "/parameter/mda-overdrive/drive"


ALL_YOURS: dict[str, Value] = {
    f"/parameter/mda-overdrive/{symbol}{leaf}": value
    for symbol in ("drive", "muffle", "output")
    for leaf, value in (("", (0.1,)), ("/predicted", (0.8,)), ("/yours", (1,)))
}


def there(at: float = 0.8, wanted: float = 0.8, **leaves: Value) -> dict[str, Value]:
    """Drive stands here, and is wanted there."""
    more = {f"{DRIVE}/{leaf}": value for leaf, value in leaves.items()}
    return {DRIVE: (at,), f"{DRIVE}/predicted": (wanted,)} | more


def test_the_gauge_reads_from_alike_to_another_world() -> None:
    assert [place(0), place(1), place(3)] == [0, 0.5, 0.75]
    assert [round(place(distance), 2) for distance, _ in MARKS] == [0.13, 0.5, 0.75]


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({}, "Listening"),
        ({"/state": ("silent",)}, "Silence: play on"),
        ({"/input/connected": (0,)}, "No input yet"),
        ({"/reference": ("",)}, "No reference yet"),
        ({"/rendering": (0,)}, "Unknown: no settings are tried"),
        ({"/engine/busy": ("host, reference",)}, "Preparing"),
    ],
)
def test_until_a_decision_it_says_what_it_waits_for(
    overdrive: PluginSpec, told: dict[str, Value], words: str
) -> None:
    unknown = {"/closeness": (-1.0,) * 5, "/verdict": ("",)}
    view = closeness_view(HEARD | unknown | told, Chain.of_plugin(overdrive))
    assert (view.closeness, view.decided, view.words, view.figures) == (None, False, words, "")


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (there(), "Matched"),
        (there(0.1), "Press Match to come nearer"),
        (there(0.1) | {"/follow": (1,)}, "On the way"),
        (there(0.1) | {"/follow": (1,), "/freeze": (1,)}, "Frozen on the way"),
        (there(0.1) | {"/amount": (0.5,)}, "Amount is 50%: the answer in part"),
        (there(0.1, yours=(1,)), "Matched, but for the knobs that are yours"),
        (there(0.1, lock=(1,)) | {"/follow": (1,)}, "Matched, but for the knobs that are yours"),
        (ALL_YOURS, "Not matched: all knobs are yours"),
        (there() | {"/bypass": (1,)}, "Bypassed: this is the playing as it is"),
        ({"/verdict": ("the reference sounds dry",)}, "The reference sounds dry: bypass"),
        ({"/verdict": ("this plugin cannot come nearer",)}, "This plugin cannot come nearer"),
        ({"/verdict": ("a change of level comes nearest",)}, "A change of level comes nearest"),
    ],
)
def test_it_says_matched_only_where_the_knobs_are(
    overdrive: PluginSpec, told: dict[str, Value], words: str
) -> None:
    view = closeness_view(HEARD | told, Chain.of_plugin(overdrive))
    assert (view.words, view.closeness, view.decided) == (words, NEAR, True)
    assert view.figures == "1.25 → 0.50"
    assert view.detail == "60% nearer · 88% sure"
    assert view.spoken.startswith(f"{words}; the playing is 1.25 away")


def test_a_slot_that_is_to_be_left_out_is_not_matched_yet(manifest: Manifest) -> None:
    chain = chain_of("mda-overdrive,mda-delay", manifest)
    out = "/parameter/mda-delay/bypass"
    told = HEARD | there() | {out: (0,), f"{out}/predicted": (1,)}
    assert closeness_view(told, chain).words == "Press Match to come nearer"
    assert closeness_view(told | {out: (1,)}, chain).words == "Matched"
    cannot = HEARD | {"/verdict": (Verdict.NO_NEARER.value,)}
    assert closeness_view(cannot, chain).words == "This chain cannot come nearer"


def test_nothing_is_promised_where_nothing_is_gained(overdrive: PluginSpec) -> None:
    told = HEARD | {"/closeness": (0.5, 0.5, 0.25, 0.75, 0.25)}
    view = closeness_view(told, Chain.of_plugin(overdrive))
    assert view.detail == "no nearer"
    assert "nothing that was tried is expected to be nearer" in view.spoken


def test_a_decision_without_a_distance_is_told_without_figures(overdrive: PluginSpec) -> None:
    view = closeness_view(HEARD | {"/closeness": (-1.0,) * 5}, Chain.of_plugin(overdrive))
    assert (view.words, view.closeness, view.figures) == ("Matched", None, "")


def shades(gauge: Gauge, distance: float) -> set[str]:
    """The colours of the gauge around a distance."""
    picture = gauge.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    middle = round(9 + place(distance) * (gauge.width() - 18))
    columns = range(max(middle - 1, 0), middle + 2)
    return {picture.pixelColor(x, y).name() for x in columns for y in range(picture.height())}


def test_the_window_shows_how_near_it_is(
    window: MainWindow, choose: Choose, qtbot: QtBot, fake: FakeEngine, engine: Engine
) -> None:
    choose("mda-overdrive")
    card, accent, predicted = window.closeness, QColor(DARK.accent), QColor(DARK.predicted)
    assert card.words.text() == "No input yet"
    engine.send("/source", "x")
    engine.send("/reference", "a.wav")
    qtbot.waitUntil(lambda: card.words.text() == "Listening")
    assert card.figures.isHidden()
    assert card.gauge.accessibleDescription() == "unknown"
    assert accent.name() not in shades(card.gauge, NEAR.now)
    height = card.height()
    fake.tell("/closeness", *HEARD["/closeness"])
    fake.tell("/verdict", "matched")
    qtbot.waitUntil(lambda: card.words.text() == "Press Match to come nearer")
    window.play.buttons["match"].click()
    qtbot.waitUntil(lambda: card.words.text() == "Matched")
    assert card.figures.text() == "1.25 → 0.50"
    assert card.height() == height
    assert card.detail.text() == "60% nearer · 88% sure"
    assert card.accessibleDescription().startswith("Matched; the playing is 1.25 away")
    assert card.gauge.accessibleDescription() == "1.25 now, 0.50 expected"
    assert accent.name() in shades(card.gauge, NEAR.now)
    assert predicted.name() in shades(card.gauge, NEAR.expected)
    # The band is tinted between its bounds alone.
    assert shades(card.gauge, 0.35) != shades(card.gauge, 0.2)
    fake.tell("/closeness", *(-1.0,) * 5)
    fake.tell("/verdict", "")
    qtbot.waitUntil(lambda: card.words.text() == "Listening")
    assert card.figures.isHidden()
    assert card.gauge.accessibleDescription() == "unknown"


@pytest.mark.parametrize("size", [(1024, 600), (1280, 720), (1000, 560)])
def test_the_gauge_fits_beside_the_rack(
    window: MainWindow,
    choose: Choose,
    qtbot: QtBot,
    fake: FakeEngine,
    size: tuple[int, int],
) -> None:
    choose("mda-amp")
    fake.tell("/closeness", *HEARD["/closeness"])
    fake.tell("/verdict", "this plugin cannot come nearer")
    window.resize(*size)
    card = window.closeness
    qtbot.waitUntil(lambda: card.words.text() == "This chain cannot come nearer")
    assert (window.width(), window.height()) == size
    for part in (card.words, card.figures, card.gauge):
        assert card.rect().contains(part.geometry()), part
    assert card.words.text() == "This chain cannot come nearer"
    assert card.geometry().bottom() < window.rack.geometry().top()
    # The rack keeps room for a card with three parameters.
    assert window.rack.area.height() >= 120
    assert window.status.mapTo(window, window.status.rect().bottomLeft()).y() < window.height()
