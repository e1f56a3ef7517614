"""The corpus without its packages: own recordings, phrases, fetching, splits and the table."""

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.arrays import Audio
from training.corpus import (
    KINDS,
    SPLITS,
    KitSource,
    MusicSource,
    NotesSource,
    RecordingsSource,
    SpeechSource,
    Split,
    Stem,
    build_split,
)
from training.corpus.notes import PHRASE_S, gather_notes, join_notes, load_notes
from training.corpus.own import add_own, find_own
from training.corpus.packages import NpmPackage, fetch
from training.corpus.stems import SAMPLE_RATE, load_index
from training.corpus.table import refuse_leaks, report, shortfalls
from training.errors import TrainingError

NO_MUSIC = (MusicSource("/no.sf2", "/no.sf2", "some-soundfont", "none", 0, 0),)


def tone(seconds: float, hz: float = 440.0, rate: int = SAMPLE_RATE) -> Audio:
    return (0.5 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)).astype("f4")


def written(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("*.flac")}


@pytest.fixture
def record(tmp_path: Path) -> Callable[..., Path]:
    """Write (frames,) or (frames, channels) below tmp_path/mine."""

    def write(name: str, audio: Audio, rate: int = SAMPLE_RATE) -> Path:
        path = tmp_path / "mine" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, audio, rate, subtype="FLOAT" if path.suffix == ".wav" else None)
        return path

    return write


@pytest.fixture
def split_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus" / "train"
    folder.mkdir(parents=True)
    return folder


def test_own_recordings_take_the_kind_of_the_nearest_folder(
    record: Callable[..., Path], split_folder: Path, tmp_path: Path
) -> None:
    record("guitar/a.wav", np.stack([tone(8, rate=44_100)] * 2, axis=1), 44_100)
    record("guitar/speech/b.flac", tone(8, 300))
    record("Bass/b.ogg", tone(8, 100))
    record("c.mp3", tone(8, 500))
    record(".hidden/d.wav", tone(8, 600))
    elsewhere = tmp_path / "keys"
    elsewhere.mkdir()
    soundfile.write(elsewhere / "e.wav", tone(8, 700), SAMPLE_RATE)
    files = find_own([tmp_path / "mine", elsewhere, tmp_path / "mine"])
    assert add_own(files, split_folder) == []
    kinds = [name.split("_")[-1] for name in written(split_folder)]
    assert sorted(kinds) == ["bass.flac", "guitar.flac", "keys.flac", "other.flac", "speech.flac"]
    for path in split_folder.glob("*.flac"):
        audio, rate = soundfile.read(path)
        assert rate == SAMPLE_RATE
        assert len(audio) / rate == pytest.approx(8, abs=1)
        assert np.sqrt(np.mean(audio**2)) == pytest.approx(0.1, rel=0.02)


def test_bad_recordings_are_named_with_the_reason_and_lose_nothing(
    record: Callable[..., Path], split_folder: Path, tmp_path: Path
) -> None:
    good = record("good.wav", tone(8))
    (tmp_path / "mine" / "z-copy.wav").write_bytes(good.read_bytes())
    (tmp_path / "mine" / "broken.wav").write_bytes(b"RIFF" + bytes(range(256)))
    (tmp_path / "mine" / "empty.mp3").touch()
    (tmp_path / "mine" / "headless.raw").write_bytes(bytes(100))
    (tmp_path / "mine" / "gone.wav").symlink_to(tmp_path / "nowhere.wav")
    record("short.flac", tone(3))
    record("silent.wav", np.zeros(10 * SAMPLE_RATE, "f4"))
    record("pauses.wav", np.concatenate([tone(2), np.zeros(30 * SAMPLE_RATE, "f4")]))
    record("nan.wav", np.where(np.arange(8 * SAMPLE_RATE) == 9, np.nan, tone(8)).astype("f4"))
    record("slow.wav", tone(8), 100)
    skipped = add_own(find_own([tmp_path / "mine"]), split_folder)
    reasons = {
        "broken.wav": "cannot be read",
        "empty.mp3": "cannot be read",
        "gone.wav": "cannot be read",
        "headless.raw": "cannot be read",
        "nan.wav": "NaN",
        "pauses.wav": "only 2 s",
        "short.flac": "only 3 s",
        "silent.wav": "silent",
        "slow.wav": "100 Hz",
        "z-copy.wav": "same recording",
    }
    assert len(skipped) == len(reasons)
    for line, (name, reason) in zip(skipped, reasons.items(), strict=True):
        assert line.startswith(str(tmp_path / "mine" / name))
        assert reason in line
        assert "\n" not in line
    assert len(written(split_folder)) == 1


def test_a_long_recording_is_kept_whole_and_added_once(
    record: Callable[..., Path], split_folder: Path, tmp_path: Path
) -> None:
    long = record("guitar/long.flac", tone(155, rate=8_000), 8_000)
    split = Split("train", NO_MUSIC, speech=None)
    assert build_split(split, split_folder, 1, own=find_own([tmp_path / "mine"])) == []
    first = written(split_folder)
    stems = load_index(split_folder.parent, "train")
    assert len(stems) == 3
    assert sum(stem.seconds for stem in stems) == pytest.approx(155)
    assert {(stem.kind, stem.package) for stem in stems} == {("guitar", "own recordings")}

    # A kill after two of the three pieces: the mark that all are there was not made yet.
    (split_folder / sorted(first)[2]).unlink()
    next(split_folder.glob(".own-*")).unlink()
    build_split(split, split_folder, 1, own=find_own([tmp_path / "mine"]))
    assert load_index(split_folder.parent, "train") == stems
    again = written(split_folder)
    build_split(split, split_folder, 1, own=find_own([tmp_path / "mine"]))
    build_split(split, split_folder, 1)
    assert written(split_folder) == again
    assert load_index(split_folder.parent, "train") == stems

    moved = tmp_path / "mine" / "bass" / "long.flac"
    moved.parent.mkdir()
    long.rename(moved)
    build_split(split, split_folder, 1, own=find_own([tmp_path / "mine"]))
    assert {stem.kind for stem in load_index(split_folder.parent, "train")} == {"bass"}


def test_a_broken_or_empty_recording_of_a_package_is_named_and_the_build_goes_on(
    record: Callable[..., Path], split_folder: Path, tmp_path: Path
) -> None:
    for number in range(9):
        record(f"voice/{number}.ogg", tone(8, 300))
        record(f"band/{number}.flac", tone(8, 100 + number))
    record("voice/3-empty.ogg", tone(0))
    (tmp_path / "mine" / "band" / "garbage.flac").write_bytes(bytes(range(256)) * 40)
    split = Split(
        "train",
        NO_MUSIC,
        SpeechSource(str(tmp_path / "mine"), "voice/*.ogg", "voices", "CC0"),
        (RecordingsSource("band", str(tmp_path / "mine"), "band/*.flac", "band", "CC0"),),
    )
    skipped = build_split(split, split_folder, 1)
    for line, (name, reason) in zip(
        skipped,
        {"voice/3-empty.ogg": "holds no audio", "band/garbage.flac": "cannot be read"}.items(),
        strict=True,
    ):
        assert line.startswith(f"{tmp_path / 'mine' / name}: ")
        assert reason in line
        assert "\n" not in line
    stems = load_index(split_folder.parent, "train")
    seconds = {
        kind: [stem.seconds for stem in stems if stem.kind == kind] for kind in ("speech", "real")
    }
    assert seconds["speech"] == [pytest.approx(64)]
    assert sum(seconds["real"]) == pytest.approx(72)

    first = written(split_folder)
    assert build_split(split, split_folder, 1) == skipped
    assert written(split_folder) == first


def test_folders_of_recordings_that_cannot_serve_are_errors(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="is not a folder"):
        find_own([tmp_path / "nowhere"])
    with pytest.raises(TrainingError, match="holds no file"):
        find_own([tmp_path])
    (tmp_path / "a.wav").touch()
    (tmp_path / "again").symlink_to(tmp_path)
    assert find_own([tmp_path]) == [(tmp_path / "a.wav", "other")]


def test_a_phrase_is_a_melody_of_the_notes_without_clicks_or_gaps() -> None:
    pitches = [220 * 2 ** (step / 12) for step in range(12)]
    notes = [tone(0.4 if hz < 300 else 3, hz) for hz in pitches]
    phrase = join_notes(notes, "a")
    assert np.array_equal(phrase, join_notes(notes, "a"))
    assert not np.array_equal(phrase, join_notes(notes, "b"))
    assert len(phrase) == PHRASE_S * SAMPLE_RATE
    slope = 2 * np.pi * pitches[-1] / SAMPLE_RATE
    assert np.abs(np.diff(phrase)).max() < 2 * 2 * 0.5 * slope

    blocks = phrase[: len(phrase) // 4800 * 4800].reshape(-1, 4800)
    sounding = blocks[np.sqrt(np.mean(blocks**2, axis=1)) > 0.05]
    assert len(sounding) > 0.6 * len(blocks)
    spectra = np.abs(np.fft.rfft(sounding * np.hanning(4800), 48_000))
    heard = spectra.argmax(axis=1)
    nearest = np.abs(heard[:, None] / np.array(pitches) - 1)
    assert np.mean(nearest.min(axis=1) < 0.02) > 0.9
    assert len(set(nearest.argmin(axis=1))) >= 6


def tarball_of(folder: Path, files: dict[str, Audio]) -> NpmPackage:
    """An npm package of recordings as it lies among the downloads."""
    tarball = folder / "made-up-1.0.0.tgz"
    with tarfile.open(tarball, "w:gz") as archive:
        for name, audio in files.items():
            encoded = io.BytesIO()
            soundfile.write(encoded, audio, SAMPLE_RATE, format="FLAC")
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size = len(encoded.getvalue())
            archive.addfile(entry, io.BytesIO(encoded.getvalue()))
    return NpmPackage("made-up", "1.0.0", hashlib.sha256(tarball.read_bytes()).hexdigest())


def test_notes_come_from_their_onset_on_sorted_by_pitch(tmp_path: Path) -> None:
    silence = np.zeros(SAMPLE_RATE, "f4")
    recordings = {"C3": 130.8, "A#2v10": 116.5, "As3": 233.1, "A2": 110.0, "Cs3 v2": 138.6}
    package = tarball_of(
        tmp_path,
        {f"{name}.flac": np.concatenate([silence, tone(1, hz)]) for name, hz in recordings.items()},
    )
    notes, skipped = load_notes(NotesSource("x", package, "*.flac", "CC0", 2), tmp_path)
    assert skipped == []
    assert [len(note) for note in notes] == pytest.approx([SAMPLE_RATE] * 5, abs=30)
    heard = [int(np.abs(np.fft.rfft(note, SAMPLE_RATE)).argmax()) for note in notes]
    assert heard == pytest.approx(sorted(recordings.values()), abs=1)


def test_phrases_that_are_there_are_kept_and_more_can_be_asked_for(
    tmp_path: Path, split_folder: Path
) -> None:
    package = tarball_of(tmp_path, {"A2.flac": tone(2, 110), "A3.flac": tone(2, 220)})
    split = Split(
        "train", NO_MUSIC, None, (NotesSource("duo", package, "*.flac", "CC0", phrases=1),)
    )
    build_split(split, split_folder, 1, tmp_path)
    first = written(split_folder)
    gather_notes(NotesSource("duo", package, "*.flac", "CC0", phrases=2), split_folder, tmp_path)
    assert first.items() < written(split_folder).items()
    (stem,) = load_index(split_folder.parent, "train")
    assert (stem.kind, stem.package, stem.licence) == ("real", "npm made-up", "CC0")
    assert stem.seconds >= 12
    with pytest.raises(TrainingError, match=r"holds no \*\.ogg"):
        load_notes(NotesSource("duo", package, "*.ogg", "CC0", 1), tmp_path)


def test_a_package_that_npm_cannot_bring_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = NpmPackage("@made/up", "1.0.0", 64 * "0")
    tools = tmp_path / "bin"
    tools.mkdir()
    monkeypatch.setenv("PATH", str(tools))
    downloads = tmp_path / "downloads"
    with pytest.raises(TrainingError, match="apt install npm"):
        fetch(package, downloads)
    npm = tools / "npm"
    npm.write_text("#!/bin/sh\necho first >&2\necho no route >&2\nexit 1\n")
    npm.chmod(0o755)
    with pytest.raises(TrainingError, match=r"cannot fetch @made/up@1\.0\.0 \(no route\)"):
        fetch(package, downloads)
    npm.write_text("#!/bin/sh\necho other > made-up-1.0.0.tgz\n")
    with pytest.raises(TrainingError, match="not the file that was pinned"):
        fetch(package, downloads)
    assert not list(downloads.iterdir())

    pinned = NpmPackage("@made/up", "1.0.0", hashlib.sha256(b"other\n").hexdigest())
    tarball = fetch(pinned, downloads)
    tarball.write_bytes(b"damaged")
    assert fetch(pinned, downloads).read_bytes() == b"other\n"
    npm.unlink()
    assert fetch(pinned, downloads) == tarball


def origins(split: Split) -> set[str]:
    """Packages, soundfonts and speakers that a split draws on."""
    sources = [*split.music, *([split.speech] if split.speech else []), *split.real]
    found = {package for source in sources for package in source.package.split(", ")}
    found |= {font for music in split.music for font in (music.instruments, music.drums)}
    found |= {
        f"{source.folder}/{source.pattern}"
        for source in sources
        if hasattr(source, "pattern")
        if hasattr(source, "folder")
    }
    return found


def seeds_of(split: Split) -> list[int]:
    composed = [*split.music, *(each for each in split.real if isinstance(each, KitSource))]
    return [seed for source in composed for seed in source.seeds]


def kind_of_source(source: RecordingsSource | NotesSource | KitSource) -> str:
    return "drums" if isinstance(source, KitSource) else source.kind


def test_no_package_soundfont_or_speaker_is_in_two_splits() -> None:
    for one, other in combinations(SPLITS, 2):
        assert not origins(one) & origins(other)
    seeds = [seed for split in SPLITS for seed in seeds_of(split)]
    assert len(set(seeds)) == len(seeds)
    kinds = {split.name: {kind_of_source(source) for source in split.real} for split in SPLITS}
    assert kinds["train"] == set(KINDS)
    assert (kinds["validation"], kinds["test"]) == (set(), {"real"})
    keys = [source.key for split in SPLITS for source in split.real]
    assert len(set(keys)) == len(keys)


def stem(kind: str, hours: float, package: str, sha256: str) -> Stem:
    return Stem(f"{sha256}_{kind}.flac", kind, 3600 * hours, package, "CC0", sha256)


def corpus_of(folder: Path, splits: dict[str, list[Stem]]) -> None:
    for name, stems in splits.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        entries = [vars(each) for each in stems]
        (folder / name / "index.json").write_text(json.dumps(entries))


def test_the_table_has_the_hours_and_licence_of_every_source(tmp_path: Path) -> None:
    kinds = ("guitar", "bass", "keys", "drums", "other", "speech")
    splits = {
        name: [stem(kind, 1.0, f"{name}-font", f"{name} {kind}") for kind in kinds]
        for name in ("train", "validation", "test")
    }
    splits["test"].append(stem("real", 0.5, "npm notes", "r"))
    corpus_of(tmp_path, splits)
    assert report(tmp_path, tmp_path / "out") == []
    figures = json.loads((tmp_path / "out" / "corpus.json").read_text())
    assert figures["hours"]["test"] == {**dict.fromkeys(kinds, 1.0), "real": 0.5}
    table = (tmp_path / "out" / "corpus.md").read_text()
    assert "| test | 1.00 | 1.00 | 1.00 | 1.00 | 1.00 | 1.00 | 0.50 | 6.50 |" in table
    assert "| train | 1.00 | 1.00 | 1.00 | 1.00 | 1.00 | 1.00 | - | 6.00 |" in table
    assert "| test | npm notes | CC0 | real | 1 | 0.50 |" in table

    splits["train"] = splits["train"][1:5]
    corpus_of(tmp_path, splits)
    short = report(tmp_path, tmp_path / "out")
    assert short == [
        "train holds 4.00 h, less than 5 h",
        "train holds no guitar",
        "train holds no speech",
    ]
    assert short == shortfalls(splits)
    assert short[0] in (tmp_path / "out" / "corpus.md").read_text()


@pytest.mark.parametrize(
    ("package", "sha256", "shared"),
    [("other-font, drums", "b", "drums"), ("other-font", "a", "a")],
)
def test_splits_that_share_a_package_or_audio_are_refused(
    package: str, sha256: str, shared: str
) -> None:
    train = [stem("guitar", 1.0, "font, drums", "a")]
    test = [stem("guitar", 1.0, package, sha256)]
    with pytest.raises(TrainingError, match=f"{shared} is in both train and test"):
        refuse_leaks({"train": train, "test": test})


def test_only_stems_newer_than_the_index_are_measured_again(
    record: Callable[..., Path], split_folder: Path, tmp_path: Path
) -> None:
    record("a.flac", tone(8))
    split = Split("train", NO_MUSIC, speech=None)
    build_split(split, split_folder, 1, own=find_own([tmp_path / "mine"]))
    (before,) = load_index(split_folder.parent, "train")
    path = split_folder / before.path
    soundfile.write(path, tone(9, 200), SAMPLE_RATE)
    at = (split_folder / "index.json").stat().st_mtime + 10
    os.utime(path, (at, at))
    build_split(split, split_folder, 1)
    (after,) = load_index(split_folder.parent, "train")
    assert after.seconds == 9
    assert after.sha256 != before.sha256
