"""The examples run as they stand, and `bridge` is what they say it is."""

import csv
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

import bridge
from bridge.arrays import Audio
from bridge.demo.run import INPUT, REFERENCE
from bridge.errors import AudioError, ModelError
from bridge.library import MANIFEST
from bridge.osc import Message

EXAMPLES = MANIFEST.parent / "examples"
Example = Callable[..., list[str]]


@pytest.fixture
def example(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Example:
    """Run one as a script, in an empty folder; the lines it prints."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    def run(name: str, *arguments: object) -> list[str]:
        path = EXAMPLES / f"{name}.py"
        monkeypatch.setattr(sys, "argv", [str(path), *map(str, arguments)])
        runpy.run_path(str(path), run_name="__main__")
        return capsys.readouterr().out.splitlines()

    return run


def test_every_example_is_tested() -> None:
    tests = Path(__file__).read_text(encoding="utf-8")
    for path in EXAMPLES.glob("*.py"):
        assert f'example("{path.stem}"' in tests, path


def test_two_arrays_are_matched(example: Example) -> None:
    told = example("match_arrays", "--budget-s", 0)
    assert told[0] == "matched"
    drive = next(line for line in told if line.startswith("mda-overdrive/drive"))
    assert 0.3 < float(drive.split()[1]) < 1.0
    frames = soundfile.info(INPUT).frames
    assert told[-1] == f"the processed playing has the shape (1, {frames})"


def test_a_folder_is_matched_and_what_cannot_be_is_told(
    example: Example, guitar: tuple[Audio, int], tmp_path: Path
) -> None:
    audio, rate = guitar
    soundfile.write(tmp_path / "good.wav", audio[:, : 4 * rate].T, rate)
    soundfile.write(tmp_path / "short.wav", audio[:, :rate].T, rate)
    told = example("batch_folder", tmp_path, REFERENCE, tmp_path / "out", "--budget-s", 0)
    assert told == [
        "good.wav: matched",
        "short.wav: played: 2.73 s are needed; give a longer recording",
    ]
    assert soundfile.info(tmp_path / "out" / "good.wav").frames == 4 * rate
    with (tmp_path / "out" / "settings.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["file"] for row in rows} == {"good.wav"}
    assert "mda-overdrive/bypass" in {row["address"] for row in rows}


def test_live_playing_is_followed(example: Example) -> None:
    told = example("follow_live", "--seconds", 4)
    assert any("provisional" in line for line in told)
    sent = next(line for line in told if line.endswith(" values were sent"))
    assert int(sent.split()[0]) > 0


def test_the_embedded_host_obeys_any_program(example: Example, tmp_path: Path) -> None:
    told = example("drive_host_by_osc", "out.wav", "--seconds", 1.5)
    assert f"the host says: {[Message('/pedalboard-distortion/drive_db', (60.0,))]}" == told[0]
    made, rate = soundfile.read(tmp_path / "out.wav", dtype="float32")
    played, _ = soundfile.read(INPUT, dtype="float32", frames=len(made))
    late = slice(-rate // 4, None)
    assert np.abs(made[late]).mean() > 2 * np.abs(played[late]).mean()


def test_a_plugin_of_ones_own_is_added_and_matched(example: Example, tmp_path: Path) -> None:
    told = example("add_plugin", tmp_path / "mine", "--budget-s", 0.5)
    assert any(line.startswith("clip/threshold_db ") for line in told)
    assert (tmp_path / "mine" / "plugins_manifest.yaml").is_file()


def test_the_package_itself_loads_nothing() -> None:
    light = (
        "import sys, bridge; assert not {'numpy', 'onnxruntime'} & set(sys.modules); bridge.match"
    )
    subprocess.run([sys.executable, "-c", light], check=True, cwd=MANIFEST.parent, timeout=60)
    assert set(bridge.__all__) <= set(dir(bridge))
    with pytest.raises(AttributeError, match="has no attribute 'mach'"):
        bridge.mach  # noqa: B018


@pytest.mark.parametrize(
    ("played", "told"),
    [
        (np.zeros((2, 3, 4)), r"not \(2, 3, 4\)"),
        (np.zeros((48_000, 2)), "transpose it"),
        (np.full(9 * 48_000, np.nan), "no numbers"),
        (np.zeros(9 * 48_000), "played"),
    ],
)
def test_what_is_no_audio_is_refused(played: Audio, told: str, guitar: tuple[Audio, int]) -> None:
    with pytest.raises(AudioError, match=told):
        bridge.match(played, guitar[0], 48_000, "mda-overdrive", budget_s=0)


def test_where_no_network_answers_a_budget_is_asked_for(guitar: tuple[Audio, int]) -> None:
    audio, rate = guitar
    with pytest.raises(ModelError, match="give a budget_s above 0"):
        bridge.match(audio, audio, rate, "pedalboard-gain", budget_s=0)
