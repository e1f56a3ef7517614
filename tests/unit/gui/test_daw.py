"""The page for DAWs: steps of every host, what to load there, and a knob on trial."""

import json
from collections.abc import Callable

import pytest
from PyQt6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from bridge.chain import Chain
from bridge.control.nodes import Value
from bridge.hosts import PROFILES
from bridge.manifest import Manifest
from gui.views.daw import LOADS, guides, to_load, trial_text
from gui.views.hosts import profile_of
from gui.widgets.daw_page import DawPage
from gui.widgets.main_window import MainWindow
from tests.fake_engine import FakeEngine


def test_every_host_has_its_steps_and_ends_in_this_window() -> None:
    told = guides()
    assert [one.profile for one in told] == list(PROFILES)
    for one in told:
        assert one.steps
        assert not any("dafx-bridge live" in step for step in one.steps)
        assert one.profile.scheme in LOADS or one.profile.scheme == "generic"
        if one.profile.scheme != "embedded":
            assert f"choose *{one.profile.name}*" in one.steps[-1]
    ardour = next(one for one in told if one.profile.scheme == "ardour")
    assert ardour.steps[0].startswith("*Edit → Preferences → Control Surfaces*: tick **Enabled**")
    assert ardour.sends_to == "3819"
    assert next(one for one in told if one.profile.scheme == "live").hears_at == "11001"


@pytest.mark.parametrize(
    ("plugin", "scheme", "words"),
    [
        ("mda-overdrive", "ardour", "mda Overdrive: LV2"),
        ("mda-overdrive", "live", "mda Overdrive comes as LV2, which Ableton Live does not load"),
        ("pedalboard-compressor", "reaper", "is inside the bridge: only the embedded host has it"),
        ("pedalboard-compressor", "embedded", "built in"),
        ("mda-overdrive", "supercollider", "a synth with its parameters as controls"),
    ],
)
def test_it_says_which_plugin_to_load(
    plugin: str, scheme: str, words: str, manifest: Manifest
) -> None:
    assert words in to_load(manifest.plugin(plugin), profile_of(scheme))


@pytest.mark.parametrize(
    ("heard", "words"),
    [
        (0.6, "Drive was turned to 60.0 % and back: Ardour said 60.0 %, then 50.0 %. It works."),
        (0.5, "Drive was turned to 60.0 % and back: Ardour said 50.0 %, then 50.0 %. It was not"),
        (None, "Ardour does not tell its values: did the knob move?"),
    ],
)
def test_the_trial_says_what_was_heard(heard: float | None, words: str, manifest: Manifest) -> None:
    chain = Chain.of_plugin(manifest.plugin("mda-overdrive"))
    told = {"address": "mda-overdrive/drive", "before": 0.5, "sent": 0.6, "back": 0.5}
    values: dict[str, Value] = {"/host/tested": (json.dumps(told | {"heard": heard}),)}
    assert words in trial_text(profile_of("ardour"), chain, values)
    assert trial_text(profile_of("ardour"), chain, {}) == ""


def test_the_page_tests_only_what_is_connected(
    window: MainWindow, choose: Callable[[str], None], qtbot: QtBot, fake: FakeEngine
) -> None:
    choose("mda-overdrive")
    window.do("daw")
    page = window.findChild(DawPage)
    page.choose("ardour")
    assert "mda Overdrive: LV2" in page.load.text()
    assert any("Control Surfaces" in made.text() for made in page.findChildren(QLabel))
    assert not page.test.isEnabled()
    assert "3819" in page.diagram.accessibleName()
    assert not page.grab().isNull()
    fake.tell("/host", "ardour://127.0.0.1:3819/Guitar/mda%20Overdrive")
    fake.tell("/host/state", "connected")
    qtbot.waitUntil(page.test.isEnabled)
    page.test.click()
    qtbot.waitUntil(lambda: fake.ordered("/host/test") == [()])
    assert not page.test.isEnabled()
    fake.tell("/host/tested", json.dumps({"error": "Ardour is gone; start it again"}))
    qtbot.waitUntil(lambda: page.told.text() == "Ardour is gone; start it again")
    assert page.test.isEnabled()
    page.choose("live")
    qtbot.waitUntil(lambda: not page.test.isEnabled())
