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
from bridge.chain import Chain
from bridge.errors import ModelError
from bridge.estimate.estimator import Estimator
from bridge.estimate.listener import ReferenceAnalysis
from bridge.library import Library
from bridge.manifest import PluginSpec
from bridge.search.requests import Outcome, Request
from bridge.search.worker import MOST_FAILURES, SearchWorker
from tests.integration.commands import PATIENCE_S
from tests.stand_ins import write_models


@pytest.fixture(scope="module")
def chain(overdrive: PluginSpec) -> Chain:
    return Chain.of_plugin(overdrive)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory, overdrive: PluginSpec) -> Path:
    return write_models(tmp_path_factory.mktemp("models"), overdrive)


@pytest.fixture(scope="module")
def request_(
    models: Path, chain: Chain, guitar: tuple[Audio, int], reference_path: Path
) -> Request:
    audio, rate = guitar
    wanted, wanted_rate = read_audio(reference_path)
    estimator = Estimator(chain, Library.of_models(models))
    reference = estimator.analyse(wanted, wanted_rate, "reference")
    return Request(audio[:, : 3 * rate], rate, reference)


EMPTY = Request(
    np.zeros((1, 10), np.float32), 48_000, ReferenceAnalysis(*[np.zeros(1, np.float32)] * 5, ())
)


@pytest.fixture
def quick(chain: Chain, models: Path) -> Iterator[SearchWorker]:
    """A child that does nothing, and so answers at once."""
    with SearchWorker(chain, Library.of_models(models), work=answer_nothing) as worker:
        yield worker


def answer_nothing(pipe: Connection, chain: Chain, library: Library) -> None:
    while True:
        pipe.recv()
        pipe.send(Outcome(None))


def fail(pipe: Connection, chain: Chain, library: Library) -> None:
    pipe.recv()
    raise ModelError("the model is upside down\nand more that nobody wants to know")


def outcome(worker: SearchWorker) -> Outcome:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if found := worker.poll():
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
    chain: Chain, models: Path, request_: Request
) -> None:
    with SearchWorker(chain, Library.of_models(models)) as worker:
        for _ in range(2):
            worker.submit(request_)
            assert not worker.idle
            found = outcome(worker)
            assert found.fault == ""
            assert found.answer
            assert found.answer.setting.chain == chain
            assert 0 < found.seconds < PATIENCE_S
            assert worker.idle
        child = worker.process_id
        assert child
        assert os.getpriority(os.PRIO_PROCESS, child) >= 10
    assert is_gone(child)


def test_silence_is_no_decision_and_no_fault(chain: Chain, models: Path, request_: Request) -> None:
    silent = Request(0 * request_.played, request_.sample_rate, request_.reference)
    with SearchWorker(chain, Library.of_models(models)) as worker:
        worker.submit(silent)
        assert outcome(worker) == Outcome(None)


def test_asking_and_polling_never_wait_even_for_a_child_that_hangs(quick: SearchWorker) -> None:
    quick.submit(EMPTY)
    outcome(quick)
    assert quick.process_id
    os.kill(quick.process_id, signal.SIGSTOP)
    # Far more than a pipe holds.
    large = Request(np.zeros((1, 4_000_000), np.float32), 192_000, EMPTY.reference)
    started = time.monotonic()
    quick.submit(large)
    for _ in range(10):
        assert quick.poll() is None
    assert time.monotonic() - started < 0.1
    # Closing does not wait for it either.
    quick.close()
    assert time.monotonic() - started < 5


def test_a_child_that_is_killed_is_told_and_started_again(quick: SearchWorker) -> None:
    quick.submit(EMPTY)
    assert outcome(quick) == Outcome(None)
    first = quick.process_id
    assert first
    os.kill(first, signal.SIGKILL)
    quick.submit(EMPTY)
    assert "has died); it is started again" in outcome(quick).fault
    quick.submit(EMPTY)
    assert outcome(quick) == Outcome(None)
    assert quick.process_id != first


@pytest.mark.parametrize("after_s", [0.0, 1.0])
def test_what_a_terminal_sends_to_all_does_not_end_it(quick: SearchWorker, after_s: float) -> None:
    """Neither while it starts nor later; its owner ends it."""
    time.sleep(after_s)
    assert quick.process_id
    for number in (signal.SIGINT, signal.SIGHUP):
        os.kill(quick.process_id, number)
    quick.submit(EMPTY)
    assert outcome(quick) == Outcome(None)


def test_a_child_that_always_fails_stays_off_in_the_end(chain: Chain, models: Path) -> None:
    with SearchWorker(chain, Library.of_models(models), work=fail) as worker:
        faults = []
        while worker.idle:
            worker.submit(EMPTY)
            faults.append(outcome(worker).fault)
    assert len(faults) == MOST_FAILURES
    assert faults[0] == ("trying settings failed (the model is upside down); it is started again")
    assert faults[-1].endswith("it stays off from here on")


@pytest.mark.parametrize("asked_after_s", [0, 2])
def test_a_missing_model_is_told_even_where_the_child_is_long_gone(
    chain: Chain, tmp_path: Path, asked_after_s: float, request_: Request
) -> None:
    with SearchWorker(chain, Library.of_models(tmp_path)) as worker:
        time.sleep(asked_after_s)
        worker.submit(request_)
        assert "model 'mda-overdrive' is not below" in outcome(worker).fault


OWNER = """
import sys, time
from pathlib import Path
from bridge.search.requests import Outcome, Request
from bridge.chain import Chain
from bridge.library import Library
from bridge.search.worker import SearchWorker

if __name__ == "__main__":
    library = Library.of_models(Path(sys.argv[1]))
    worker = SearchWorker(Chain.of_plugin(library.manifest.plugin("mda-overdrive")), library)
    print(worker.process_id, flush=True)
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
