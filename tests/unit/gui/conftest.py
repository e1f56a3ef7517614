"""A window on Qt's offscreen platform, beside an engine on the real control surface."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui.app import open_window
from gui.engine import Engine
from gui.remembered import Remembered
from gui.widgets.main_window import MainWindow
from tests.fake_engine import FakeEngine


@pytest.fixture
def fake() -> Iterator[FakeEngine]:
    with FakeEngine() as engine:
        yield engine.start()


@pytest.fixture
def remembered(tmp_path: Path) -> Remembered:
    kept = Remembered(tmp_path / "settings")
    kept.theme = "dark"
    return kept


@pytest.fixture
def window(
    qapp: QApplication, qtbot: QtBot, fake: FakeEngine, remembered: Remembered
) -> Iterator[MainWindow]:
    """Shown, with the engine's values taken in."""
    shown, engine = open_window(qapp, remembered, fake.port)
    shown.show()
    engine.start()
    qtbot.waitUntil(lambda: "/engine/time" in engine.values)
    yield shown
    shown.close()


@pytest.fixture
def engine(window: MainWindow) -> Engine:
    return window.engine


@pytest.fixture
def choose(window: MainWindow, engine: Engine, qtbot: QtBot) -> Callable[[str], None]:
    """Choose a plugin, and wait until its sliders are there."""

    def act(plugin_id: str) -> None:
        engine.send("/plugin", plugin_id)
        qtbot.waitUntil(
            lambda: (
                window.plugin is not None
                and window.plugin.id == plugin_id
                and len(window.parameters.rows) == len(window.plugin.parameters)
                and f"/parameter/{window.plugin.parameters[-1].symbol}" in engine.values
            )
        )

    return act
