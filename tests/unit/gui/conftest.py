"""A window on Qt's offscreen platform, beside an engine on the real control surface."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from bridge.library import SHIPPED, Layer, Library
from gui.app import open_window
from gui.engine import Engine
from gui.remembered import Remembered
from gui.widgets.main_window import MainWindow
from tests.fake_engine import FakeEngine


@pytest.fixture(scope="session")
def library() -> Library:
    """What is shipped, and rigs for tests."""
    return Library((SHIPPED, Layer(Path(__file__).with_name("rigs.yaml"), SHIPPED.models)))


@pytest.fixture
def fake(library: Library) -> Iterator[FakeEngine]:
    with FakeEngine(manifest=library.manifest) as engine:
        yield engine.start()


@pytest.fixture
def remembered(tmp_path: Path) -> Remembered:
    kept = Remembered(tmp_path / "settings")
    kept.theme = "dark"
    return kept


@pytest.fixture
def window(
    qapp: QApplication,
    qtbot: QtBot,
    fake: FakeEngine,
    remembered: Remembered,
    library: Library,
) -> Iterator[MainWindow]:
    """Shown, with the engine's values taken in."""
    shown, engine = open_window(qapp, remembered, fake.port, library=library)
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
    """Choose a chain, and wait until its sliders are there."""

    def act(wanted: str) -> None:
        engine.send("/chain", wanted)

        def shown() -> bool:
            chain = window.chain
            return (
                chain is not None
                and chain.id == wanted
                and [row.parameter for row in window.rack.rows] == list(chain.parameters)
                and all(f"/parameter/{p.address}" in engine.values for p in chain.parameters)
            )

        qtbot.waitUntil(shown)

    return act
