"""Match and Follow do what they say; a choice that fails says so and leads back."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PyQt6.QtCore import QPoint, QRect, Qt
from pytestqt.qtbot import QtBot

from bridge.chain import Chain
from bridge.control.nodes import Value
from bridge.manifest import PluginSpec
from gui.engine import Engine
from gui.views.hands import LOCKED, all_yours, state_text
from gui.views.pace import TIMES, pace, times_s
from gui.widgets.hands import COMPARE
from gui.widgets.main_window import MainWindow
from tests.fake_engine import FakeEngine
from tests.rigs.keyboard import controls

Choose = Callable[[str], None]
KNOBS = [f"/parameter/mda-overdrive/{symbol}" for symbol in ("drive", "muffle", "output")]
LEFT = Qt.MouseButton.LeftButton
HEARD: dict[str, Value] = {"/state": ("matching",), "/amount": (1.0,)}
YOURS: dict[str, Value] = {f"{knob}/yours": (1,) for knob in KNOBS}


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({}, "Listening: press Match or Follow"),
        ({"/state": ("silent",), "/follow": (1,)}, "Silence: play on"),
        ({"/follow": (1,)}, "Following"),
        ({"/follow": (1,), "/freeze": (1,)}, "Frozen: the knobs are held"),
        ({"/match/running": (1,)}, "Matching"),
        ({"/follow": (1,)} | YOURS, "Nothing to turn: all knobs are yours"),
        ({"/follow": (1,), "/amount": (0.0,)}, "Amount is 0 %: nothing is turned"),
        ({f"{knob}/lock": (1,) for knob in KNOBS} | {"/match/running": (1,)}, LOCKED[:0]),
        ({"/engine/busy": ("model, source",)}, "Preparing: plugin, input"),
    ],
)
def test_the_head_says_only_what_is_so(
    overdrive: PluginSpec, told: dict[str, Value], words: str
) -> None:
    said = state_text(HEARD | told, Chain.of_plugin(overdrive))
    assert said == (words or "Nothing to turn: all knobs are locked")


def test_a_lock_leaves_the_other_knobs_to_whoever_has_them(overdrive: PluginSpec) -> None:
    chain = Chain.of_plugin(overdrive)
    one_free = YOURS | {f"{KNOBS[0]}/yours": (0,)}
    assert all_yours(YOURS, chain)
    assert not all_yours(one_free, chain)
    assert all_yours(one_free | {f"{KNOBS[0]}/lock": (1,)}, chain)
    assert not all_yours({}, chain)
    assert not all_yours({}, None)


@pytest.mark.parametrize(("name", "order"), [("match", ()), ("follow", (1,))])
def test_where_all_knobs_are_yours_one_press_hands_them_back(
    name: str,
    order: Value,
    window: MainWindow,
    choose: Choose,
    qtbot: QtBot,
    engine: Engine,
    fake: FakeEngine,
) -> None:
    choose("mda-overdrive")
    for knob in KNOBS:
        engine.send(knob, 0.5)
    qtbot.waitUntil(lambda: all_yours(engine.values, window.chain))
    before = QRect(window.play.buttons[name].mapTo(window, QPoint(0, 0)), window.play.size())
    window.play.buttons[name].click()
    assert window.messages.isVisible()
    assert "Hand them back?" in window.messages.words.text()
    assert not window.play.buttons["follow"].isChecked()
    # It floats: nothing has moved, and the buttons are still seen.
    qtbot.wait(50)
    assert before.topLeft() == window.play.buttons[name].mapTo(window, QPoint(0, 0))
    assert not window.messages.geometry().intersects(before)
    assert window.focusWidget() is window.messages.answer
    assert fake.ordered(f"/{name}") == []
    qtbot.keyClick(window.messages.answer, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: fake.ordered(f"/{name}") == [order])
    assert fake.ordered("/arm") == [()]
    assert window.messages.isHidden()


def test_who_presses_again_means_yes_and_who_does_not_keeps_the_knobs(
    window: MainWindow, choose: Choose, qtbot: QtBot, engine: Engine, fake: FakeEngine
) -> None:
    choose("mda-overdrive")
    for knob in KNOBS:
        engine.send(knob, 0.5)
    qtbot.waitUntil(lambda: all_yours(engine.values, window.chain))
    window.do("match")
    qtbot.keyClick(window.messages.answer, Qt.Key.Key_Escape)
    assert window.messages.isHidden()
    window.do("match")
    window.do("match")
    qtbot.waitUntil(lambda: fake.ordered("/match") == [()])
    assert fake.ordered("/arm") == [()]
    for knob in KNOBS:
        engine.send(f"{knob}/lock", 1)
    qtbot.waitUntil(lambda: engine.values.get(f"{KNOBS[2]}/lock") == (1,))
    window.do("follow")
    assert window.messages.words.text() == LOCKED
    assert fake.ordered("/follow") == []


@pytest.mark.parametrize("order", ["/arm", "/chain"])
def test_a_question_that_no_longer_arises_is_no_longer_asked(
    order: str,
    window: MainWindow,
    choose: Choose,
    qtbot: QtBot,
    engine: Engine,
) -> None:
    choose("mda-overdrive")
    for knob in KNOBS:
        engine.send(knob, 0.5)
    qtbot.waitUntil(lambda: all_yours(engine.values, window.chain))
    window.do("match")
    qtbot.wait(150)
    assert window.messages.isVisible()
    engine.send(order, *(("mda-delay",) if order == "/chain" else ()))
    qtbot.waitUntil(window.messages.isHidden)
    assert window.messages.asked == ""


def test_what_is_said_of_locks_and_microphones_ends_with_them(
    window: MainWindow, choose: Choose, qtbot: QtBot, engine: Engine
) -> None:
    choose("mda-overdrive")
    for knob in KNOBS:
        engine.send(f"{knob}/lock", 1)
    qtbot.waitUntil(lambda: engine.values.get(f"{KNOBS[2]}/lock") == (1,))
    window.do("match")
    qtbot.wait(150)
    assert window.messages.isVisible()
    engine.send(f"{KNOBS[0]}/lock", 0)
    qtbot.waitUntil(window.messages.isHidden)
    engine.send("/source", "Scarlett 2i2 USB")
    qtbot.waitUntil(lambda: engine.values.get("/source") == ("Scarlett 2i2 USB",))
    window.do("sound")
    qtbot.wait(150)
    assert window.messages.asked == "sound"
    engine.send("/source", "/takes/take.wav")
    qtbot.waitUntil(window.messages.isHidden)


@pytest.mark.parametrize("size", [(990, 560), (1280, 720), (1920, 1080)])
def test_a_message_covers_no_menu_and_no_control(
    size: tuple[int, int], window: MainWindow, qtbot: QtBot
) -> None:
    window.resize(*size)
    qtbot.wait(50)
    menu = window.menuBar().geometry()
    covered = [
        *(QRect(w.mapTo(window, QPoint(0, 0)), w.size()) for w in controls(window)),
        menu,
    ]
    path = "/home/somebody/Music/takes/of last summer/" + "a very long name of a take " * 16
    for words in ("Short", f"{path}.wav: cannot be read as audio; give a WAV or FLAC file"):
        window.messages.say(words)
        qtbot.wait(20)
        lies = window.messages.geometry()
        assert not [place for place in covered if place.intersects(lies)]
        shown = window.messages.words
        assert shown.heightForWidth(shown.width()) <= lies.height() - 4
        assert window.messages.accessibleName() == words
    assert shown.text().endswith("give a WAV or FLAC file")
    assert shown.toolTip() == words


def test_the_demo_presses_match_itself_and_invites_to_compare(
    window: MainWindow, qtbot: QtBot, fake: FakeEngine
) -> None:
    qtbot.mouseClick(window.setup.demo, LEFT)
    qtbot.waitUntil(lambda: [a for a, _ in fake.orders[-3:-1]] == ["/demo", "/match"])
    fake.tell("/match/running", 1)
    qtbot.wait(100)
    assert window.messages.isHidden()
    for address, told in (("/host", "embedded"), ("/host/state", "connected")):
        fake.tell(address, told)
    fake.tell("/output/device", "Scarlett 2i2 USB")
    fake.tell("/match/running", 0)
    qtbot.waitUntil(lambda: window.messages.words.text() == COMPARE)
    # How near it came is the gauge's word alone.
    assert "matched." not in COMPARE.lower()
    assert fake.ordered("/output/playing") == [(1,)]
    assert [made.text()[0] for made in window.compare.hear.values()] == ["1", "2", "3"]


def test_one_control_goes_from_steady_to_quick(
    window: MainWindow, qtbot: QtBot, fake: FakeEngine, engine: Engine
) -> None:
    assert window.play.pace.value() == 500
    assert "usual" in window.play.pace.accessibleName()
    qtbot.keyClick(window.play.pace, Qt.Key.Key_Home)
    usual_s = {a: v for a, v in times_s(0.5).items()}
    qtbot.waitUntil(lambda: all(fake.ordered(address) for address in TIMES))
    for address in TIMES:
        assert fake.ordered(address) == [(pytest.approx(8 * usual_s[address]),)]
    qtbot.waitUntil(lambda: pace(engine.values) == pytest.approx(0.0))
    assert "steadier, 100 %" in window.play.pace.accessibleName()
    qtbot.mouseDClick(window.play.pace, LEFT)
    qtbot.waitUntil(lambda: pace(engine.values) == pytest.approx(0.5))
    assert engine.values["/averaging"] == (1.0,)


def test_a_failed_choice_is_red_and_leads_back(
    window: MainWindow, qtbot: QtBot, fake: FakeEngine, engine: Engine, reference_path: Path
) -> None:
    card = window.setup.reference
    fake.tell("/reference/used", str(reference_path))
    fake.tell("/reference", "/somewhere/broken.wav")
    fake.tell("/reference/fault", "/somewhere/broken.wav: is no sound; choose another file")
    qtbot.waitUntil(card.back.isVisible)
    assert card.why.text() == (
        "broken.wav: is no sound; choose another file. Still in use: reference.flac."
    )
    assert "Still in use" in card.accessibleName()
    # What is drawn is what is used.
    qtbot.waitUntil(lambda: card.waveform.seconds > 9)
    card.back.click()
    qtbot.waitUntil(lambda: fake.ordered("/back") == [("reference",)])
    qtbot.waitUntil(lambda: card.back.isHidden() and card.why.isHidden())
    assert engine.values["/reference"] == (str(reference_path),)


def test_it_is_silent_until_it_is_to_be_heard_and_warns_of_a_microphone(
    window: MainWindow, qtbot: QtBot, fake: FakeEngine, engine: Engine
) -> None:
    sound = window.compare.sound
    engine.send("/source", "/takes/take.wav")
    engine.send("/host", "embedded")
    fake.tell("/output/device", "HDA Intel PCH")
    fake.tell("/outputs", '[{"name": "HDA Intel PCH", "channels": 2}]')
    qtbot.waitUntil(sound.isEnabled)
    assert not sound.isChecked()
    assert sound.accessibleName() == "Sound off"
    sound.click()
    qtbot.waitUntil(lambda: sound.isChecked() and sound.accessibleName() == "Sound on")
    sound.click()
    engine.send("/source", "Scarlett 2i2 USB")
    qtbot.waitUntil(lambda: engine.values["/source"] == ("Scarlett 2i2 USB",))
    qtbot.waitUntil(lambda: not sound.isChecked())
    sound.click()
    assert "howls" in window.messages.words.text()
    assert not sound.isChecked()
    assert fake.ordered("/output/playing") == [(1,), (0,)]
    window.messages.answer.click()
    qtbot.waitUntil(sound.isChecked)
    rows = window.setup.host.output
    assert rows.isVisible()
    rows.device.setCurrentIndex(rows.device.findText("HDA Intel PCH"))
    rows.device.activated.emit(rows.device.currentIndex())
    rows.level.setValue(rows.level.value() - 100)
    qtbot.waitUntil(lambda: fake.ordered("/output") == [("HDA Intel PCH",)])
    qtbot.waitUntil(lambda: fake.ordered("/output/level") == [(pytest.approx(-7.2, abs=0.1),)])
    qtbot.waitUntil(lambda: rows.level.accessibleName() == "Output level, -7 dB")
    fake.tell("/output/gaps", 2)
    qtbot.waitUntil(lambda: "2 gaps in playback" in window.status.fields["gaps"].text())
