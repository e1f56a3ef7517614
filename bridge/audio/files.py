"""Audio files in and out, checked before anything else touches them."""

import os
import tempfile
from pathlib import Path

import numpy as np
import soundfile

from bridge.arrays import Audio
from bridge.errors import AudioError


def read_audio(path: Path) -> tuple[Audio, int]:
    """A whole file that libsndfile reads: float32 (channels, frames) and its rate in Hz.

    Raises AudioError, one line, where the file is missing, broken or empty, or holds NaN or inf.
    """
    if not path.exists():
        raise AudioError(f"{path}: no such file; check the path")
    if not path.is_file():
        raise AudioError(f"{path}: is not a file; give an audio file")
    try:
        audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, OSError) as error:
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


def require_sound(audio: Audio, path: Path, silence_db: float = -70.0) -> None:
    """Raise AudioError where the loudest sample lies below `silence_db` dBFS."""
    peak = float(np.abs(audio).max(initial=0.0))
    if peak < 10 ** (silence_db / 20):
        raise AudioError(f"{path}: is silent; give a recording with sound in it")


def write_audio(path: Path, audio: Audio, sample_rate: int) -> None:
    """Write (channels, frames) as 32-bit float WAV, so levels above full scale survive.

    The file appears whole or not at all. Raises AudioError where it cannot be written.
    """
    try:
        descriptor, partial = tempfile.mkstemp(suffix=".wav", prefix=".", dir=path.parent)
        os.close(descriptor)
        try:
            soundfile.write(partial, audio.T, sample_rate, format="WAV", subtype="FLOAT")
            os.chmod(partial, 0o644)
            os.replace(partial, path)
        finally:
            Path(partial).unlink(missing_ok=True)
    except (OSError, soundfile.SoundFileError) as error:
        raise AudioError(f"{path}: cannot be written ({error}); choose another place") from None
