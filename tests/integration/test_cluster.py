"""Bulk work on a real Dask cluster of two workers on this computer."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest

from bridge.analysis.features import FeatureSettings
from bridge.manifest import Manifest
from training import pool
from training.cluster import SCHEDULER, Installed
from training.errors import TrainingError
from training.examples import ClipSettings
from training.pool import Pool, load_pool
from training.workers import as_done, executor, in_order

pytestmark = [pytest.mark.xdist_group("training"), pytest.mark.timeout(300)]
PATIENCE_S = 60
ROOT = Path(__file__).parents[2]
CLIPS = ClipSettings(halves_s=(1.0,))
FEATURES = FeatureSettings(window_frames=24_000, least_frames=16_384)


@contextmanager
def program(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """One of Dask's own, in a group that is killed in the end."""
    child = subprocess.Popen(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield child
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        if child.stderr:
            child.stderr.close()


def said(child: subprocess.Popen[str], pattern: str) -> str:
    """What a program says at last of this kind."""
    assert child.stderr
    for line in child.stderr:
        if found := re.search(pattern, line):
            return found.group(1)
    raise AssertionError(f"it ended without a line like {pattern}")


@pytest.fixture
def scheduler(monkeypatch: pytest.MonkeyPatch) -> Iterator[subprocess.Popen[str]]:
    """Who all bulk work of the test is given to."""
    options = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard")
    with program("distributed.cli.dask_scheduler", *options) as scheduler:
        monkeypatch.setenv(SCHEDULER, said(scheduler, r"Scheduler at:\s+(tcp://\S+)"))
        yield scheduler


@pytest.fixture
def address(scheduler: subprocess.Popen[str]) -> str:
    """Where it listens."""
    return os.environ[SCHEDULER]


@contextmanager
def workers(address: str, count: int, threads: int = 1) -> Iterator[Sequence[int]]:
    """Process ids of workers that are there."""
    options = ("--nthreads", str(threads), "--no-nanny", "--no-dashboard", "--host", "127.0.0.1")
    with ExitStack() as stack:
        started = [
            stack.enter_context(program("distributed.cli.dask_worker", address, *options))
            for _ in range(count)
        ]
        for worker in started:
            said(worker, r"(Registered to:)")
        yield [worker.pid for worker in started]


def build(data: Path, manifest: Manifest, count: int) -> Pool:
    plugin = manifest.plugin("mda-overdrive")
    return load_pool([plugin], CLIPS, FEATURES, data, "train", 1, count)


def same(one: Pool, other: Pool) -> bool:
    heard, again = one.wet["mda-overdrive"], other.wet["mda-overdrive"]
    return all(
        np.array_equal(a, b, equal_nan=True)
        for a, b in (
            (one.dry.vectors, other.dry.vectors),
            (heard.heard.vectors, again.heard.vectors),
            (heard.truth, again.truth),
        )
    )


def kill_when_asked(job: tuple[int, Path]) -> int:
    """A piece of work during which the first worker that gets number 3 is killed."""
    number, mark = job
    if number == 3 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number


def test_a_cluster_makes_the_same_bits_though_a_worker_is_killed(
    address: str,
    tiny_data: Path,
    tmp_path: Path,
    manifest: Manifest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pool, "_CHUNK", 4)
    (tmp_path / "corpus").symlink_to(tiny_data / "corpus")
    with workers(address, 2) as pids:
        clusters = build(tmp_path, manifest, 16)
        with executor(2) as crew:
            squares = as_done(crew, kill_when_asked, [(n, tmp_path / "killed") for n in range(12)])
            assert sorted(squares) == [n * n for n in range(12)]
        assert (tmp_path / "killed").exists()
        alive = [Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z" for pid in pids]
        assert sorted(alive) == [False, True]
    monkeypatch.delenv(SCHEDULER)
    here = tmp_path / "here"
    here.mkdir()
    (here / "corpus").symlink_to(tiny_data / "corpus")
    assert same(build(here, manifest, 16), clusters)


def test_a_scheduler_that_goes_away_is_told_in_one_line(
    scheduler: subprocess.Popen[str], address: str
) -> None:
    with workers(address, 1), executor(1) as crew:
        found = in_order(crew, time.sleep, [0, PATIENCE_S])
        assert next(found) is None
        os.killpg(scheduler.pid, signal.SIGKILL)
        with pytest.raises(TrainingError, match="is kept"):
            next(found)


def test_what_cannot_be_used_is_told(
    address: str, monkeypatch: pytest.MonkeyPatch, manifest: Manifest
) -> None:
    with pytest.raises(TrainingError, match="no workers yet"), executor(2):
        pass
    with (
        workers(address, 1, threads=2),
        pytest.raises(TrainingError, match="--nthreads 1"),
        executor(2),
    ):
        pass
    monkeypatch.setenv(SCHEDULER, "tcp://127.0.0.1:9")
    monkeypatch.setattr("training.cluster._PATIENCE_S", 0.5)
    with pytest.raises(TrainingError, match="no Dask scheduler answers at"), executor(2):
        pass
    plugin = manifest.plugin("mda-overdrive")
    here = Installed.here([plugin])
    here.check()
    other = Installed(here.version, ((plugin, tuple(1.5 * v for v in here.sounds[0][1])),))
    with pytest.raises(TrainingError, match="mda Overdrive sounds other"):
        other.check()
    with pytest.raises(TrainingError, match="the same version on every computer"):
        Installed("0.0.0", here.sounds).check()


def end(_: int) -> None:
    os._exit(1)


def test_a_process_here_that_dies_is_told_and_not_waited_for() -> None:
    started = time.monotonic()
    with pytest.raises(TrainingError, match="run the same command again"), executor(2) as crew:
        list(as_done(crew, end, range(4)))
    assert time.monotonic() - started < PATIENCE_S
