import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import soundfile

from bridge.demo.run import INPUT
from tests.integration.commands import PATIENCE_S, run


@pytest.mark.timeout(120)
def test_the_demo_brings_the_input_nearer_to_the_reference(tmp_path: Path) -> None:
    out = tmp_path / "demo"
    done = run("demo", "--out", out)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in out.iterdir()) == [
        "picture.png",
        "processed.wav",
        "report.json",
    ]
    report = json.loads((out / "report.json").read_text())
    distance = report["distance"]
    assert distance["true_parameters"] < distance["before"]
    gained = distance["before"] - distance["after"]
    assert gained > 0.7 * (distance["before"] - distance["true_parameters"])
    for row in report["parameters"].values():
        assert abs(row["predicted"] - row["true"]) < 0.25
    assert report["live"]["lost"] == 0
    dry, wet = soundfile.info(INPUT), soundfile.info(out / "processed.wav")
    assert (wet.frames, wet.samplerate, wet.channels) == (dry.frames, dry.samplerate, dry.channels)
    assert (out / "picture.png").read_bytes().startswith(b"\x89PNG")


def test_an_interrupted_demo_keeps_the_last_result(tmp_path: Path) -> None:
    (tmp_path / "processed.wav").write_text("precious")
    # A group of its own gets Ctrl-C as a terminal sends it: to the demo and both its children.
    demo = subprocess.Popen(
        [sys.executable, "-m", "bridge", "demo", "--out", tmp_path],
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    time.sleep(5)
    os.killpg(demo.pid, signal.SIGINT)
    _, err = demo.communicate(timeout=PATIENCE_S)
    assert demo.returncode == 130
    assert "Traceback" not in err
    assert [path.name for path in tmp_path.iterdir()] == ["processed.wav"]
    assert (tmp_path / "processed.wav").read_text() == "precious"
