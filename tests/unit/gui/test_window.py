import json
from collections.abc import Callable
from pathlib import Path

import mido
import numpy as np
import pytest
from PyQt6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PyQt6.QtGui import QDropEvent
from PyQt6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from bridge.manifest import Manifest
from gui.engine import Engine
from gui.remembered import SCALES, Remembered
from gui.views.actions import ACTIONS
from gui.views.midi import parameter_target
from gui.views.numbers import real_text
from gui.views.output import level_text
from gui.views.sound_map import MapPicture
from gui.widgets import sound_map
from gui.widgets.fields import ChoiceField
from gui.widgets.library import ID
from gui.widgets.main_window import MainWindow
from gui.widgets.midi_dialog import MidiDialog
from gui.widgets.parameters import ParameterRow
from gui.widgets.preset_dialogs import NameDialog, PresetBrowser
from gui.widgets.shortcuts import ShortcutSheet
from gui.widgets.snapshots import SnapshotNames
from tests.fake_engine import FakeEngine
from tests.rigs.keyboard import controls, reached

Choose = Callable[[str], None]
LEFT = Qt.MouseButton.LeftButton


def row_of(window: MainWindow, symbol: str) -> ParameterRow:
    return next(row for row in window.rack.rows if row.spec.symbol == symbol)


def drag(qtbot: QtBot, widget: QWidget, start: QPoint, way: QPoint) -> None:
    qtbot.mousePress(widget, LEFT, pos=start)
    qtbot.mouseMove(widget, start + way)
    qtbot.mouseRelease(widget, LEFT, pos=start + way)


def test_every_parameter_of_every_plugin_has_its_row(
    window: MainWindow, choose: Choose, manifest: Manifest
) -> None:
    for plugin in manifest.plugins:
        choose(plugin.id)
        assert [row.spec for row in window.rack.rows] == list(plugin.parameters)
        for row in window.rack.rows:
            assert row.spec.name in row.slider.accessibleName()
            assert row.lock.isEnabled() == row.spec.predicted


def test_match_moves_the_sliders_to_the_prediction(
    window: MainWindow, choose: Choose, qtbot: QtBot, engine: Engine
) -> None:
    choose("mda-overdrive")
    window.play.buttons["match"].click()
    for row in window.rack.rows:
        wanted = engine.values[f"/parameter/{row.parameter.address}/predicted"][0]
        qtbot.waitUntil(
            lambda row=row, wanted=wanted: row.slider.value() == round(1000 * float(wanted))
        )
        assert row.predicted.text() in row.slider.accessibleDescription()
        assert real_text(row.spec, float(wanted)) in row.slider.accessibleName()


def test_a_drag_moves_from_where_the_handle_is_and_makes_it_yours(
    window: MainWindow, choose: Choose, qtbot: QtBot, fake: FakeEngine
) -> None:
    choose("mda-overdrive")
    row = row_of(window, "output")
    slider = row.slider
    assert slider.value() == 500
    far_right = QPoint(slider.width() - 12, slider.height() // 2)
    qtbot.mousePress(slider, LEFT, pos=far_right)
    assert slider.value() == 500
    # A large slider's track ends 16.5 px before its edges.
    qtbot.mouseMove(slider, far_right - QPoint((slider.width() - 33) // 4, 0))
    assert slider.value() == pytest.approx(250, abs=10)
    # While it is held, nobody else moves it.
    fake.tell("/parameter/mda-overdrive/output", 0.9)
    qtbot.wait(150)
    assert slider.value() == pytest.approx(250, abs=10)
    qtbot.mouseRelease(slider, LEFT)
    qtbot.waitUntil(row.badge.isVisible)
    assert fake.ordered("/parameter/mda-overdrive/output")[-1] == (pytest.approx(0.25, abs=0.01),)
    row.badge.click()
    qtbot.waitUntil(lambda: not row.badge.isVisible())
    assert fake.ordered("/arm") == [("mda-overdrive/output",)]


def test_keys_turn_a_slider_and_hand_it_back(
    window: MainWindow, choose: Choose, qtbot: QtBot, fake: FakeEngine
) -> None:
    choose("pedalboard-compressor")
    slider = row_of(window, "threshold_db").slider
    before = slider.value()
    qtbot.keyClick(slider, Qt.Key.Key_Left)
    qtbot.keyClick(slider, Qt.Key.Key_PageDown)
    assert slider.value() == before - 110
    qtbot.waitUntil(lambda: fake.ordered("/parameter/pedalboard-compressor/threshold_db") != [])
    assert fake.ordered("/parameter/pedalboard-compressor/threshold_db")[-1] == (
        pytest.approx(-6.6, abs=1e-3),
    )
    qtbot.keyClick(slider, Qt.Key.Key_Backspace)
    qtbot.waitUntil(lambda: fake.ordered("/arm") == [("pedalboard-compressor/threshold_db",)])


def test_a_value_is_typed_in_its_unit(
    window: MainWindow, choose: Choose, qtbot: QtBot, fake: FakeEngine
) -> None:
    choose("pedalboard-compressor")
    field = row_of(window, "threshold_db").field
    assert field.text() == "0.0 dB"
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, "-18.5")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(
        lambda: fake.ordered("/parameter/pedalboard-compressor/threshold_db") == [(-18.5,)]
    )
    qtbot.waitUntil(lambda: field.text() == "-18.5 dB")


def test_nothing_is_shown_as_less_than_nothing(
    window: MainWindow, choose: Choose, qtbot: QtBot, fake: FakeEngine
) -> None:
    choose("pedalboard-compressor")
    field = row_of(window, "threshold_db").field
    fake.tell("/parameter/pedalboard-compressor/threshold_db", -1.0)
    qtbot.waitUntil(lambda: field.text() == "-1.0 dB")
    fake.tell("/parameter/pedalboard-compressor/threshold_db", -0.04)
    qtbot.waitUntil(lambda: field.text() == "0.0 dB")
    assert level_text(-0.2) == "+0 dB"


def test_a_choice_is_made_by_its_label(
    window: MainWindow, choose: Choose, qtbot: QtBot, fake: FakeEngine
) -> None:
    choose("mda-leslie")
    row = row_of(window, "mode")
    assert isinstance(row.field, ChoiceField)
    assert row.field.currentText() == "Slow"
    qtbot.keyClick(row.slider, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: row.field.currentText() == "Fast")
    qtbot.waitUntil(lambda: fake.ordered("/parameter/mda-leslie/mode") == [(1.0,)])


def test_a_lock_keeps_the_model_off(
    window: MainWindow, choose: Choose, qtbot: QtBot, engine: Engine
) -> None:
    choose("mda-overdrive")
    row = row_of(window, "drive")
    row.lock.click()
    qtbot.waitUntil(lambda: engine.values["/parameter/mda-overdrive/drive/lock"] == (1,))
    window.play.buttons["match"].click()
    other = row_of(window, "muffle")
    qtbot.waitUntil(lambda: other.slider.value() > 0)
    assert row.slider.value() == 0


@pytest.mark.parametrize(
    "action_id", [action.id for action in ACTIONS if action.sends or action.toggles]
)
def test_an_action_orders_what_its_table_says(
    action_id: str, window: MainWindow, choose: Choose, qtbot: QtBot, fake: FakeEngine
) -> None:
    choose("mda-overdrive")
    action = next(one for one in ACTIONS if one.id == action_id)
    window.actions_by_id[action_id].trigger()
    address, *arguments = action.sends or (action.toggles, 0 if action_id == "rendering" else 1)
    qtbot.waitUntil(lambda: tuple(arguments) in fake.ordered(str(address)))


@pytest.mark.parametrize("name", ["follow", "freeze", "bypass"])
def test_a_switch_shows_what_the_engine_does(
    name: str, window: MainWindow, qtbot: QtBot, fake: FakeEngine
) -> None:
    button = window.play.buttons[name]
    button.click()
    qtbot.waitUntil(lambda: window.actions_by_id[name].isChecked())
    fake.tell(f"/{name}", 0)
    qtbot.waitUntil(lambda: not button.isChecked())


def test_amount_moves_by_slider_keys_and_double_click(
    window: MainWindow, qtbot: QtBot, fake: FakeEngine, engine: Engine
) -> None:
    assert "100 %" in window.play.amount.accessibleName()
    window.do("amount_down")
    qtbot.waitUntil(lambda: engine.values["/amount"] == (pytest.approx(0.95),))
    assert "95 %" in window.play.amount.accessibleName()
    qtbot.keyClick(window.play.amount, Qt.Key.Key_Home)
    qtbot.waitUntil(lambda: fake.ordered("/amount")[-1] == (0.0,))
    qtbot.mouseDClick(window.play.amount, LEFT)
    qtbot.waitUntil(lambda: engine.values["/amount"] == (1.0,))


def test_input_is_chosen_and_its_clip_light_stays_until_pressed(
    window: MainWindow, qtbot: QtBot, fake: FakeEngine, engine: Engine
) -> None:
    card = window.setup.input
    qtbot.waitUntil(lambda: card.device.findText("Scarlett 2i2 USB") >= 0)
    card.device.setCurrentIndex(card.device.findText("Scarlett 2i2 USB"))
    card.device.activated.emit(card.device.currentIndex())
    qtbot.waitUntil(lambda: engine.values.get("/input/connected") == (1,))
    card.channels.setCurrentIndex(card.channels.findText("Ch 2"))
    card.channels.activated.emit(card.channels.currentIndex())
    qtbot.waitUntil(lambda: fake.ordered("/source/channels") == [("2",)])
    assert not card.meter.clip.isEnabled()
    fake.tell("/input/clipped", 1)
    qtbot.waitUntil(card.meter.clip.isEnabled)
    card.meter.clip.click()
    qtbot.waitUntil(lambda: not card.meter.clip.isEnabled())


def test_a_dropped_file_becomes_the_reference(
    window: MainWindow, qtbot: QtBot, fake: FakeEngine, reference_path: Path
) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(reference_path))])
    card = window.setup.reference
    card.dropEvent(
        QDropEvent(
            QPointF(20, 20),
            Qt.DropAction.CopyAction,
            mime,
            LEFT,
            Qt.KeyboardModifier.NoModifier,
        )
    )
    qtbot.waitUntil(lambda: card.waveform.seconds == pytest.approx(9.5, abs=0.1))
    assert fake.ordered("/reference") == [(str(reference_path),)]
    wave = card.waveform
    drag(qtbot, wave, QPoint(1, 20), QPoint(wave.width() // 2, 0))
    qtbot.waitUntil(lambda: fake.ordered("/reference/region") != [])
    low, high = fake.ordered("/reference/region")[-1]
    assert low == pytest.approx(wave.seconds / 2, rel=0.05)
    assert high == pytest.approx(wave.seconds, rel=1e-3)
    qtbot.keyClick(wave, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: fake.ordered("/reference/region")[-1][1] < high)
    qtbot.mouseDClick(wave, LEFT)
    qtbot.waitUntil(lambda: fake.ordered("/reference/region")[-1] == (0.0, 0.0))


def test_what_is_wrong_with_a_reference_is_said(
    window: MainWindow, qtbot: QtBot, fake: FakeEngine
) -> None:
    report = {"seconds": 2.8, "advice": ["It is short; about ten seconds say more."]}
    fake.tell("/reference/report", json.dumps(report))
    card = window.setup.reference
    qtbot.waitUntil(lambda: card.advice.text() == report["advice"][0])
    card.learn_button.click()
    qtbot.waitUntil(lambda: fake.ordered("/learn") == [(10.0,)])
    fake.tell("/learn/progress", 0.5)
    qtbot.waitUntil(lambda: not card.learn_button.isEnabled())


def test_a_plugin_that_is_not_installed_cannot_be_chosen(
    window: MainWindow, qtbot: QtBot, fake: FakeEngine
) -> None:
    combo = window.setup.chain.choice
    for absent in ("mda-leslie", "needs-leslie"):
        qtbot.waitUntil(lambda a=absent: "not installed" in combo.itemText(combo.findData(a, ID)))
        item = combo.model().item(combo.findData(absent, ID))
        assert not item.isEnabled()
        assert item.toolTip() == "Not installed here: install mda Leslie first"
    combo.setCurrentIndex(combo.findData("mda-delay", ID))
    combo.activated.emit(combo.currentIndex())
    qtbot.waitUntil(lambda: fake.ordered("/chain") == [("mda-delay",)])


def test_discover_fills_the_menus_and_connect_names_the_place(
    window: MainWindow, choose: Choose, qtbot: QtBot, fake: FakeEngine
) -> None:
    choose("mda-overdrive")
    card = window.setup.host
    card.kind.setCurrentIndex(card.kind.findData("ardour"))
    card.kind.activated.emit(card.kind.currentIndex())
    assert card.address.text() == "127.0.0.1:3819"
    card.discover_button.click()
    qtbot.waitUntil(lambda: card.place.currentText() == "MDA Overdrive")
    assert fake.ordered("/discover") == [("ardour://127.0.0.1:3819",)]
    card.connect_button.click()
    url = "ardour://127.0.0.1:3819/Guitar/MDA%20Overdrive"
    qtbot.waitUntil(lambda: fake.ordered("/host") == [(url,)])
    card.kind.setCurrentIndex(0)
    card.kind.activated.emit(card.kind.currentIndex())
    card.connect_button.click()
    qtbot.waitUntil(lambda: fake.ordered("/host")[-1] == ("embedded",))


def test_snapshots_are_stored_then_recalled(
    window: MainWindow, choose: Choose, qtbot: QtBot, fake: FakeEngine, engine: Engine
) -> None:
    choose("mda-overdrive")
    button = window.compare.snapshots["B"]
    button.click()
    qtbot.waitUntil(lambda: button.property("stored") is True)
    engine.send("/parameter/mda-overdrive/drive", 0.9)
    qtbot.waitUntil(lambda: row_of(window, "drive").slider.value() == 900)
    button.click()
    qtbot.waitUntil(lambda: row_of(window, "drive").slider.value() == 0)
    window.compare.store.click()
    button.click()
    qtbot.waitUntil(lambda: len(fake.ordered("/snapshot/store")) == 2)


def test_only_the_embedded_host_is_listened_to(
    window: MainWindow, qtbot: QtBot, fake: FakeEngine, engine: Engine
) -> None:
    assert not window.compare.hear["dry"].isEnabled()
    assert "a DAW plays by itself" in window.compare.hear["dry"].toolTip()
    engine.send("/host", "embedded")
    qtbot.waitUntil(lambda: "no sound output" in window.compare.hear["dry"].toolTip())
    assert not window.compare.sound.isEnabled()
    fake.tell("/output/device", "Scarlett 2i2 USB")
    qtbot.waitUntil(window.compare.hear["dry"].isEnabled)
    window.compare.hear["dry"].click()
    qtbot.waitUntil(lambda: fake.ordered("/audition") == [("dry",)])


def test_undo_can_be_pressed_once_there_is_something(
    window: MainWindow, qtbot: QtBot, fake: FakeEngine
) -> None:
    panel = window.rack
    assert not panel.undo.isEnabled()
    fake.tell("/history", 2, 1)
    qtbot.waitUntil(lambda: panel.undo.isEnabled() and panel.redo.isEnabled())
    panel.undo.click()
    panel.redo.click()
    qtbot.waitUntil(lambda: fake.ordered("/undo") == fake.ordered("/redo") == [()])


def test_changes_are_listed_with_their_author(
    window: MainWindow, choose: Choose, qtbot: QtBot, engine: Engine, fake: FakeEngine
) -> None:
    choose("mda-overdrive")
    engine.send("/parameter/mda-overdrive/drive", 0.9)
    model = window.changes.model
    qtbot.waitUntil(lambda: model.rowCount() == 1)
    cells = [model.data(model.index(0, column)) for column in range(model.columnCount())]
    assert cells[1:] == ["Drive", "0.0 %", "90.0 %", "you"]
    engine.send("/parameter/mda-overdrive/muffle", 0.5)
    qtbot.waitUntil(lambda: model.rowCount() == 2)
    engine.send("/parameter/mda-overdrive/output", 0.25)
    qtbot.waitUntil(lambda: model.rowCount() == 3)
    # Back to how it was after the first of them.
    window.changes.table.activated.emit(model.index(2, 0))
    qtbot.waitUntil(lambda: fake.ordered("/set") != [])
    ((told,),) = fake.ordered("/set")
    assert json.loads(str(told)) == {"mda-overdrive/muffle": 0.0, "mda-overdrive/output": 0.5}
    choose("mda-delay")
    assert model.rowCount() == 0


@pytest.mark.parametrize("size", [(1024, 600), (1280, 720)])
def test_no_value_of_a_change_is_cut(
    size: tuple[int, int],
    window: MainWindow,
    choose: Choose,
    qtbot: QtBot,
    engine: Engine,
) -> None:
    choose("pedalboard-compressor")
    window.resize(*size)
    window.do("tab_changes")
    for symbol, real in (("threshold_db", -18.53), ("release_ms", 987.6)):
        engine.send(f"/parameter/pedalboard-compressor/{symbol}", real)
    model, table = window.changes.model, window.changes.table
    qtbot.waitUntil(lambda: model.rowCount() == 2)
    qtbot.wait(50)
    for column in (2, 3, 4):
        assert table.columnWidth(column) >= table.sizeHintForColumn(column)
        head = table.horizontalHeader()
        assert table.columnWidth(column) >= head.sectionSizeHint(column)
    assert not table.horizontalScrollBar().maximum()
    assert table.columnWidth(1) >= 40
    tip = model.data(model.index(0, 1), Qt.ItemDataRole.ToolTipRole)
    assert str(tip).endswith(f"{real_text(window.rack.rows[3].spec, 987.6)}, you")


def test_the_sound_map_is_dragged_and_walked(
    window: MainWindow,
    choose: Choose,
    qtbot: QtBot,
    fake: FakeEngine,
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    draw = np.random.default_rng(0)
    cloud = MapPicture(draw.random((50, 2)), draw.random((50, 3)), draw.random((50, 6)))
    monkeypatch.setattr(sound_map, "read_map", lambda _: cloud)
    choose("mda-delay")
    window.do("tab_map")
    pad = window.map
    qtbot.waitUntil(lambda: pad.isVisible() and pad.cloud is cloud)
    plain = pad.grab().toImage()
    heard = [number for n in range(40) for number in (0.5 + n / 400, 0.5, 0.4 + n / 100)]
    fake.tell("/map/heard", *heard)
    qtbot.waitUntil(lambda: pad.grab().toImage() != plain)
    drag(qtbot, pad, QPoint(pad.width() // 2, 60), QPoint(-400, 0))
    qtbot.waitUntil(lambda: fake.ordered("/map") != [])
    x, y = fake.ordered("/map")[-1]
    assert x == 0
    assert 0.5 < y <= 1
    qtbot.waitUntil(lambda: engine.values["/map"] == (x, pytest.approx(y)))
    qtbot.keyClick(pad, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: fake.ordered("/map")[-1] == (pytest.approx(0.01), pytest.approx(y)))


def test_pictures_show_what_came(
    window: MainWindow, choose: Choose, qtbot: QtBot, engine: Engine, fake: FakeEngine
) -> None:
    choose("mda-overdrive")
    engine.send("/source", "x")
    curve = window.spectrum.curves["input"]
    qtbot.waitUntil(lambda: curve.getData()[0] is not None and len(curve.getData()[0]) > 80)
    hz = curve.getOriginalDataset()[0]
    assert hz[0] > 40
    assert hz[-1] < 12_000
    assert all(hz[1:] > hz[:-1])
    # Only what is told is drawn.
    assert window.spectrum.curves["output"].getData()[0] is None
    fake.tell("/spectrum/output", *engine.values["/spectrum/input"])
    output = window.spectrum.curves["output"]
    qtbot.waitUntil(lambda: output.getData()[0] is not None)
    assert len(window.spectrum.peaks["output"].getData()[0]) == len(output.getData()[0])
    window.do("tab_history")
    qtbot.waitUntil(lambda: len(window.history.curves) == 3)
    legend = window.history.legend
    before = dict(legend.entries)
    assert list(before) == ["Drive", "Muffle", "Output"]
    assert legend.geometry().top() > window.history.plot.geometry().bottom()
    window.do("theme")
    window.do("theme")
    assert list(legend.entries) == list(before)
    assert legend.entries != before
    for picture in (window.history, window.map):
        assert not picture.grab().isNull()


def test_what_the_engine_refuses_is_a_sentence(
    window: MainWindow, choose: Choose, qtbot: QtBot, fake: FakeEngine, engine: Engine
) -> None:
    choose("mda-overdrive")
    assert window.messages.isHidden()
    engine.send("/snapshot/recall", "C")
    qtbot.waitUntil(window.messages.isVisible)
    assert window.messages.words.text() == "Snapshot C is empty; store it first"
    window.messages.dismiss.click()
    assert window.messages.isHidden()
    fake.tell("/engine/fault", "the host is gone; start it again")
    qtbot.waitUntil(lambda: window.messages.words.text() == "The host is gone; start it again")
    fake.tell("/engine/fault", "")
    qtbot.waitUntil(window.messages.isHidden)


def test_the_status_bar_clears_overflows(
    window: MainWindow, qtbot: QtBot, fake: FakeEngine
) -> None:
    field = window.status.fields["overflows"]
    fake.tell("/input/overflows", 3)
    qtbot.waitUntil(lambda: "3 overflows" in field.text())
    field.click()
    qtbot.waitUntil(lambda: "No overflow" in field.text())


def test_a_preset_is_saved_and_loaded_into_another_plugin(
    window: MainWindow,
    choose: Choose,
    qtbot: QtBot,
    engine: Engine,
    tmp_path: Path,
) -> None:
    choose("mda-overdrive")
    engine.send("/parameter/mda-overdrive/drive", 0.8)
    engine.send("/parameter/mda-overdrive/muffle/lock", 1)
    engine.send("/amount", 0.25)
    qtbot.waitUntil(lambda: engine.values["/amount"] == (0.25,))
    window.presets.save(tmp_path / "one.dafx")
    qtbot.waitUntil((tmp_path / "one.dafx").exists)
    engine.send("/amount", 1.0)
    choose("mda-delay")
    window.presets.load(tmp_path / "one.dafx")
    qtbot.waitUntil(
        lambda: engine.values.get("/parameter/mda-overdrive/drive") == (pytest.approx(0.8),)
    )
    qtbot.waitUntil(lambda: engine.values["/parameter/mda-overdrive/muffle/lock"] == (1,))
    assert engine.values["/amount"] == (0.25,)
    window.presets.load(tmp_path / "none.dafx")
    qtbot.waitUntil(
        lambda: "none.dafx: cannot be read as a preset" in window.messages.accessibleName()
    )


def test_midi_triggers_and_learns_through_the_dialog(
    window: MainWindow, qtbot: QtBot, fake: FakeEngine, remembered: Remembered
) -> None:
    dialog = MidiDialog(window.midi, window)
    qtbot.addWidget(dialog)
    pedal = mido.Message("control_change", control=64, value=127)
    dialog.learn["freeze"].click()
    window.midi.put(pedal)
    qtbot.waitUntil(lambda: remembered.midi_keys == {"freeze": "control_change 1 64"})
    assert not dialog.learn["freeze"].isChecked()
    window.midi.put(pedal.copy(value=0))
    window.midi.put(pedal)
    qtbot.waitUntil(lambda: fake.ordered("/freeze") == [(1,)])
    dialog.learn["amount"].click()
    knob = mido.Message("control_change", control=7, value=125)
    window.midi.put(knob)
    qtbot.waitUntil(lambda: not window.midi.map.learning)
    window.midi.put(knob.copy(value=124))
    qtbot.waitUntil(lambda: fake.ordered("/amount") == [(pytest.approx(124 / 127),)])
    dialog.forget["amount"].click()
    assert "amount" not in remembered.midi_keys
    window.midi.put(knob)
    qtbot.wait(100)
    assert len(fake.ordered("/amount")) == 1


def test_midi_recalls_snapshots_and_turns_parameters(
    window: MainWindow, choose: Choose, qtbot: QtBot, fake: FakeEngine, engine: Engine
) -> None:
    choose("mda-overdrive")
    engine.send("/snapshot/store", "B")
    dialog = MidiDialog(window.midi, window)
    qtbot.addWidget(dialog)
    dialog.learn["recall_B"].click()
    window.midi.put(mido.Message("program_change", program=3))
    qtbot.waitUntil(lambda: not dialog.learn["recall_B"].isChecked())
    window.midi.put(mido.Message("program_change", program=3))
    qtbot.waitUntil(lambda: fake.ordered("/snapshot/recall") == [("B",)])
    target = parameter_target("mda-overdrive/output")
    assert dialog.learn[target].accessibleName() == "Learn Output"
    dialog.learn[target].click()
    knob = mido.Message("control_change", control=9, value=64)
    window.midi.put(knob)
    window.midi.put(knob.copy(value=100))
    where = "/parameter/mda-overdrive/output/normalised"
    # At its middle it meets the value, which it then takes along.
    window.midi.put(knob)
    window.midi.put(knob.copy(value=100))
    qtbot.waitUntil(lambda: fake.ordered(where)[-1:] == [(pytest.approx(100 / 127),)])


def test_snapshots_have_names(
    window: MainWindow, choose: Choose, qtbot: QtBot, fake: FakeEngine
) -> None:
    choose("mda-overdrive")
    dialog = SnapshotNames(window.engine, window)
    qtbot.addWidget(dialog)
    dialog.fields["B"].setText(" wide & loud ")
    qtbot.keyClick(dialog.fields["B"], Qt.Key.Key_Return)
    button = window.compare.snapshots["B"]
    qtbot.waitUntil(lambda: button.accessibleName() == "Store as snapshot B: wide & loud")
    ((told,),) = fake.ordered("/snapshots/named")
    assert json.loads(str(told))["B"] == "wide & loud"
    assert window.actions_by_id["recall_B"].text() == "Recall snapshot B: wide && loud"


def test_a_preset_is_named_found_and_shared(
    window: MainWindow,
    choose: Choose,
    qtbot: QtBot,
    engine: Engine,
    fake: FakeEngine,
    reference_path: Path,
    tmp_path: Path,
) -> None:
    choose("mda-overdrive")
    engine.send("/reference", str(reference_path))
    engine.send("/parameter/mda-overdrive/drive", 0.8)
    qtbot.waitUntil(lambda: engine.values.get("/reference") == (str(reference_path),))
    qtbot.waitUntil(lambda: row_of(window, "drive").slider.value() == 800)
    window.do("save_preset")
    asked = window.findChild(NameDialog)
    asked.name.setText("Solo")
    asked.tags.setText("lead, loud")
    qtbot.keyClick(asked.tags, Qt.Key.Key_Return)
    made = window.presets.folder / "Solo.dafx"
    qtbot.waitUntil(made.exists)
    (tmp_path / "friend.dafx").write_bytes(made.read_bytes())
    made.unlink()
    choose("mda-delay")
    window.do("load_preset")
    browser = window.findChild(PresetBrowser)
    browser.take(tmp_path / "friend.dafx")
    qtbot.waitUntil(lambda: browser.model.rowCount() == 1)
    qtbot.keyClicks(browser.search, "nothing such")
    assert browser.model.rowCount() == 0
    assert not browser.load.isEnabled()
    browser.search.setText("LOUD over")
    assert browser.model.item(0).text() == "Solo  #lead  #loud"
    assert browser.model.item(0).toolTip() == "mda Overdrive; reference reference.flac"
    qtbot.keyClick(browser.search, Qt.Key.Key_Return)
    qtbot.waitUntil(
        lambda: engine.values.get("/parameter/mda-overdrive/drive") == (pytest.approx(0.8),)
    )
    # The recording came along; it lies below this window's own folder now.
    (path,) = engine.values["/reference"]
    assert Path(str(path)).parents[1] == window.presets.folder.parent / "references"
    assert Path(str(path)).name == "reference.flac"
    qtbot.waitUntil(lambda: window.setup.reference.waveform.seconds > 9)


def test_theme_and_scale_are_remembered(
    window: MainWindow, qtbot: QtBot, remembered: Remembered, qapp: QApplication
) -> None:
    before = qapp.palette().window().color()
    window.do("theme")
    assert remembered.theme == "system"
    window.do("theme")
    assert qapp.palette().window().color() != before
    with qtbot.waitSignal(window.rescaled):
        window.do("scale_up")
    assert Remembered(remembered.folder).scale == SCALES[1]


def test_the_keyboard_reaches_every_control(
    window: MainWindow, choose: Choose, qtbot: QtBot, engine: Engine, fake: FakeEngine
) -> None:
    choose("mda-overdrive")
    engine.send("/host", "ardour://127.0.0.1:3819")
    engine.send("/discover", "ardour://127.0.0.1:3819")
    engine.send("/parameter/mda-overdrive/drive", 0.5)
    qtbot.waitUntil(lambda: window.setup.host.place.isVisible())
    qtbot.waitUntil(lambda: row_of(window, "drive").badge.isVisible())
    there = controls(window) | {window.setup.reference.waveform}
    assert len(there) > 40
    assert there <= reached(window)
    for control in there:
        assert control.accessibleName() or control.text(), control


def test_the_sheet_lists_every_key(window: MainWindow, qtbot: QtBot) -> None:
    sheet = ShortcutSheet(window)
    qtbot.addWidget(sheet)
    assert sheet.lines >= len(ACTIONS)
