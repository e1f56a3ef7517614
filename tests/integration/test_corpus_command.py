"""`dafx-train corpus` on very little: a kill in the middle, and a user's recordings."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from training import corpus
from training.cli import app
from training.corpus import KitSource, MusicSource, RecordingsSource, Split

FONT = "/usr/share/sounds/sf2/TimGM6mb.sf2"


def tiny(name: str, seed: int, songs: int, recordings: Path) -> Split:
    real = RecordingsSource(name, str(recordings), "*.wav", f"{name}-recordings", "CC0")
    music = MusicSource(FONT, FONT, f"{name}-soundfont", "GPL-2", seed, songs)
    return Split(name, (music,), None, (real,))


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """Short noises, a minute and a half together."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    noise = np.random.default_rng(0)
    for number in range(9):
        audio = noise.standard_normal(16_000 * 10).astype("f4") / 10
        soundfile.write(folder / f"{number}.wav", audio, 16_000)
    return folder


def test_a_build_that_was_killed_goes_on_and_ends_as_one_that_was_not(
    tmp_path: Path, recordings: Path
) -> None:
    split = tiny("train", 11, 2, recordings)
    whole, killed = tmp_path / "whole" / "train", tmp_path / "killed" / "train"
    corpus.build_split(split, whole, processes=1)

    script = (
        "from pathlib import Path; from training.corpus import *;"
        f"build_split({split!r}, Path({str(killed)!r}), 1)"
    )
    child = subprocess.Popen([sys.executable, "-c", script], start_new_session=True)
    deadline = time.monotonic() + 60
    while not list(killed.glob("*.flac")) and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    assert list(killed.glob("*.flac"))
    assert not (killed / "index.json").exists()

    corpus.build_split(split, killed, processes=1)
    stems = corpus.load_index(tmp_path / "killed", "train")
    assert stems == corpus.load_index(tmp_path / "whole", "train")
    assert sum(stem.seconds for stem in stems if stem.kind == "real") == pytest.approx(90, abs=2)
    finished = {path: path.stat().st_mtime_ns for path in killed.glob("*.flac")}
    corpus.build_split(split, killed, processes=1)
    assert finished == {path: path.stat().st_mtime_ns for path in killed.glob("*.flac")}


def test_a_kit_plays_the_drums_of_its_songs(tmp_path: Path) -> None:
    shots = tmp_path / "kit"
    shots.mkdir()
    noise = np.random.default_rng(0).standard_normal(8_000).astype("f4")
    for name in ("kick", "snare", "hihat"):
        soundfile.write(shots / f"{name}.wav", noise * np.geomspace(0.3, 1e-3, 8_000), 16_000)
    soundfile.write(shots / "empty.wav", noise[:0], 16_000)
    kit = KitSource("kit", str(shots), "*.wav", "some-kit", "CC0", 5, 2)
    split = Split("train", (), None, (kit,))
    (skipped,) = corpus.build_split(split, tmp_path / "train", 1)
    assert skipped.startswith(f"{shots / 'empty.wav'}: holds no audio")
    stems = corpus.load_index(tmp_path, "train")
    assert {(stem.kind, stem.package, stem.licence) for stem in stems} == {
        ("drums", "some-kit", "CC0")
    }
    assert sum(stem.seconds for stem in stems) > 30
    finished = {path: path.stat().st_mtime_ns for path in (tmp_path / "train").glob("*.flac")}
    assert corpus.build_split(split, tmp_path / "train", 1) == [skipped]
    assert finished == {path: path.stat().st_mtime_ns for path in finished}


def test_the_command_adds_own_recordings_and_writes_the_table(
    tmp_path: Path, recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    splits = []
    for number, name in enumerate(("train", "validation", "test")):
        noises = tmp_path / name
        noises.mkdir()
        audio, rate = soundfile.read(recordings / f"{number}.wav")
        soundfile.write(noises / "a.wav", audio, rate)
        splits.append(tiny(name, 0, 0, noises))
    monkeypatch.setattr("training.corpus.splits.SPLITS", tuple(splits))
    monkeypatch.setattr("training.corpus.table.SPLITS", tuple(splits))
    mine, more = tmp_path / "mine", tmp_path / "bass"
    for folder, number in ((mine, 3), (more, 4)):
        folder.mkdir()
        (folder / "take.wav").write_bytes((recordings / f"{number}.wav").read_bytes())
    (mine / "cover.jpg").write_bytes(b"no audio")
    data, out = tmp_path / "data", tmp_path / "out"
    gear = tmp_path / "gear"
    (gear / "di").mkdir(parents=True)
    for name, number in (("guitar-a-01", 5), ("guitar-a-04", 6)):
        (gear / "di" / f"{name}.wav").write_bytes((recordings / f"{number}.wav").read_bytes())
    arguments = ["corpus", "--audio", mine, "--audio", more, "--data", data, "--out", out]
    arguments += ["--gear", gear]
    done = CliRunner().invoke(app, list(map(str, arguments)))
    assert done.exit_code == 0, done.output
    assert f"skipped: {mine / 'cover.jpg'}: cannot be read as audio" in done.stderr
    assert "falls short: test holds no guitar" in done.stderr
    assert "validation holds no guitar" not in done.stderr
    stems = corpus.load_index(data / "corpus", "train")
    own = {stem.kind for stem in stems if stem.package == "own recordings"}
    assert own == {"other", "bass"}
    sources = json.loads((out / "corpus.json").read_text())["sources"]
    assert {source["split"] for source in sources if source["package"] == "own recordings"} == {
        "train"
    }
    again = CliRunner().invoke(app, ["corpus", "--data", str(data), "--out", str(out)])
    assert again.exit_code == 0
    assert corpus.load_index(data / "corpus", "train") == stems

    gone = CliRunner().invoke(app, ["corpus", "--audio", str(tmp_path / "no"), "--data", str(data)])
    assert gone.exit_code == 9
    assert "is not a folder" in gone.stderr
