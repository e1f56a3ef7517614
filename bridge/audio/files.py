"""Audio files in and out, checked before anything else touches them."""

import os
from pathlib import Path

import numpy as np
import soundfile

from bridge.arrays import Audio
from bridge.audio.names import file_name
from bridge.audio.sinks import FileSink
from bridge.errors import AudioError

LEAST_PEAK_DB = -70.0
"""A recording whose peak stays below, in dBFS, holds nothing to learn from."""


def read_audio(path: Path) -> tuple[Audio, int]:
    """A whole file that libsndfile reads: float32 (channels, frames) and its rate in Hz.

    Raises AudioError, one line, where the file is missing, broken or empty, or holds NaN or inf.
    """
    try:
        if not path.exists():
            raise AudioError(f"{path}: no such file; check the path")
        if not path.is_file():
            raise AudioError(f"{path}: is not a file; give an audio file")
        audio, rate = soundfile.read(file_name(path), dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, OSError, TypeError) as error:
        reason = getattr(error, "error_string", None) or str(error)
        raise AudioError(
            f"{path}: cannot be read as audio ({reason.strip(' .')}); give a WAV, FLAC, OGG, AIFF"
            " or MP3 file"
        ) from None
    if len(audio) == 0:
        raise AudioError(f"{path}: holds no audio; give a recording")
    if not np.isfinite(audio).all():
        raise AudioError(f"{path}: holds NaN or infinite samples; export the recording again")
    return np.ascontiguousarray(audio.T), int(rate)


def require_sound(audio: Audio, path: Path) -> None:
    """Raise AudioError where no sample reaches `LEAST_PEAK_DB`."""
    peak = float(np.abs(audio).max(initial=0.0))
    if peak < 10 ** (LEAST_PEAK_DB / 20):
        raise AudioError(f"{path}: is silent; give a recording with sound in it")


def require_other_file(out: Path, *sources: Path) -> None:
    """Raise AudioError where writing `out` would overwrite one of the files that are read."""
    for source in sources:
        # os.path answers False where pathlib raises: a name too long, a folder closed to us.
        if os.path.exists(out) and os.path.exists(source) and os.path.samefile(out, source):
            raise AudioError(f"{out}: is also read from; write to another file")


def write_audio(path: Path, audio: Audio, sample_rate: int) -> None:
    """Write (channels, frames) as a 32-bit float WAV, whole or not at all.

    Raises AudioError where it cannot be written.
    """
    with FileSink(path, sample_rate, len(audio)) as sink:
        sink.write(audio)
        sink.finish()
