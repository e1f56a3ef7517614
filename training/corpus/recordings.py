"""Stems from recordings that Debian packages hold: speech, and real playing and voices."""

import random
from collections.abc import Iterable, Iterator
from pathlib import Path

from bridge.arrays import Audio
from bridge.audio.files import read_audio
from bridge.audio.resample import resample, to_mono
from training.corpus.sources import RecordingsSource, SpeechSource
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


def gather_speech(source: SpeechSource, folder: Path) -> None:
    """Write `NUMBER_speech.flac`, short recordings joined into whole minutes.

    Raises TrainingError where the package is missing.
    """
    done = folder / ".speech"
    if done.exists():
        return
    groups = grouped(_read(_files(source)))
    minutes = (group for group in groups if len(group) >= GROUP_S * SAMPLE_RATE)
    for number, audio in enumerate(minutes):
        write_stem(folder / f"{number:05d}_speech.flac", condition(audio))
    done.touch()


def gather_recordings(source: RecordingsSource, folder: Path) -> None:
    """Write `real-KEY-NUMBER_real.flac`, about a minute each.

    Raises TrainingError where the package is missing.
    """
    done = folder / f".real-{source.key}"
    if done.exists():
        return
    files = _files(source)
    random.Random(source.key).shuffle(files)
    recordings = (faded(audio, _FADE_S, _FADE_S) for audio in _read(files))
    pieces = (piece for group in grouped(recordings) for piece in in_pieces(condition(group)))
    long_enough = (piece for piece in pieces if len(piece) >= MIN_STEM_S * SAMPLE_RATE)
    for number, audio in enumerate(long_enough):
        write_stem(folder / f"real-{source.key}-{number:02d}_real.flac", audio)
    done.touch()


def _files(source: SpeechSource | RecordingsSource) -> list[Path]:
    files = sorted(Path(source.folder).glob(source.pattern))
    if not files:
        raise TrainingError(f"no recordings below {source.folder}: apt install {source.package}")
    return files


def _read(files: Iterable[Path]) -> Iterator[Audio]:
    for path in files:
        audio, rate = read_audio(path)
        yield resample(to_mono(audio), rate, SAMPLE_RATE)
