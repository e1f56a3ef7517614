"""What the rack is made of, without Qt: edits of a chain, the library's list, the cards' heads."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.chain import Chain, chain_of
from bridge.control.nodes import Value
from bridge.library import Library
from gui.views.catalogue import PLUGINS, RIGS, catalogue
from gui.views.chain_edit import added, items, moved, removed
from gui.views.rack import (
    opened_at_first,
    place_of_drop,
    slot_parameters,
    slot_view,
    slots_told,
)
from gui.views.sound_map import missing_map, snapshot_setting

ITEMS = ("mda-overdrive", "mda-delay", "four-slots", "four-slots/reverb", "nine-slots/drive")


def test_a_slot_of_a_rig_that_is_kept_keeps_its_id_and_start(library: Library) -> None:
    manifest = library.manifest
    rig = chain_of("four-slots", manifest)
    edit = removed(rig, 1, manifest)
    assert edit.chain.id == "four-slots/drive,four-slots/delay,four-slots/reverb"
    assert [slot.id for slot in edit.chain.slots] == ["drive", "delay", "reverb"]
    assert edit.chain.slots[0].start == rig.slots[0].start
    assert edit.chain.slots[1].optional
    assert edit.carried(rig, {}) == ()


def test_a_rig_that_is_whole_again_is_the_rig(library: Library) -> None:
    manifest = library.manifest
    rig = chain_of("four-slots", manifest)
    away = moved(rig, 3, 0, manifest).chain
    assert away.id == "four-slots/reverb,four-slots/drive,four-slots/cabinet,four-slots/delay"
    assert moved(away, 0, 3, manifest).chain == rig


def test_a_plugin_or_a_rig_is_added_at_the_end(library: Library) -> None:
    manifest = library.manifest
    edit = added(chain_of("mda-delay", manifest), "four-slots", manifest)
    assert [slot.id for slot in edit.chain.slots] == [
        "mda-delay",
        "drive",
        "cabinet",
        "delay",
        "reverb",
    ]
    assert edit.origins == ("mda-delay", None, None, None, None)


def test_what_is_set_goes_along_where_an_id_changes(library: Library) -> None:
    manifest = library.manifest
    chain = chain_of("mda-overdrive,mda-delay,mda-overdrive", manifest)
    values: dict[str, Value] = {
        "/parameter/mda-overdrive/drive": (0.1,),
        "/parameter/mda-overdrive-2/drive": (0.9,),
        "/parameter/mda-overdrive-2/drive/yours": (1,),
        "/parameter/mda-overdrive-2/muffle": (0.4,),
        "/parameter/mda-overdrive-2/muffle/lock": (1,),
        "/parameter/mda-overdrive-2/bypass": (1,),
    }
    edit = removed(chain, 0, manifest)
    assert edit.chain.id == "mda-delay,mda-overdrive"
    orders = edit.carried(chain, values)
    assert ("/parameter/mda-overdrive/drive", (0.9,)) in orders
    assert ("/parameter/mda-overdrive/muffle/lock", (1,)) in orders
    assert ("/parameter/mda-overdrive/bypass", (1,)) in orders
    armed = [value[0] for where, value in orders if where == "/arm"]
    assert "mda-overdrive/muffle" in armed
    assert "mda-overdrive/drive" not in armed
    assert not any("mda-delay" in where for where, _ in orders)


@given(
    st.lists(st.sampled_from(ITEMS), min_size=1, max_size=4),
    st.data(),
)
def test_an_edit_moves_exactly_what_it_says(
    library: Library, wanted: list[str], data: st.DataObject
) -> None:
    manifest = library.manifest
    chain = chain_of(",".join(wanted), manifest)
    places = st.integers(0, len(chain.slots) - 1)
    number, to = data.draw(places), data.draw(places)
    edit = moved(chain, number, to, manifest)
    expected = list(chain.slots)
    expected.insert(to, expected.pop(number))
    assert [slot.plugin for slot in edit.chain.slots] == [slot.plugin for slot in expected]
    assert [slot.start for slot in edit.chain.slots] == [slot.start for slot in expected]
    assert list(edit.origins) == [slot.id for slot in expected]
    if len(chain.slots) > 1:
        less = removed(chain, number, manifest)
        assert list(less.origins) == [s.id for s in chain.slots if s is not chain.slots[number]]
    assert len(items(chain.id, manifest)) == len(chain.slots)


def told() -> dict[str, Value]:
    plugins = [
        {"id": "a", "name": "Alpha", "kind": "delay", "installed": True, "model": True},
        {"id": "b", "name": "Beta", "kind": "reverb", "installed": True, "model": False},
        {"id": "c", "name": "Gamma", "kind": "reverb", "installed": False, "model": True},
    ]
    rigs = [
        {"id": "r", "name": "Rig", "kind": "amp", "slots": [{"slot": "x", "plugin": "a"}]},
        {"id": "s", "name": "Other", "kind": "amp", "slots": [{"slot": "x", "plugin": "c"}]},
    ]
    return {"/plugins": (json.dumps(plugins),), "/rigs": (json.dumps(rigs),)}


def test_the_list_has_rigs_then_plugins_and_says_what_is_missing() -> None:
    entries = {entry.id: entry for entry in catalogue(told())}
    assert [entry.group for entry in entries.values()] == [RIGS, RIGS, PLUGINS, PLUGINS, PLUGINS]
    assert entries["r"].help == "Alpha"
    assert entries["s"].missing == "Not installed here: install Gamma first"
    assert entries["c"].missing == "Not installed here: install Gamma first"
    # Without a model it is a plugin like any other.
    assert entries["b"].text == "Beta (reverb)"
    assert not entries["b"].missing
    assert [e.id for e in entries.values() if e.is_found_by("REV  be")] == ["b"]
    assert catalogue({}) == []
    assert catalogue({"/plugins": ("nonsense",), "/rigs": ("[1, {}]",)}) == []


def test_a_head_says_values_bypass_and_confidence(library: Library) -> None:
    chain = chain_of("four-slots", library.manifest)
    values: dict[str, Value] = {
        "/slots": (json.dumps([{"id": "drive", "place": "Guitar/Overdrive", "model": True}]),),
        "/parameter/drive/drive": (0.25,),
        "/parameter/drive/bypass": (1,),
        "/parameter/drive/bypass/by": ("you",),
        "/parameter/drive/bypass/yours": (1,),
        "/parameter/drive/bypass/predicted": (0,),
        "/slot/drive/confidence": (0.75,),
    }
    parameters = slot_parameters(chain.slots[0])
    slots = slots_told(values)
    view = slot_view(parameters, values, slots["drive"])
    assert (view.name, view.label, view.place) == ("mda Overdrive", "drive", "Guitar/Overdrive")
    assert view.summary == "Drive 25.0 % · Muffle 0.0 % · Output 0.0 dB"
    assert view.confidence == 0.75
    assert view.spoken == (
        "Left out of the sound; the model would use it; switched last by you;"
        " yours until you hand it back"
    )
    without = slot_view(parameters, values, {"model": False})
    assert without.confidence is None
    assert without.place == ""
    untold = slot_view(parameters, {}, {})
    assert untold.spoken == "In the sound"
    # It stands where the rig starts.
    assert untold.summary.startswith("Drive 40.0 %")


@pytest.mark.parametrize(
    ("room_px", "opened"), [(0, 0), (160, 0), (255, 0), (256, 1), (500, 2), (2000, 4)]
)
def test_as_many_cards_are_open_as_fit(room_px: int, opened: int) -> None:
    assert opened_at_first([3, 6, 6, 4], room_px, head_px=40, row_px=32) == opened


@pytest.mark.parametrize(
    ("number", "y", "place"), [(0, 0, 0), (0, 25, 1), (0, 99, 3), (2, 5, 0), (2, 31, 2), (3, 15, 1)]
)
def test_a_card_is_dropped_between_the_others(number: int, y: float, place: int) -> None:
    assert place_of_drop([10, 20, 30, 40], number, y) == place


def test_a_map_belongs_to_a_chain_of_one(library: Library) -> None:
    chain = chain_of("four-slots", library.manifest)
    assert "several" in missing_map(chain, False)
    one = Chain.of_plugin(chain.slots[0].plugin)
    assert "No sound map" in missing_map(one, False)
    assert "read" in missing_map(one, True)
    assert "Choose" in missing_map(None, False)
    setting = snapshot_setting(one, {"mda-overdrive/drive": 0.5, "gone/drive": 3.0})
    assert setting.values["drive"] == pytest.approx(0.5)
