"""A region of a recording as a file of its own, to be carried inside another one."""

from io import BytesIO
from math import inf
from pathlib import Path

import numpy as np
import soundfile

from bridge.audio.reading import AudioReader
from bridge.audio.recording import between
from bridge.errors import AudioError

_MOST_CHANNELS = 2
"""A reference is heard as one or two."""


def cut_flac(path: Path, begin_s: float = 0.0, end_s: float = inf, most_s: float = 120.0) -> bytes:
    """Blocking: the region as a FLAC file of 24 bits, no more than `most_s` of it.

    Of many channels the first two are taken. Raises AudioError as `AudioReader` does, and where
    the region begins behind the end.
    """
    with AudioReader(path) as file:
        rate = file.sample_rate
        first = round(begin_s * rate)
        last = round(min(end_s, begin_s + most_s) * rate)
        blocks = [block[:_MOST_CHANNELS] for block in between(first, last, file.blocks())]
    if not blocks:
        raise AudioError(f"{path}: ends before the region begins, at {begin_s:g} s; move it")
    made = BytesIO()
    audio = np.concatenate(blocks, axis=1).T
    soundfile.write(made, np.clip(audio, -1, 1), rate, format="FLAC", subtype="PCM_24")
    return made.getvalue()
