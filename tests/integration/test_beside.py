"""A second process that helps a search: it changes how long one takes, and nothing else."""

import os
import signal
import time
from collections.abc import Iterator

import pytest

from bridge.audio.files import read_audio
from bridge.audio.resample import resample
from bridge.chain import Chain
from bridge.demo.run import INPUT, REFERENCE
from bridge.effects import load_chain
from bridge.estimate.estimator import Estimator
from bridge.library import Library
from bridge.manifest import PluginSpec
from bridge.search.beside import Beside
from bridge.search.render_search import Candidate, Search
from bridge.spawning import one_blas_thread

_MOST = 12
_RATE_HZ = 48_000
_PATIENCE_S = 60.0


@pytest.fixture
def chain(overdrive: PluginSpec) -> Chain:
    return Chain.of_plugin(overdrive)


@pytest.fixture
def beside(chain: Chain) -> Iterator[Beside]:
    """One that is ready."""
    with Beside(chain, Library()) as started:
        end_s = time.monotonic() + _PATIENCE_S
        while not started.ready:
            assert time.monotonic() < end_s, "it is not ready in time"
            time.sleep(0.05)
        yield started


def candidates(chain: Chain, beside: Beside | None = None) -> list[Candidate]:
    """All that a search without a deadline tries."""
    estimator = Estimator(chain, Library())
    playing, rate = read_audio(INPUT)
    audio = resample(playing, rate, _RATE_HZ)[:1]
    reference = estimator.analyse(*read_audio(REFERENCE), str(REFERENCE))
    search = Search(estimator, load_chain(chain), audio, _RATE_HZ, reference, beside=beside)
    with one_blas_thread():
        search.explore(most=_MOST)
    return search.candidates


def assert_alike(some: list[Candidate], others: list[Candidate]) -> None:
    """As far as sums do not depend on where in memory their numbers lie."""
    assert [one.setting for one in some] == [one.setting for one in others]
    costs = [one.cost for one in others]
    assert [one.cost for one in some] == pytest.approx(costs, abs=1e-5)


def test_what_two_processes_try_is_what_one_would(chain: Chain, beside: Beside) -> None:
    pid = beside.process_id
    assert pid is not None
    before_s = _processor_s(pid)
    together = candidates(chain, beside)
    assert_alike(together, candidates(chain))
    assert _processor_s(pid) > before_s, "it has done nothing"


def test_a_search_goes_on_without_a_process_that_dies(chain: Chain, beside: Beside) -> None:
    assert beside.process_id is not None
    os.kill(beside.process_id, signal.SIGKILL)
    assert_alike(candidates(chain, beside), candidates(chain))
    assert not beside.ready


def _processor_s(pid: int) -> float:
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
