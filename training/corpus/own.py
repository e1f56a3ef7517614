"""A user's own recordings as training stems.

A file's kind is the nearest folder above it, up to and with the given one, that is named like a
kind; without one it is `other`. A file that cannot serve is skipped and named, and never stops
the others.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.progress import track

from bridge.arrays import Audio
from bridge.audio.files import read_audio, require_sound
from bridge.audio.resample import resample, to_mono
from bridge.errors import AudioError
from training.corpus.stems import (
    KINDS,
    MIN_STEM_S,
    SAMPLE_RATE,
    condition,
    in_pieces,
    write_stem,
)
from training.errors import TrainingError

OWN_PREFIX = "own-"
OWN_PACKAGE, OWN_LICENCE = "own recordings", "the user's own"
_RATES_HZ = range(8_000, 768_001)


def find_own(folders: Sequence[Path]) -> list[tuple[Path, str]]:
    """Every file below `folders` that is not hidden, once, with its kind; links are followed.

    Raises TrainingError where a folder is missing, cannot be listed or holds no file.
    """
    found: dict[Path, str] = {}
    for folder in folders:
        if not folder.is_dir():
            raise TrainingError(f"--audio {folder}: is not a folder; give one with recordings")
        files = list(_walk(folder))
        if not files:
            raise TrainingError(f"--audio {folder}: holds no file; give a folder with recordings")
        found |= {path: _kind(path, folder) for path in files}
    return sorted(found.items())


def add_own(files: Sequence[tuple[Path, str]], folder: Path) -> list[str]:
    """Write `own-HASH-PIECE_KIND.flac`, about a minute each, for every file not added yet.

    Returns one line, naming the file and the reason, for each that was skipped.
    """
    skipped = []
    seen: dict[str, Path] = {}
    for path, kind in track(files, "own recordings", disable=not files):
        try:
            digest = _digest(path)
            if digest in seen:
                raise AudioError(f"{path}: is the same recording as {seen[digest]}")
            seen[digest] = path
            _add(path, kind, f"{OWN_PREFIX}{digest}", folder)
        except AudioError as error:
            skipped.append(str(error))
    return skipped


def _add(path: Path, kind: str, name: str, folder: Path) -> None:
    done = folder / f".{name}"
    written = list(folder.glob(f"{name}-*.flac"))
    if written and done.exists() and done.read_text() == kind:
        return
    pieces = in_pieces(_sound_of(path))
    done.unlink(missing_ok=True)
    for stale in written:
        stale.unlink()
    for number, piece in enumerate(pieces):
        write_stem(folder / f"{name}-{number:03d}_{kind}.flac", piece)
    done.write_text(kind)


def _sound_of(path: Path) -> Audio:
    audio, rate = read_audio(path)
    require_sound(audio, path)
    if rate not in _RATES_HZ:
        raise AudioError(f"{path}: has a sample rate of {rate} Hz; export it at 48000 Hz")
    sound = condition(resample(to_mono(audio), rate, SAMPLE_RATE))
    if len(sound) < MIN_STEM_S * SAMPLE_RATE:
        raise AudioError(
            f"{path}: holds only {len(sound) / SAMPLE_RATE:.0f} s of sound, pauses left out; give"
            f" at least {MIN_STEM_S:.0f} s"
        )
    return sound


def _walk(folder: Path) -> Iterator[Path]:
    entered = set()
    for root, folders, names in os.walk(folder, followlinks=True, onerror=_refuse):
        if os.path.realpath(root) in entered:
            folders.clear()
            continue
        entered.add(os.path.realpath(root))
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(root, name) for name in sorted(names) if not name.startswith("."))


def _refuse(error: OSError) -> None:
    raise TrainingError(f"--audio: {error.filename} cannot be listed ({error.strerror})")


def _kind(path: Path, folder: Path) -> str:
    inside = path.relative_to(folder).parts[:-1]
    names = [folder.resolve().name, *inside]
    return next((name.lower() for name in reversed(names) if name.lower() in KINDS), "other")


def _digest(path: Path) -> str:
    """Tells a file by its content, so that it is added once wherever it lies."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:16]
    except OSError as error:
        raise AudioError(f"{path}: cannot be read ({error.strerror})") from None
