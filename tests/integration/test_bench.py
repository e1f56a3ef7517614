import json
import subprocess
import sys

import pytest
import torch

from bridge.bench import GOALS
from tests.integration.commands import run_json
from training.predecessor import CLIP_FRAMES, Predecessor


def test_bench_measures_the_engine_and_its_peers() -> None:
    # The command, but it starts `live` once and not three times to see how long that takes.
    once = "import bridge.bench.run as run; run._READY_ROUNDS = 1"
    program = f"{once}; from bridge.cli import main; main()"
    command = (sys.executable, "-c", program, "bench", "--seconds", "6", "--json")
    done = subprocess.run(command, capture_output=True, text=True, timeout=170, check=False)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    for name in ("compute_ms", "send_interval_ms", "bare_inference_ms", "predecessor_ms"):
        assert 0 < report[name]["p50"] <= report[name]["p99"] <= report[name]["max"]
    assert report["overflows"] == 0
    assert report["compute_ms"]["p50"] > report["bare_inference_ms"]["p50"]
    assert 0 < report["processor_share"] < 1
    goals = report["goals"]
    assert set(goals) == {goal.name for goal in GOALS}
    # Whether it is met depends on the machine; that it is judged does not.
    assert goals["compute p50"]["met"] is (report["compute_ms"]["p50"] <= 5)
    assert goals["memory slope"]["met"] is None


def test_bench_measures_how_many_settings_a_second_are_tried() -> None:
    speed = run_json("bench", "--search", "--plugin", "mda-overdrive,mda-ambience")
    parts = [speed[f"{part}_ms"] for part in ("render", "resample", "statistics", "networks")]
    assert all(part > 0 for part in parts)
    assert speed["candidates_per_s"] > 0
    assert speed["one_core_per_s"] == pytest.approx(1_000 / speed["candidate_ms"], rel=0.05)


def test_the_predecessors_network_is_as_published() -> None:
    network = Predecessor(3).eval()
    weights = sum(parameter.numel() for parameter in network.encoder.parameters())
    flatten = sum(
        p.numel() for n, p in network.encoder.named_parameters() if "mean" in n or "log" in n
    )
    assert 9.45e6 < weights < 9.55e6
    assert flatten / weights > 0.997
    with torch.no_grad():
        answer = network(torch.randn(1, CLIP_FRAMES), torch.randn(1, CLIP_FRAMES))
    assert answer.shape == (1, 3)
    assert ((answer >= 0.05) & (answer <= 0.95)).all()
