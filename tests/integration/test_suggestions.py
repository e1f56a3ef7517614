"""Which of the plugins there are suit what was played: asked of the engine, by real plugins."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from collections.abc import Callable, Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import yaml
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from bridge.arrays import Audio
from bridge.chain import chain_of
from bridge.demo.run import INPUT, REFERENCE
from bridge.library import MANIFEST, MODELS, Layer, Library
from gui.app import open_window
from gui.remembered import Remembered
from gui.views.suggestions import NOTHING
from gui.widgets.library import ID
from gui.widgets.suggestions import SuggestionsDialog
from tests.fake_hosts import FakeArdour
from tests.unit.test_control import Engine

# In one worker, with one engine.
pytestmark = [pytest.mark.xdist_group("suggestions"), pytest.mark.timeout(300)]

IDS = ("mda-overdrive", "pedalboard-distortion", "pedalboard-reverb")
GONE = {
    "id": "gone",
    "name": "Gone",
    "kind": "chorus",
    "formats": {"lv2": "urn:gone"},
    "parameters": [
        {"symbol": "rate", "name": "Rate", "min": 0, "max": 1, "default": 0, "scale": "linear"}
    ],
}
BUDGET_S = 20.0
"""Three plugins have tried all they try much sooner, where nobody else computes."""
PATIENCE_S = 60.0
MS = 60_000


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """Three plugins, and one that is not installed."""
    shipped = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    few = [plugin for plugin in shipped["plugins"] if plugin["id"] in IDS]
    table = {"schema": shipped["schema"], "plugins": [*few, GONE]}
    path = tmp_path_factory.mktemp("table") / "few.yaml"
    path.write_text(yaml.safe_dump(table), encoding="utf-8")
    return Library((Layer(path, MODELS),))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, library: Library) -> Iterator[Engine]:
    """It has heard the demo; nobody is asked any more once it has ended."""
    with Engine(tmp_path_factory.mktemp("engine"), library) as engine:
        engine.client.send("/source", str(INPUT))
        engine.until(input__connected=1)
        yield engine
        asked = ask(engine, 60.0)
    assert not psutil.pid_exists(asked)


@pytest.fixture
def playing(running: Engine) -> Engine:
    """With the demo's reference."""
    running.client.send("/reference", str(REFERENCE))
    running.until(
        reference=str(REFERENCE), reference__used=str(REFERENCE), engine__busy="", state="matching"
    )
    return running


def refusal(engine: Engine, *arguments: float | str) -> str:
    engine.client.values.pop("/error", None)
    engine.client.send("/suggest", *arguments)
    engine.client.wait(lambda told: told.get("/error", ("",))[0] == "/suggest", PATIENCE_S)
    return str(engine.client.values["/error"][1])


def ask(engine: Engine, budget_s: float, address: str = "/suggest") -> int:
    """Have them ranked; the id of the process that does it."""
    suggestions = engine.service._suggestions
    before = suggestions._contest

    def child() -> BaseProcess | None:
        contest = suggestions._contest
        return contest._child if contest and contest is not before else None

    engine.client.send(address, budget_s)
    engine.client.wait(lambda _: child() is not None, PATIENCE_S)
    engine.until(suggest__running=1, suggested="")
    pid = suggestions._contest._child.pid
    assert psutil.pid_exists(pid)
    return pid


def answer(engine: Engine) -> dict[str, Any]:
    engine.client.wait(
        lambda told: told["/suggest/running"] == (0,) and told["/suggested"] != ("",), PATIENCE_S
    )
    return dict(engine.told("/suggested"))


def test_all_are_ranked_for_what_was_played_and_the_ranking_stays(playing: Engine) -> None:
    ask(playing, BUDGET_S)
    ranking = answer(playing)
    rows = ranking["chains"]
    assert {row["chain"] for row in rows} == set(IDS)
    costs = [row["cost"] for row in rows]
    assert costs == sorted(costs)
    nothing = ranking["nothing"]
    assert 0 < rows[0]["expected"] < nothing
    assert all(row["low"] <= row["expected"] <= row["high"] for row in rows)
    (left_out,) = dict(ranking["left_out"]).items()
    assert left_out[0] == "gone"
    assert "not installed" in left_out[1]
    # Another plugin is chosen from it; the rest can still be looked at.
    other = next(one for one in IDS if (one,) != playing.client.values["/chain"])
    playing.client.send("/chain", other)
    playing.until(chain__used=other, engine__busy="")
    assert playing.told("/suggested") == ranking


def test_a_second_question_replaces_the_first_and_another_reference_ends_it(
    playing: Engine,
) -> None:
    first = ask(playing, 60.0)
    second = ask(playing, 60.0)
    assert first != second
    playing.client.wait(lambda _: not psutil.pid_exists(first), PATIENCE_S)
    assert psutil.pid_exists(second)
    playing.client.send("/reference/region", 0.0, 4.0)
    playing.until(suggest__running=0, suggested="")
    playing.client.wait(lambda _: not psutil.pid_exists(second), PATIENCE_S)
    third = ask(playing, 60.0)
    playing.client.send("/panic")
    playing.until(suggest__running=0)
    playing.client.wait(lambda _: not psutil.pid_exists(third), PATIENCE_S)
    assert playing.client.values["/engine/fault"] == ("",)


def test_who_asks_too_early_is_told_what_is_missing(
    tmp_path: Path, library: Library, write_wav: Callable[..., Path]
) -> None:
    with Engine(tmp_path, library) as engine:
        be_told_what_is_missing(engine, write_wav)


def be_told_what_is_missing(engine: Engine, write_wav: Callable[..., Path]) -> None:
    assert "takes a number" in refusal(engine, "soon")
    assert "one number of seconds" in refusal(engine, 3.0, 4.0)
    assert "nothing is listened to" in refusal(engine, 1.0)
    click = np.zeros((1, 48_000 * 20), np.float32)
    click[0, 48_000 * 10] = 0.5
    silent = write_wav("silent.wav", click)
    engine.client.send("/source", str(silent))
    engine.until(input__connected=1)
    assert "there is no reference" in refusal(engine)
    engine.client.send("/reference", str(REFERENCE))
    engine.until(reference__used=str(REFERENCE), engine__busy="", state="silent")
    assert "nothing was played yet" in refusal(engine)
    assert engine.client.values["/suggested"] == ("",)
    assert engine.client.values["/suggest/running"] == (0,)


def test_a_reference_that_is_gone_meanwhile_is_told(
    playing: Engine, write_wav: Callable[..., Path], guitar: tuple[Audio, int]
) -> None:
    reference = write_wav("reference.wav", *guitar)
    playing.client.send("/reference", str(reference))
    playing.until(reference__used=str(reference), engine__busy="")
    # A file that is gone leaves the analysis that was made of it.
    reference.unlink()
    ask(playing, BUDGET_S)
    assert "reference.wav" in str(answer(playing)["error"])


def test_only_what_the_connected_host_holds_is_ranked(playing: Engine, library: Library) -> None:
    chain = chain_of("mda-overdrive", library.manifest)
    with FakeArdour(chain) as fake:
        playing.client.send("/chain", chain.id)
        playing.client.send("/host", fake.url)
        playing.until(host__state="connected", chain__used=chain.id, engine__busy="")
        ask(playing, BUDGET_S, "/suggest/host")
        rows = answer(playing)["chains"]
        playing.client.send("/host", "")
        playing.until(host__state="none")
    assert [row["chain"] for row in rows] == ["mda-overdrive"]


def test_one_is_chosen_in_the_window(
    playing: Engine, library: Library, tmp_path: Path, qapp: QApplication, qtbot: QtBot
) -> None:
    # What was ranked before is for another reference.
    playing.client.send("/reference/region", 0.0, 6.0)
    wanted = {"/reference/region": (0.0, 6.0), "/engine/busy": ("",), "/suggested": ("",)}
    playing.client.wait(lambda told: told.items() >= wanted.items(), PATIENCE_S)
    port = playing.service.surface.port
    window, engine = open_window(qapp, Remembered(tmp_path), port, library=library)
    window.show()
    engine.start()
    button = window.setup.chain.suggest
    qtbot.waitUntil(button.isEnabled, timeout=MS)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    (dialog,) = window.findChildren(SuggestionsDialog)
    assert dialog.isVisible()
    qtbot.waitUntil(lambda: dialog.model.rowCount() == len(IDS) + 1, timeout=MS)
    names = [dialog.model.item(line).text() for line in range(dialog.model.rowCount())]
    assert NOTHING in names
    other = next(
        line
        for line in range(len(names))
        if names[line] != NOTHING and dialog.model.item(line).data(ID) != engine.chain.id
    )
    chain_id = dialog.model.item(other).data(ID)
    dialog.table.setCurrentIndex(dialog.model.index(other, 0))
    qtbot.mouseClick(dialog.use, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: engine.values["/chain/used"] == (chain_id,), timeout=MS)
    qtbot.waitUntil(lambda: engine.chain.id == chain_id, timeout=MS)
    window.close()
