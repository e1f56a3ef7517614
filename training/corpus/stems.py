"""The files of the corpus: how they are levelled, cut and written, and their index."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from bridge.arrays import Audio
from bridge.audio.names import file_name
from training.errors import TrainingError

INDEX = "index.json"
KINDS = ("guitar", "bass", "keys", "drums", "other", "speech")
"""What every split holds."""
SAMPLE_RATE = 48_000
TARGET_RMS = 0.1
PEAK_LIMIT = 0.89
ACTIVE_RMS = 0.003
MIN_STEM_S = 6.0
GROUP_S = 60.0


@dataclass(frozen=True)
class Stem:
    """One file of the corpus, as the index lists it; `sha256` is that of its 16-bit samples."""

    path: str
    kind: str
    seconds: float
    package: str
    licence: str
    sha256: str


def load_index(folder: Path, split: str) -> list[Stem]:
    """The stems of one split. Raises TrainingError where the corpus was not built."""
    index = folder / split / INDEX
    if not index.exists():
        raise TrainingError(f"no corpus at {index}: run `dafx-train corpus` first")
    return [Stem(**entry) for entry in json.loads(index.read_text())]


def kind_of(path: Path) -> str:
    """The kind of a stem: its file's name ends in `_KIND.flac`."""
    return path.stem.split("_")[-1]


def condition(audio: Audio) -> Audio:
    """Bring mono 48 kHz audio to `TARGET_RMS` (peak below full scale) and cut silent seconds."""
    rms = float(np.sqrt(np.mean(audio**2))) if len(audio) else 0.0
    if rms < 1e-4:
        return audio[:0]
    audio = audio * min(TARGET_RMS / rms, PEAK_LIMIT / float(np.abs(audio).max()))
    seconds = audio[: len(audio) // SAMPLE_RATE * SAMPLE_RATE].reshape(-1, SAMPLE_RATE)
    active = np.sqrt(np.mean(seconds**2, axis=1)) > ACTIVE_RMS
    return np.ascontiguousarray(seconds[active].reshape(-1), np.float32)


def faded(audio: Audio, in_s: float, out_s: float) -> Audio:
    """Mono 48 kHz audio with linear fades of these seconds, shorter where it is shorter itself."""
    audio = audio.copy()
    into, out = (min(round(seconds * SAMPLE_RATE), len(audio)) for seconds in (in_s, out_s))
    audio[:into] *= np.linspace(0, 1, into, dtype=np.float32)
    audio[len(audio) - out :] *= np.linspace(1, 0, out, dtype=np.float32)
    return audio


def grouped(recordings: Iterable[Audio]) -> Iterator[Audio]:
    """Join mono 48 kHz recordings into groups of at least `GROUP_S`; the last may be shorter."""
    group: list[Audio] = []
    for audio in recordings:
        group.append(audio)
        if sum(map(len, group)) >= GROUP_S * SAMPLE_RATE:
            yield np.concatenate(group)
            group = []
    if group:
        yield np.concatenate(group)


def in_pieces(audio: Audio) -> list[Audio]:
    """Cut mono 48 kHz audio into equal pieces of about `GROUP_S`."""
    return np.array_split(audio, max(1, round(len(audio) / (GROUP_S * SAMPLE_RATE))))


def write_stem(path: Path, audio: Audio) -> None:
    """Write mono 48 kHz audio as 16-bit FLAC, whole or not at all."""
    partial = path.with_suffix(".partial")
    soundfile.write(file_name(partial), audio, SAMPLE_RATE, format="FLAC", subtype="PCM_16")
    partial.rename(path)


def measure(path: Path) -> tuple[float, str]:
    """Seconds of a written stem and the SHA-256 of its samples."""
    audio, rate = soundfile.read(file_name(path), dtype="int16")
    return len(audio) / rate, hashlib.sha256(audio.tobytes()).hexdigest()
