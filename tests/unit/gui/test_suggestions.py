"""Which of my plugins: what the window makes of a ranking, and how one is chosen from it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot

from bridge.control.nodes import Value
from gui.engine import Engine
from gui.views.suggestions import NOTHING, host_to_ask, ranked, why_not
from gui.widgets.main_window import MainWindow
from gui.widgets.suggestions import SuggestionsDialog
from tests.fake_engine import FakeEngine
from tests.rigs.keyboard import controls, reached

Choose = Callable[[str], None]
LEFT = Qt.MouseButton.LeftButton


def contender(chain: str, expected: float, likely: float | None) -> dict[str, Any]:
    return {
        "chain": chain,
        "name": f"Name of {chain}",
        "kind_probability": likely,
        "cost": expected,
        "expected": expected,
        "low": expected / 2,
        "high": 2 * expected,
        "better": 0.9,
        "tried": 8,
    }


RANKING = {
    "nothing": 1.2,
    "chains": [
        contender("mda-overdrive", 0.9, 0.64),
        contender("mda-amp", 0.4, None),
        contender("mda-delay,mda-combo", 1.5, 0.02),
    ],
    "left_out": {"mda-leslie": "is not installed", "other": "is not installed", "slow": "no time"},
}
TOLD = json.dumps(RANKING)
PLUGINS: dict[str, Value] = {
    "/plugins": (
        json.dumps(
            [
                {"id": "mda-overdrive", "name": "mda Overdrive", "kind": "overdrive"},
                {"id": "mda-leslie", "name": "mda Leslie", "kind": "rotary"},
            ]
        ),
    ),
    "/rigs": (json.dumps([{"id": "mda-amp", "name": "mda Amplifier", "kind": "amplifier"}]),),
}
READY: dict[str, Value] = {
    "/input/connected": (1,),
    "/reference": ("a.wav",),
    "/reference/report": ('{"seconds": 3.0}',),
    "/state": ("matching",),
}


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({}, ""),
        ({"/state": ("silent",)}, ""),
        ({"/input/connected": (0,)}, "Choose an input first"),
        ({"/reference": ("",)}, "Choose a reference first"),
        ({"/reference/report": ("{}",)}, "Wait until the reference is read"),
        ({"/state": ("filling",)}, "Play for a moment first"),
    ],
)
def test_what_is_missing_is_said(told: dict[str, Value], why: str) -> None:
    assert why in why_not(READY | told)
    assert bool(why_not(READY | told)) == bool(why)


def test_a_ranking_is_told_in_words_with_doing_nothing_in_its_place() -> None:
    view = ranked(PLUGINS | {"/suggested": (TOLD,)})
    assert "likeliest first" in view.words
    assert "Doing nothing is 1.20 away: clearly different" in view.words
    assert not view.fault
    names = [row.cells[0] for row in view.rows]
    assert names == [
        "Name of mda-overdrive",
        "Name of mda-amp",
        NOTHING,
        "Name of mda-delay,mda-combo",
    ]
    first, rig, nothing, last = view.rows
    assert first.cells[1:] == ("0.90  clearly different", "90% sure", "overdrive, 64% likely")
    assert "between 0.45 and 1.80" in first.help
    assert rig.cells[3] == "amplifier"
    assert nothing.chain == ""
    assert nothing.cells[1] == "1.20  clearly different"
    assert last.cells[2] == "no nearer"
    assert last.cells[3] == "2 plugins in a row, 2% likely"
    assert view.left_out == ("mda Leslie, other: Is not installed", "slow: No time")
    assert view.left_out_count == 3


def test_that_nothing_comes_nearer_and_what_failed_is_said() -> None:
    far = RANKING | {"nothing": 0.3}
    view = ranked({"/suggested": (json.dumps(far),)})
    assert "nearer than doing nothing" in view.words
    assert view.rows[0].cells[0] == NOTHING
    none = {"nothing": None, "chains": [], "left_out": {"a": "is not installed"}}
    assert ranked({"/suggested": (json.dumps(none),)}).fault
    failed = ranked({"/suggested": ('{"error": "the playing is silent"}',)})
    assert (failed.words, failed.fault, failed.rows) == ("The playing is silent.", True, ())
    assert not ranked({"/suggested": ("",)}).rows


def test_only_a_connected_host_that_tells_its_tracks_is_offered() -> None:
    ardour: dict[str, Value] = {
        "/host": ("ardour://127.0.0.1:3819/Guitar",),
        "/host/state": ("connected",),
    }
    assert host_to_ask(ardour) == "Ardour"
    assert not host_to_ask(ardour | {"/host/state": ("lost",)})
    assert not host_to_ask(ardour | {"/host": ("embedded",)})


def visible(window: MainWindow) -> list[SuggestionsDialog]:
    return [one for one in window.findChildren(SuggestionsDialog) if one.isVisible()]


@pytest.fixture
def dialog(window: MainWindow, choose: Choose, qtbot: QtBot) -> Callable[[], SuggestionsDialog]:
    """Opened by the card's button, once there is all that it needs."""
    choose("mda-delay")
    button = window.setup.chain.suggest
    assert not button.isEnabled()
    assert "input" in button.toolTip()
    window.engine.send("/source", "Scarlett 2i2 USB")
    window.engine.send("/reference", "/a.wav")
    qtbot.waitUntil(button.isEnabled)
    assert button.toolTip() == button.accessibleDescription()

    def opened() -> SuggestionsDialog:
        qtbot.mouseClick(button, LEFT)
        qtbot.waitUntil(lambda: len(visible(window)) == 1)
        return visible(window)[0]

    return opened


def test_the_table_fills_and_what_is_chosen_is_driven(
    dialog: Callable[[], SuggestionsDialog],
    fake: FakeEngine,
    window: MainWindow,
    engine: Engine,
    qtbot: QtBot,
) -> None:
    shown = dialog()
    qtbot.waitUntil(lambda: fake.ordered("/suggest") == [(10.0,)])
    fake.tell("/suggest/running", 1)
    qtbot.waitUntil(lambda: engine.values.get("/suggest/running") == (1,))
    assert "Trying them" in shown.words.text()
    assert not shown.again.isEnabled()
    assert not shown.use.isEnabled()
    assert shown.fold.isHidden()
    fake.tell("/suggested", TOLD)
    fake.tell("/suggest/running", 0)
    qtbot.waitUntil(lambda: shown.model.rowCount() == 4)
    qtbot.waitUntil(shown.table.hasFocus)
    assert shown.current == "mda-overdrive"
    assert "likeliest first" in shown.words.text()
    assert not shown.reasons.isVisible()
    shown.fold.click()
    assert shown.reasons.isVisible()
    assert "mda Leslie" in shown.reasons.text()
    for _ in range(2):
        qtbot.keyClick(shown.table, Qt.Key.Key_Down)
    # Doing nothing is nothing to choose.
    assert not shown.use.isEnabled()
    qtbot.keyClick(shown.table, Qt.Key.Key_Up)
    assert shown.use.isEnabled()
    qtbot.keyClick(shown.table, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: fake.ordered("/chain")[-1] == ("mda-amp",))
    qtbot.waitUntil(lambda: window.chain is not None and window.chain.id == "mda-amp")
    assert visible(window) == []
    again = dialog()
    # What was ranked stays to choose from, until it is asked again.
    assert again.model.rowCount() == 4
    qtbot.mouseClick(again.again, LEFT)
    qtbot.waitUntil(lambda: len(fake.ordered("/suggest")) == 2)
    again.reject()


def test_a_refusal_and_a_failure_are_said_in_the_dialog(
    dialog: Callable[[], SuggestionsDialog], fake: FakeEngine, engine: Engine, qtbot: QtBot
) -> None:
    shown = dialog()
    qtbot.waitUntil(lambda: fake.ordered("/suggest") == [(10.0,)])
    engine.complained.emit("/suggest", "nothing was played yet; play for a moment first")
    qtbot.waitUntil(lambda: "Nothing was played yet" in shown.words.text())
    assert shown.words.objectName() == "bad"
    qtbot.waitUntil(shown.again.isEnabled)
    shown.again.click()
    fake.tell("/suggested", '{"error": "the playing is silent; nothing can be tried on it"}')
    qtbot.waitUntil(lambda: "The playing is silent" in shown.words.text())
    assert shown.model.rowCount() == 0
    shown.reject()


def test_keys_reach_all_of_it_and_a_daw_is_offered(
    dialog: Callable[[], SuggestionsDialog], fake: FakeEngine, engine: Engine, qtbot: QtBot
) -> None:
    fake.tell("/suggested", TOLD)
    qtbot.waitUntil(lambda: engine.values.get("/suggested") == (TOLD,))
    shown = dialog()
    assert shown.scope.isHidden()
    engine.send("/host", "ardour://127.0.0.1:3819/Guitar/mda%20Delay")
    qtbot.waitUntil(shown.scope.isVisible)
    assert fake.ordered("/suggest") == []
    assert controls(shown) <= reached(shown)
    shown.scope.setCurrentIndex(1)
    assert "Ardour" in shown.scope.currentText()
    shown.seconds.setCurrentIndex(1)
    shown.again.click()
    qtbot.waitUntil(lambda: fake.ordered("/suggest/host") == [(30.0,)])
    shown.reject()


def test_the_key_says_what_is_missing(window: MainWindow, qtbot: QtBot) -> None:
    window.do("suggest")
    qtbot.waitUntil(window.messages.isVisible)
    assert "Choose an input first" in window.messages.words.text()
    assert visible(window) == []
