"""Audio files, checked before anything else touches them."""

import logging
import os
from pathlib import Path

import numpy as np

from bridge.arrays import Audio
from bridge.audio.reading import AudioReader
from bridge.errors import AudioError

LEAST_PEAK_DB = -70.0
"""A recording whose peak stays below, in dBFS, holds nothing to learn from."""
_SILENT_PEAK_DB = -96.0
"""Below this, in dBFS, not even 16 bits hold anything."""
_log = logging.getLogger(__name__)


def read_audio(path: Path) -> tuple[Audio, int]:
    """A whole file that libsndfile reads: float32 (channels, frames) and its rate in Hz.

    Raises AudioError, one line, where the file is missing, broken or empty, or holds samples that
    are no numbers or beyond all measure. Of a file that breaks off it logs how much there was.
    """
    with AudioReader(path) as file:
        audio = file.rest()
        for sentence in file.advice:
            _log.warning("%s: %s", path, sentence)
        return audio, file.sample_rate


def require_sound(audio: Audio, path: Path) -> None:
    """Raise AudioError where no sample reaches `LEAST_PEAK_DB`."""
    require_peak(float(np.abs(audio).max(initial=0.0)), path)


def require_peak(peak: float, path: Path) -> None:
    """Raise AudioError where this is below `LEAST_PEAK_DB`."""
    peak_db = 20 * float(np.log10(max(peak, 1e-10)))
    if peak_db < _SILENT_PEAK_DB:
        raise AudioError(f"{path}: is silent; give a recording with sound in it")
    if peak_db < LEAST_PEAK_DB:
        raise AudioError(
            f"{path}: is too quiet, its peak is {peak_db:.0f} dBFS; turn it up by at least"
            f" {LEAST_PEAK_DB - peak_db:.0f} dB, better by {-12 - peak_db:.0f} dB"
        )


def require_other_file(out: Path, *sources: Path) -> None:
    """Raise AudioError where writing `out` would overwrite one of the files that are read."""
    for source in sources:
        # os.path answers False where pathlib raises: a name too long, a folder closed to us.
        if os.path.exists(out) and os.path.exists(source) and os.path.samefile(out, source):
            raise AudioError(f"{out}: is also read from; write to another file")
