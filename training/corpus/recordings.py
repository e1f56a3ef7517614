"""Stems from recordings that Debian packages hold: speech, and real playing and voices."""

import random
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from bridge.arrays import Audio
from bridge.audio.files import read_audio
from bridge.audio.resample import resample, to_mono
from bridge.errors import AudioError
from training.corpus.sources import KitSource, RecordingsSource, SpeechSource
from training.corpus.stems import (
    GROUP_S,
    MIN_STEM_S,
    SAMPLE_RATE,
    condition,
    faded,
    grouped,
    in_pieces,
    write_stem,
)
from training.errors import TrainingError

_FADE_S = 0.005


def gather_speech(source: SpeechSource, folder: Path) -> list[str]:
    """Write `NUMBER_speech.flac`, short recordings joined into whole minutes.

    Returns one line for each recording that was skipped. Raises TrainingError where the package is
    missing.
    """
    done = folder / ".speech"
    if done.exists():
        return done.read_text().splitlines()
    skipped: list[str] = []
    groups = grouped(_read(files_of(source), skipped))
    minutes = (group for group in groups if len(group) >= GROUP_S * SAMPLE_RATE)
    for number, audio in enumerate(minutes):
        write_stem(folder / f"{number:05d}_speech.flac", condition(audio))
    done.write_text("\n".join(skipped))
    return skipped


def gather_recordings(source: RecordingsSource, folder: Path) -> list[str]:
    """Write `real-KEY-NUMBER_KIND.flac`, about a minute each.

    Returns one line for each recording that was skipped. Raises TrainingError where the package is
    missing.
    """
    return join_recordings(files_of(source), source.key, source.kind, folder)


def join_recordings(files: Sequence[Path], key: str, kind: str, folder: Path) -> list[str]:
    """Write `real-KEY-NUMBER_KIND.flac` of files joined in a shuffled order.

    Returns one line for each that was skipped.
    """
    done = folder / f".real-{key}"
    if done.exists():
        return done.read_text().splitlines()
    shuffled = list(files)
    random.Random(key).shuffle(shuffled)
    skipped: list[str] = []
    recordings = (faded(audio, _FADE_S, _FADE_S) for audio in _read(shuffled, skipped))
    pieces = (piece for group in grouped(recordings) for piece in in_pieces(condition(group)))
    long_enough = (piece for piece in pieces if len(piece) >= MIN_STEM_S * SAMPLE_RATE)
    for number, audio in enumerate(long_enough):
        write_stem(folder / f"real-{key}-{number:02d}_{kind}.flac", audio)
    done.write_text("\n".join(skipped))
    return skipped


def files_of(source: SpeechSource | RecordingsSource | KitSource) -> list[Path]:
    """The source's files in order of name. Raises TrainingError where its package is missing."""
    files = sorted(Path(source.folder).glob(source.pattern))
    if not files:
        raise TrainingError(f"no recordings below {source.folder}: apt install {source.package}")
    return files


def read_mono(path: Path) -> Audio:
    """A recording, mono 48 kHz. Raises AudioError, one line, where it is broken or empty."""
    audio, rate = read_audio(path)
    return resample(to_mono(audio), rate, SAMPLE_RATE)


def _read(files: Iterable[Path], skipped: list[str]) -> Iterator[Audio]:
    """The recordings, mono 48 kHz; what is broken or empty adds a line to `skipped` instead."""
    for path in files:
        try:
            audio = read_mono(path)
        except AudioError as error:
            skipped.append(str(error))
        else:
            yield audio
