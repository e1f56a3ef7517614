"""Decisions in a real child process, and every way it can come to grief."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pytest

from bridge.arrays import Audio
from bridge.audio.files import read_audio
from bridge.engine.refinement import Outcome, Request
from bridge.errors import ModelError
from bridge.estimate.matcher import Matcher, ReferenceAnalysis
from bridge.library import Library
from bridge.manifest import PluginSpec
from bridge.search.worker import MOST_FAILURES, SearchWorker
from tests.integration.commands import PATIENCE_S
from tests.stand_ins import write_models


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory, overdrive: PluginSpec) -> Path:
    return write_models(tmp_path_factory.mktemp("models"), overdrive)


@pytest.fixture(scope="module")
def request_(
    models: Path, overdrive: PluginSpec, guitar: tuple[Audio, int], reference_path: Path
) -> Request:
    audio, rate = guitar
    wanted, wanted_rate = read_audio(reference_path)
    reference = Matcher(overdrive, Library.of_models(models)).analyse(
        wanted, wanted_rate, "reference"
    )
    return Request(audio[:, : 3 * rate], rate, reference)


EMPTY = Request(
    np.zeros((1, 10), np.float32), 48_000, ReferenceAnalysis(*[np.zeros(1, np.float32)] * 5)
)


@pytest.fixture
def quick(overdrive: PluginSpec, models: Path) -> Iterator[SearchWorker]:
    """A child that does nothing, and so answers at once."""
    with SearchWorker(overdrive, Library.of_models(models), work=answer_nothing) as background:
        yield background


def answer_nothing(pipe: Connection, plugin: PluginSpec, models: Path) -> None:
    while True:
        pipe.recv()
        pipe.send(Outcome(None))


def fail(pipe: Connection, plugin: PluginSpec, models: Path) -> None:
    pipe.recv()
    raise ModelError("the model is upside down\nand more that nobody wants to know")


def outcome(background: SearchWorker) -> Outcome:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if found := background.poll():
            return found
        time.sleep(0.01)
    raise AssertionError("no outcome")


def is_gone(process_id: int) -> bool:
    """Whether a process has ended; one that nobody has buried yet has."""
    try:
        state = Path(f"/proc/{process_id}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def wait_until_gone(process_id: int) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_gone(process_id):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_it_decides_with_the_real_plugin_and_goes_on(
    overdrive: PluginSpec, models: Path, request_: Request
) -> None:
    with SearchWorker(overdrive, Library.of_models(models)) as background:
        for _ in range(2):
            background.ask(request_)
            assert not background.idle
            found = outcome(background)
            assert found.fault == ""
            assert found.answer
            assert found.answer.setting.plugin == overdrive
            assert 0 < found.seconds < PATIENCE_S
            assert background.idle
        child = background.process_id
        assert child
        assert os.getpriority(os.PRIO_PROCESS, child) >= 10
    assert is_gone(child)


def test_silence_is_no_decision_and_no_fault(
    overdrive: PluginSpec, models: Path, request_: Request
) -> None:
    silent = Request(0 * request_.played, request_.sample_rate, request_.reference)
    with SearchWorker(overdrive, Library.of_models(models)) as background:
        background.ask(silent)
        assert outcome(background) == Outcome(None)


def test_asking_and_polling_never_wait_even_for_a_child_that_hangs(quick: SearchWorker) -> None:
    quick.ask(EMPTY)
    outcome(quick)
    assert quick.process_id
    os.kill(quick.process_id, signal.SIGSTOP)
    # Far more than a pipe holds.
    large = Request(np.zeros((1, 4_000_000), np.float32), 192_000, EMPTY.reference)
    started = time.monotonic()
    quick.ask(large)
    for _ in range(10):
        assert quick.poll() is None
    assert time.monotonic() - started < 0.1
    # Closing does not wait for it either.
    quick.close()
    assert time.monotonic() - started < 5


def test_a_child_that_is_killed_is_told_and_started_again(quick: SearchWorker) -> None:
    quick.ask(EMPTY)
    assert outcome(quick) == Outcome(None)
    first = quick.process_id
    assert first
    os.kill(first, signal.SIGKILL)
    quick.ask(EMPTY)
    assert "has died); it is started again" in outcome(quick).fault
    quick.ask(EMPTY)
    assert outcome(quick) == Outcome(None)
    assert quick.process_id != first


def test_a_child_that_always_fails_stays_off_in_the_end(
    overdrive: PluginSpec, models: Path
) -> None:
    with SearchWorker(overdrive, Library.of_models(models), work=fail) as background:
        faults = []
        while background.idle:
            background.ask(EMPTY)
            faults.append(outcome(background).fault)
    assert len(faults) == MOST_FAILURES
    assert faults[0] == ("trying settings failed (the model is upside down); it is started again")
    assert faults[-1].endswith("it stays off from here on")


@pytest.mark.parametrize("asked_after_s", [0, 2])
def test_a_missing_model_is_told_even_where_the_child_is_long_gone(
    overdrive: PluginSpec, tmp_path: Path, asked_after_s: float, request_: Request
) -> None:
    with SearchWorker(overdrive, tmp_path) as background:
        time.sleep(asked_after_s)
        background.ask(request_)
        assert "no such model card" in outcome(background).fault


OWNER = """
import sys, time
from pathlib import Path
from bridge.search.worker import SearchWorker
from bridge.manifest import load_manifest

if __name__ == "__main__":
    background = SearchWorker(Library().manifest.plugin("mda-overdrive"), Path(sys.argv[1]))
    print(background.process_id, flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("after_s", [0.0, 2.0])
def test_the_child_does_not_outlive_a_killed_owner(
    models: Path, tmp_path: Path, after_s: float
) -> None:
    """Neither one that is still loading nor one that waits for work."""
    script = tmp_path / "owner.py"
    script.write_text(OWNER)
    with subprocess.Popen(
        [sys.executable, script, models], stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout
        child = int(owner.stdout.readline())
        time.sleep(after_s)
        assert not is_gone(child)
        owner.kill()
    wait_until_gone(child)
