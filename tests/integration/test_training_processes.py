"""Training that is killed, and training that is shared by two processes, as real processes."""

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from tests.integration.tiny_training import write_experiments
from training.runs import Run

pytestmark = [pytest.mark.xdist_group("training"), pytest.mark.timeout(400)]
PATIENCE_S = 120
TINY = ("-m", "tests.integration.tiny_training")
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def experiments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("experiments")
    write_experiments(folder)
    return folder


def fit(experiments: Path, data: Path, runs: Path, *launcher: str, workers: int = 1) -> list[str]:
    """A command that trains; every worker is a process that starts anew for every stage."""
    options = (experiments, workers, "fit", "tuned", "--data", data, "--runs", runs)
    return [sys.executable, *launcher, *TINY, *map(str, options)]


def to_the_end(command: list[str]) -> None:
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]


def killed_when(command: list[str], reached: Callable[[], bool]) -> None:
    """Start it and kill it, and it alone, without warning; it must not have ended by itself."""
    child = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + PATIENCE_S
    while not reached() and child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    child.kill()
    assert child.wait() == -signal.SIGKILL


def weights(folder: Path) -> Iterator[tuple[str, torch.Tensor]]:
    for path in sorted(folder.glob("*-best.pt")):
        for part, state in torch.load(path).items():
            if isinstance(state, dict):
                for name, tensor in state.items():
                    yield f"{path.stem}/{part}/{name}", tensor


@pytest.fixture(scope="module")
def whole(tiny_data: Path, experiments: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an uninterrupted run of one process, with two workers."""
    runs = tmp_path_factory.mktemp("whole")
    to_the_end(fit(experiments, tiny_data, runs, workers=2))
    return runs / "tuned"


def test_a_run_killed_in_every_stage_ends_with_the_same_weights(
    tiny_data: Path, experiments: Path, whole: Path, tmp_path: Path
) -> None:
    data, runs = tmp_path / "data", tmp_path / "killed"
    shutil.copytree(tiny_data / "corpus", data / "corpus", symlinks=True)
    again = fit(experiments, data, runs)
    history = Run(runs / "tuned").history
    killed_when(again, lambda: any(data.glob("pools/*/*[0-9].npz")))
    assert not history()
    killed_when(again, lambda: 2 in history().get("joint", {}))
    assert not any(stage.startswith("spsa") for stage in history())
    killed_when(again, lambda: 2 in history().get("spsa-mda-overdrive", {}))
    to_the_end(again)

    expected = dict(weights(whole))
    found = dict(weights(runs / "tuned"))
    assert found.keys() == expected.keys()
    assert len({name.split("/")[0] for name in found}) == 2
    for name, tensor in expected.items():
        assert torch.allclose(found[name], tensor, atol=1e-6, rtol=0), name
    assert history() == Run(whole).history()
    assert not list(data.glob("pools/*/*.partial*"))


def test_two_processes_learn_what_one_learns(
    tiny_data: Path, experiments: Path, whole: Path, tmp_path: Path
) -> None:
    """The batches are the same; dropout and the shares' own evidence statistics are not.

    Their effect was 0.9 % of an epoch's loss, where five seeds of dropout were within 1.2 % of each
    other; over the epochs it falls by 15 %.
    """
    torchrun = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
    to_the_end(fit(experiments, tiny_data, tmp_path, *torchrun))
    one, two = (
        [figures["loss"] for figures in Run(folder).history()["joint"].values()]
        for folder in (whole, tmp_path / "tuned")
    )
    # Process 0 alone writes, and goes through the plugin.
    lines = map(json.loads, (tmp_path / "tuned" / "log.jsonl").read_text().splitlines())
    counts = [line.get("epoch", line.get("step")) for line in lines]
    assert counts == [1, 2, 3, 4, 0, 2, 2, 4, 4]
    assert two == pytest.approx(one, rel=0.03)
    assert two[-1] < 0.9 * two[0]
