"""Folders of real gear: what goes to which split, and captures made into pairs of clips."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.arrays import Audio
from training.corpus import MusicSource, Split, Stem, build_split, load_index
from training.corpus.captures import (
    CLIP_S,
    CLIPS,
    DRIVE_PEAK,
    load_pairs,
    render_captures,
    require_reader,
)
from training.corpus.gear import VALIDATION_CAPTURES, VALIDATION_DI, find_gear
from training.corpus.stems import SAMPLE_RATE
from training.errors import TrainingError

MEASURED_ON = "02 05 08 14 20 24 25 35 39 47 03 09 13 19 26 29 36 43 46 48"
NO_MUSIC = (MusicSource("/no.sf2", "/no.sf2", "some-soundfont", "none", 0, 0),)
READER = """
import torch

class Gain:
    def __init__(self, factor): self.factor = factor
    def eval(self): return self
    def __call__(self, audio, pad_start): return self.factor * audio

def init_from_nam(config): return Gain(float(config["factor"]))
"""


@pytest.fixture
def gear(tmp_path: Path) -> Path:
    """Captures of pure gains, seven short direct inputs, and what does not belong there."""
    folder = tmp_path / "gear"
    (folder / "captures").mkdir(parents=True)
    (folder / "di").mkdir()
    for number in range(1, 49):
        capture = folder / "captures" / f"gear-{number:02d}.nam"
        capture.write_text(json.dumps({"factor": number}))
    (folder / "captures" / "notes.txt").touch()
    for number in range(1, 8):
        take = folder / "di" / f"guitar-a-{number:02d}.flac"
        soundfile.write(take, sound(9, 100 + number), SAMPLE_RATE)
    (folder / "di" / ".hidden").touch()
    return folder


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that reads captures of pure gains, as neural-amp-modeler reads real ones."""
    package = tmp_path / "packages" / "nam"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "models.py").write_text(READER)
    monkeypatch.syspath_prepend(str(package.parent))
    monkeypatch.delitem(sys.modules, "nam", raising=False)


def sound(seconds: float, hz: float) -> Audio:
    return (0.2 * np.sin(2 * np.pi * hz * np.arange(round(seconds * SAMPLE_RATE)) / 48_000)).astype(
        "f4"
    )


@pytest.fixture
def stems(tmp_path: Path) -> list[Stem]:
    folder = tmp_path / "train"
    folder.mkdir()
    found = []
    for number, (name, kind) in enumerate(
        (("real-direct-input-00", "guitar"), ("0", "guitar"), ("1", "bass"), ("2", "keys"))
    ):
        stem = Stem(f"{name}_{kind}.flac", kind, 20.0, "p", "l", str(number))
        soundfile.write(folder / stem.path, sound(20, 110 * (number + 1)), SAMPLE_RATE)
        found.append(stem)
    return found


def test_what_is_measured_on_never_trains(gear: Path) -> None:
    train, validation, test = (find_gear(gear, name) for name in ("train", "validation", "test"))
    captures = [{path.stem for path in each.captures} for each in (train, validation)]
    assert captures[1] == VALIDATION_CAPTURES
    assert {f"gear-{number}" for number in MEASURED_ON.split()} <= captures[1]
    assert {f"gear-{number:02d}" for number in range(4, 49, 4)} <= captures[1]
    assert not captures[0] & captures[1]
    assert len(captures[0] | captures[1]) == 48
    takes = [{path.stem for path in each.direct_inputs} for each in (train, validation)]
    assert takes[1] == VALIDATION_DI
    assert (len(takes[0] - takes[1]), len(takes[1])) == (5, 2)
    assert test.captures == test.direct_inputs == ()


def test_a_folder_without_gear_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="neither di/ with recordings nor captures/"):
        find_gear(tmp_path, "train")


def test_direct_inputs_are_guitars_and_a_broken_one_is_named(gear: Path, tmp_path: Path) -> None:
    (gear / "di" / "guitar-a-06.flac").write_bytes(b"fLaC nothing")
    for name, seconds in (("train", 36), ("validation", 18)):
        folder = tmp_path / "corpus" / name
        found = find_gear(gear, name).direct_inputs
        skipped = build_split(Split(name, NO_MUSIC, None), folder, 1, direct_inputs=found)
        assert len(skipped) == (name == "train")
        assert all("guitar-a-06.flac: cannot be read" in line for line in skipped)
        (stem,) = load_index(folder.parent, name)
        assert (stem.kind, stem.package, stem.seconds) == ("guitar", f"gear for {name}", seconds)


def test_captures_need_their_reader(
    gear: Path, tmp_path: Path, stems: list[Stem], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "nam", None)
    with pytest.raises(TrainingError, match=r"pip install 'dafx-bridge\[gear\]'"):
        require_reader()
    captures = find_gear(gear, "train").captures
    with pytest.raises(TrainingError, match="neural-amp-modeler, which is not installed"):
        render_captures(captures, stems, tmp_path / "train", tmp_path / "gear" / "train", 1)
    assert render_captures((), stems, tmp_path / "train", tmp_path / "gear" / "train", 1) == []
    with pytest.raises(TrainingError, match="dafx-train corpus --gear"):
        load_pairs(tmp_path / "gear", "train")


@pytest.mark.usefixtures("reader")
def test_a_capture_gives_pairs_and_one_that_is_broken_is_named(
    gear: Path, tmp_path: Path, stems: list[Stem]
) -> None:
    captures = find_gear(gear, "train").captures[:2]
    broken = gear / "captures" / "gear-00.nam"
    broken.write_text("{}")
    given = [*captures, broken]
    out = tmp_path / "pairs" / "train"
    (skipped,) = render_captures(given, stems, tmp_path / "train", out, 1)
    assert skipped.startswith(f"{broken}: neural-amp-modeler cannot read it")
    pairs = load_pairs(tmp_path / "pairs", "train")
    assert [pair.capture for pair in pairs] == ["gear-01"] * 16 + ["gear-06"] * 16
    assert CLIPS["train"] == 16
    stems_of = [pair.stem for pair in pairs[:16]]
    assert stems_of.count("real-direct-input-00_guitar.flac") >= 8
    assert stems_of.count("1_bass.flac") == 4
    assert "2_keys.flac" not in stems_of
    sources = {stem.path: soundfile.read(tmp_path / "train" / stem.path)[0] for stem in stems}
    for pair in pairs:
        dry, rate = soundfile.read(out / pair.dry)
        wet, wet_rate = soundfile.read(out / pair.wet)
        assert rate == wet_rate == SAMPLE_RATE
        assert len(dry) == len(wet) == CLIP_S * SAMPLE_RATE == pair.seconds * SAMPLE_RATE
        assert np.abs(dry).max() == pytest.approx(DRIVE_PEAK, abs=1e-3)
        start = round(pair.start_s * SAMPLE_RATE)
        source = sources[pair.stem][start : start + len(dry)]
        assert np.allclose(dry, source / np.abs(source).max() * DRIVE_PEAK, atol=1e-3)
        gain = int(pair.capture[-2:]) * 10 ** (pair.wet_gain_db / 20)
        assert np.allclose(wet, gain * dry, atol=1e-3)
        assert np.abs(wet).max() < 0.9
    assert {pair.wet_gain_db for pair in pairs[:16]} == {0.0}
    assert len({pair.wet_gain_db for pair in pairs[16:]}) == 1

    written = {path: path.stat().st_mtime_ns for path in out.glob("*/*.flac")}
    (out / "index.json").unlink()
    captures[1].write_text(json.dumps({"factor": 2}))
    render_captures(captures, stems, tmp_path / "train", out, 1)
    again = load_pairs(tmp_path / "pairs", "train")
    assert again[:16] == pairs[:16]
    assert again[16:] != pairs[16:]
    for path, at in written.items():
        assert (path.stat().st_mtime_ns == at) == (path.parent.name == "gear-01")
