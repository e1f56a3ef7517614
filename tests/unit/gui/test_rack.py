"""The rack in the real window, by mouse and keyboard, beside an engine on the real surface."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QContextMenuEvent
from PyQt6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from bridge.library import SHIPPED, Layer, Library
from gui.engine import Engine
from gui.widgets.library import LibraryDialog
from gui.widgets.main_window import MainWindow
from gui.widgets.slot_card import SlotCard
from tests.fake_engine import FakeEngine
from tests.rigs.keyboard import controls, reached

Choose = Callable[[str], None]
LEFT = Qt.MouseButton.LeftButton


def card_of(window: MainWindow, slot_id: str) -> SlotCard:
    return next(card for card in window.rack.cards if card.slot.id == slot_id)


def order(window: MainWindow) -> list[str]:
    return [card.slot.id for card in window.rack.cards]


def seen_order(window: MainWindow) -> list[str]:
    return [c.slot.id for c in sorted(window.rack.cards, key=lambda card: card.y())]


def drag_to(qtbot: QtBot, card: SlotCard, other: SlotCard, share: float) -> None:
    """By the head, to so much of another card's height."""
    head, start = card.head, QPoint(20, 12)
    there = other.mapToGlobal(QPoint(20, round(share * other.height())))
    end = head.mapFromGlobal(there)
    qtbot.mousePress(head, LEFT, pos=start)
    qtbot.mouseMove(head, (start + end) / 2)
    qtbot.mouseMove(head, end)
    qtbot.mouseRelease(head, LEFT, pos=end)


def dialog_of(window: MainWindow, qtbot: QtBot) -> LibraryDialog:
    window.do("add_slot")
    qtbot.waitUntil(lambda: window.findChild(LibraryDialog) is not None)
    return window.findChild(LibraryDialog)


def test_a_chain_of_one_has_no_head_and_no_frame(window: MainWindow, choose: Choose) -> None:
    choose("mda-overdrive")
    (card,) = window.rack.cards
    assert card.head.isHidden()
    assert card.objectName() == ""
    assert all(row.slider.isVisible() for row in card.rows)


def test_every_slot_has_its_card_in_order(window: MainWindow, choose: Choose) -> None:
    choose("four-slots")
    assert order(window) == ["drive", "cabinet", "delay", "reverb"]
    for card in window.rack.cards:
        assert [row.spec for row in card.rows] == list(card.slot.plugin.parameters)
        assert card.head.isVisible()
        assert card.head.name.text() == card.slot.plugin.name
        assert card.slot.id in card.head.fold.accessibleName()
        for row in card.rows:
            assert card.slot.id in row.lock.accessibleName()


def test_many_slots_are_closed_at_first_and_seen_at_a_small_size(
    window: MainWindow, choose: Choose, qtbot: QtBot
) -> None:
    window.resize(1024, 600)
    choose("nine-slots")
    qtbot.wait(100)
    assert (window.width(), window.height()) == (1024, 600)
    assert not any(card.is_open for card in window.rack.cards)
    for card in window.rack.cards:
        assert card.width() <= window.rack.area.viewport().width()
        assert card.head.bypass.width() >= card.head.bypass.sizeHint().width()
        assert card.head.name.text() == card.slot.plugin.name
    # All of an open card is within reach, too.
    card = window.rack.cards[3]
    card.head.fold.click()
    qtbot.wait(100)
    for row in card.rows:
        right = row.badge.mapTo(window.rack, QPoint(row.badge.width(), 0)).x()
        assert right <= window.rack.width()
        assert row.slider.width() >= 90


def test_what_fits_is_open_until_the_player_closes_it(
    window: MainWindow, choose: Choose, qtbot: QtBot
) -> None:
    window.resize(1280, 1400)
    choose("four-slots")
    qtbot.waitUntil(lambda: all(card.is_open for card in window.rack.cards))
    window.resize(1280, 720)
    qtbot.waitUntil(lambda: not card_of(window, "reverb").is_open)
    card_of(window, "drive").head.fold.click()
    window.resize(1280, 1400)
    qtbot.wait(100)
    assert not card_of(window, "drive").is_open
    assert not card_of(window, "reverb").is_open


def test_a_press_on_the_head_opens_and_closes(
    window: MainWindow, choose: Choose, qtbot: QtBot
) -> None:
    choose("nine-slots")
    card = card_of(window, "push")
    window.rack.toggle_all()
    was = card.is_open
    qtbot.mouseClick(card.head, LEFT, pos=QPoint(20, 12))
    assert card.is_open is not was
    head = card.head
    head.fold.setFocus()
    qtbot.keyClick(head.fold, Qt.Key.Key_Space)
    assert card.is_open is was


def test_a_closed_card_sums_its_values_up(
    window: MainWindow, choose: Choose, qtbot: QtBot, engine: Engine
) -> None:
    choose("four-slots")
    card = card_of(window, "drive")
    card.open(False)
    engine.send("/parameter/drive/drive", 0.625)
    qtbot.waitUntil(lambda: "Drive 62.5 %" in card.head.fold.accessibleDescription())
    assert card.head.summary.text().startswith("Drive")
    card.open(True)
    assert card.head.summary.text() == ""
    assert card.rows[0].slider.value() == 625


def test_confidence_is_shown_where_there_is_a_model(window: MainWindow, choose: Choose) -> None:
    choose("four-slots,pedalboard-gain")
    assert card_of(window, "drive").head.confidence.accessibleName() == "85% sure"
    untrained = card_of(window, "pedalboard-gain")
    assert untrained.slot.plugin.model is None
    assert untrained.head.confidence.accessibleName() == ""
    assert window.messages.isHidden()


def test_a_slots_bypass_is_switched_locked_and_handed_back(
    window: MainWindow, choose: Choose, qtbot: QtBot, fake: FakeEngine
) -> None:
    choose("four-slots")
    card = card_of(window, "delay")
    bypass = "/parameter/delay/bypass"
    card.head.bypass.click()
    qtbot.waitUntil(lambda: fake.ordered(bypass) == [(1,)])
    qtbot.waitUntil(card.head.hand_back.isVisible)
    assert card.head.bypass.isChecked()
    assert "Left out" in card.head.bypass.accessibleDescription()
    assert not card_of(window, "reverb").head.bypass.isChecked()
    card.head.hand_back.click()
    qtbot.waitUntil(lambda: fake.ordered("/arm") == [("delay/bypass",)])
    qtbot.waitUntil(card.head.hand_back.isHidden)
    card.head.bypass.setFocus()
    window.do("slot_lock")
    qtbot.waitUntil(lambda: fake.ordered(f"{bypass}/lock") == [(1,)])
    qtbot.waitUntil(card.head.lock.isVisible)
    window.do("slot_bypass")
    qtbot.waitUntil(lambda: fake.ordered(bypass) == [(1,), (0,)])
    window.do("slot_arm")
    qtbot.waitUntil(lambda: fake.ordered("/arm")[-1] == ("delay",))


def test_a_model_leaves_a_slot_out(window: MainWindow, choose: Choose, qtbot: QtBot) -> None:
    choose("four-slots")
    window.play.buttons["match"].click()
    head = card_of(window, "delay").head
    qtbot.waitUntil(head.bypass.isChecked)
    assert "by the model" in head.bypass.accessibleDescription()
    assert not card_of(window, "drive").head.bypass.isChecked()


def test_the_buttons_move_a_card_and_keep_the_keyboard(
    window: MainWindow, choose: Choose, qtbot: QtBot, fake: FakeEngine
) -> None:
    choose("four-slots")
    card = card_of(window, "cabinet")
    assert not card_of(window, "drive").head.up.isEnabled()
    assert not card_of(window, "reverb").head.down.isEnabled()
    card.head.down.setFocus()
    qtbot.keyClick(card.head.down, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: order(window) == ["drive", "delay", "cabinet", "reverb"])
    assert fake.ordered("/chain")[-1] == (
        "four-slots/drive,four-slots/delay,four-slots/cabinet,four-slots/reverb",
    )
    qtbot.waitUntil(lambda: seen_order(window) == order(window))
    qtbot.waitUntil(lambda: window.focusWidget() is card_of(window, "cabinet").head.down)
    window.do("slot_down")
    qtbot.waitUntil(lambda: order(window)[-1] == "cabinet")
    # It can go no further down: the way back is at hand.
    qtbot.waitUntil(lambda: window.focusWidget() is card_of(window, "cabinet").head.up)
    window.do("slot_up")
    window_order = ["drive", "delay", "cabinet", "reverb"]
    qtbot.waitUntil(lambda: order(window) == window_order)


@pytest.mark.parametrize(
    ("what", "onto", "share", "expected"),
    [
        ("reverb", "drive", 0.1, ["reverb", "drive", "cabinet", "delay"]),
        ("drive", "reverb", 0.9, ["cabinet", "delay", "reverb", "drive"]),
        ("cabinet", "delay", 0.9, ["drive", "delay", "cabinet", "reverb"]),
    ],
)
def test_a_card_is_dragged_to_its_place(
    what: str,
    onto: str,
    share: float,
    expected: list[str],
    window: MainWindow,
    choose: Choose,
    qtbot: QtBot,
) -> None:
    choose("four-slots")
    for card in window.rack.cards:
        card.open(False)
    qtbot.wait(50)
    drag_to(qtbot, card_of(window, what), card_of(window, onto), share)
    qtbot.waitUntil(lambda: order(window) == expected)
    qtbot.waitUntil(lambda: seen_order(window) == expected)


def test_a_drag_that_ends_where_it_began_changes_nothing(
    window: MainWindow, choose: Choose, qtbot: QtBot, fake: FakeEngine
) -> None:
    choose("four-slots")
    opened = [card.is_open for card in window.rack.cards]
    drag_to(qtbot, card_of(window, "cabinet"), card_of(window, "cabinet"), 0.9)
    qtbot.wait(150)
    assert fake.ordered("/chain") == [("four-slots",)]
    assert [card.is_open for card in window.rack.cards] == opened


def test_a_removed_slot_is_gone_and_the_last_one_stays(
    window: MainWindow, choose: Choose, qtbot: QtBot, engine: Engine
) -> None:
    choose("mda-overdrive,mda-delay")
    engine.send("/parameter/mda-delay/feedback", 0.25)
    qtbot.waitUntil(lambda: engine.values["/parameter/mda-delay/feedback"] == (0.25,))
    card_of(window, "mda-overdrive").head.remove.click()
    qtbot.waitUntil(lambda: order(window) == ["mda-delay"])
    # What was set stays with the slot that stays.
    assert engine.values["/parameter/mda-delay/feedback"] == (0.25,)
    assert not any("mda-overdrive" in address for address in engine.values)
    window.do("slot_remove")
    qtbot.wait(100)
    assert order(window) == ["mda-delay"]


def test_two_of_one_plugin_change_places_with_their_values(
    window: MainWindow, choose: Choose, qtbot: QtBot, engine: Engine
) -> None:
    choose("mda-overdrive,mda-delay,mda-overdrive")
    engine.send("/parameter/mda-overdrive-2/drive", 0.9)
    engine.send("/parameter/mda-overdrive/drive", 0.1)
    first = card_of(window, "mda-overdrive").rows[0].slider
    qtbot.waitUntil(lambda: first.value() == 100)
    card_of(window, "mda-overdrive").head.remove.click()
    qtbot.waitUntil(lambda: order(window) == ["mda-delay", "mda-overdrive"])
    # Whether it fits or not.
    card_of(window, "mda-overdrive").open(True)
    drive = card_of(window, "mda-overdrive").rows[0].slider
    qtbot.waitUntil(lambda: drive.value() == 900)


def test_a_plugin_is_found_by_typing_and_added(
    window: MainWindow, choose: Choose, qtbot: QtBot, fake: FakeEngine
) -> None:
    choose("mda-overdrive")
    dialog = dialog_of(window, qtbot)
    qtbot.keyClicks(dialog.search, "pedalboard compr")
    assert dialog.list.currentIndex().data() == "pedalboard Compressor (compressor)"
    qtbot.keyClick(dialog.search, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: order(window) == ["mda-overdrive", "pedalboard-compressor"])
    assert fake.ordered("/chain")[-1] == ("mda-overdrive,pedalboard-compressor",)
    assert all(card.head.isVisible() for card in window.rack.cards)
    # The set-up card has the chain put together by hand, and can go back to another.
    combo = window.setup.chain.choice
    qtbot.waitUntil(lambda: combo.currentText() == "mda Overdrive + pedalboard Compressor")


def test_a_rig_is_added_by_the_arrow_keys_and_what_is_missing_cannot_be(
    window: MainWindow, choose: Choose, qtbot: QtBot
) -> None:
    choose("mda-overdrive")
    dialog = dialog_of(window, qtbot)
    rows = [dialog.model.item(n) for n in range(dialog.model.rowCount())]
    assert [item.text() for item in rows if item.data(Qt.ItemDataRole.UserRole) is None] == [
        "Rigs",
        "Plugins",
    ]
    absent = next(item for item in rows if "rotary" in item.text())
    assert not absent.isEnabled()
    assert "install mda Leslie" in absent.toolTip()
    qtbot.keyClicks(dialog.search, "row")
    qtbot.keyClick(dialog.search, Qt.Key.Key_Down)
    assert dialog.list.currentIndex().data() == "Nine in a row (amplifier)"
    qtbot.keyClick(dialog.search, Qt.Key.Key_Up)
    dialog.add.click()
    expected = ["mda-overdrive", "drive", "cabinet", "delay", "reverb"]
    qtbot.waitUntil(lambda: order(window) == expected)


def test_nothing_found_is_said(window: MainWindow, choose: Choose, qtbot: QtBot) -> None:
    choose("mda-overdrive")
    dialog = dialog_of(window, qtbot)
    qtbot.keyClicks(dialog.search, "no such thing")
    assert not dialog.add.isEnabled()
    qtbot.keyClick(dialog.search, Qt.Key.Key_Return)
    assert dialog.isVisible()
    dialog.reject()


def test_a_card_has_its_menu(window: MainWindow, choose: Choose, qtbot: QtBot) -> None:
    choose("four-slots")
    card = card_of(window, "delay")
    at = card.head.mapToGlobal(QPoint(5, 5))
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(5, 5), at)
    QApplication.sendEvent(card.head.fold, event)
    menus = [menu for menu in window.findChildren(QMenu) if menu.isVisible()]
    assert [action.text() for action in menus[0].actions()][1] == "Move the plugin up"
    menus[0].actions()[1].trigger()
    menus[0].close()
    qtbot.waitUntil(lambda: order(window) == ["drive", "delay", "cabinet", "reverb"])


def test_what_the_engine_refuses_leaves_the_chain(
    window: MainWindow, choose: Choose, qtbot: QtBot, engine: Engine
) -> None:
    choose("four-slots")
    engine.send("/chain", "nobody")
    qtbot.waitUntil(window.messages.isVisible)
    assert order(window) == ["drive", "cabinet", "delay", "reverb"]


def test_the_keyboard_reaches_a_rack_in_the_order_of_the_chain(
    window: MainWindow, choose: Choose, qtbot: QtBot
) -> None:
    choose("four-slots")
    card_of(window, "reverb").head.up.click()
    qtbot.waitUntil(lambda: order(window)[2] == "reverb")
    for card in window.rack.cards:
        card.open(True)
    there = controls(window)
    assert len(there) > 100
    assert there <= reached(window)
    for control in there:
        assert control.accessibleName() or control.text(), control
    chain = []
    widget = window.nextInFocusChain()
    while widget is not window:
        chain.append(widget)
        widget = widget.nextInFocusChain()
    heads = [chain.index(card.head.fold) for card in window.rack.cards]
    assert heads == sorted(heads)


def test_every_new_control_has_a_tip(window: MainWindow, choose: Choose) -> None:
    choose("four-slots")
    for card in window.rack.cards:
        for control in card.head.controls:
            assert control.toolTip(), control.accessibleName()
    assert window.rack.add.toolTip()


def test_history_and_changes_tell_slots_apart(
    window: MainWindow, choose: Choose, qtbot: QtBot, engine: Engine
) -> None:
    choose("four-slots")
    engine.send("/parameter/drive/drive", 0.9)
    model = window.changes.model
    qtbot.waitUntil(lambda: model.rowCount() == 1)
    assert model.data(model.index(0, 1)) == "Drive · drive"
    engine.send("/parameter/delay/bypass", 1)
    qtbot.waitUntil(lambda: model.rowCount() == 2)
    assert [model.data(model.index(0, n)) for n in (1, 2, 3)] == ["Bypass · delay", "Off", "On"]
    window.do("tab_history")
    history = window.history
    assert history.slot.isVisible()
    assert len(history.curves) == 3
    history.slot.setCurrentIndex(1)
    history.slot.activated.emit(1)
    assert len(history.curves) == len(card_of(window, "cabinet").slot.plugin.predicted)
    choose("mda-overdrive")
    assert history.slot.isHidden()


def test_the_map_of_several_says_why_it_is_empty(
    window: MainWindow, choose: Choose, qtbot: QtBot, fake: FakeEngine
) -> None:
    choose("four-slots")
    window.do("tab_map")
    qtbot.waitUntil(window.map.isVisible)
    assert "several in a row" in window.map.accessibleName()
    qtbot.mouseClick(window.map, LEFT, pos=QPoint(100, 100))
    qtbot.keyClick(window.map, Qt.Key.Key_Right)
    qtbot.wait(100)
    assert fake.ordered("/map") == []


def test_of_a_chain_in_a_daw_only_the_track_is_chosen(
    window: MainWindow, choose: Choose, qtbot: QtBot, fake: FakeEngine
) -> None:
    choose("four-slots")
    card = window.setup.host
    card.kind.setCurrentIndex(card.kind.findData("ardour"))
    card.kind.activated.emit(card.kind.currentIndex())
    card.discover_button.click()
    qtbot.waitUntil(card.track.isVisible)
    assert card.place.isHidden()
    card.connect_button.click()
    qtbot.waitUntil(lambda: fake.ordered("/host") == [("ardour://127.0.0.1:3819/Guitar",)])


def test_a_rig_that_is_added_to_the_library_is_known_at_once(
    qapp: QApplication, qtbot: QtBot, library: Library, fake: FakeEngine, tmp_path: Path
) -> None:
    mine = tmp_path / "plugins_manifest.yaml"
    engine = Engine(Library((SHIPPED, Layer(mine, tmp_path))), fake.port)
    engine.start()
    try:
        engine.send("/chain", "four-slots")
        qtbot.waitUntil(lambda: engine.values.get("/chain") == ("four-slots",))
        assert engine.chain is None
        mine.write_text(library.layers[1].manifest.read_text())
        fake.tell("/rigs", "[]")
        qtbot.waitUntil(lambda: engine.chain is not None and len(engine.chain.slots) == 4)
    finally:
        engine.close()


def test_few_rows_share_the_room_and_give_it_back(
    window: MainWindow, choose: Choose, qtbot: QtBot
) -> None:
    choose("mda-overdrive")
    bar = window.rack.area.verticalScrollBar()
    assert bar
    first, second = (row.slider for row in window.rack.rows[:2])
    for size, apart in (((1280, 720), 70), ((1920, 1080), 130)):
        window.resize(*size)
        qtbot.waitUntil(lambda a=apart: second.y() - first.y() > a and bar.maximum() == 0)
    window.resize(1024, 600)
    qtbot.waitUntil(lambda: second.y() - first.y() < 70 and bar.maximum() == 0)
