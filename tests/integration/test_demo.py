import json
from pathlib import Path

import pytest
import soundfile

from bridge.demo.run import INPUT
from tests.integration.commands import run


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
