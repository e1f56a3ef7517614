"""An audio file read from its beginning, block by block, and checked as it is read."""

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import soundfile
from typing_extensions import override

from bridge.arrays import Audio, usable
from bridge.audio.names import file_name
from bridge.closing import Closing
from bridge.errors import AudioError

BLOCK_FRAMES = 1 << 14
_SIZES = re.compile(r"^\s*(?:data|SSND) : (\d+) \(should be (\d+)\)", re.MULTILINE)
"""What libsndfile logs of a WAV or AIFF that holds less than its header says."""
_UNKNOWN_BYTES = (0x7FFFFFFF, 0xFFFFFFFF)
"""What programs write that did not know the size; they may take off what the header needs."""
_HEADER_BYTES = 1 << 16
_SURELY_MISSING = 0.01
"""The length of an MP3 is known no better than this share of it."""
_OGG_PAGE_BYTES = 1 << 16
_OGG_FLAGS, _OGG_LAST_PAGE = 5, 4


class AudioReader(Closing):
    """A file that libsndfile reads."""

    def __init__(self, path: Path) -> None:
        """Raises AudioError, one line, where the file is missing, or no audio file."""
        self._path = path
        self.frames_read = 0
        try:
            if not path.exists():
                raise AudioError(f"{path}: no such file; check the path")
            if not path.is_file():
                raise AudioError(f"{path}: is not a file; give an audio file")
            self._file = _InOrder(file_name(path))
        except (soundfile.SoundFileError, OSError, TypeError) as error:
            raise self._unreadable(error) from None
        self.sample_rate, self.channels = int(self._file.samplerate), int(self._file.channels)
        self.subtype = str(self._file.subtype)
        """How its samples are kept, as libsndfile names it."""
        self.frames = _promised_frames(self._file)
        """How many there should be."""

    def blocks(self) -> Iterator[Audio]:
        """What is left of it, float32 (channels, frames) at a time; none is empty.

        Raises AudioError where it holds no audio at all, samples that are no numbers, or such that
        are beyond all measure. A file that breaks off just ends sooner; `advice` tells.
        """
        while (block := self._block()).size:
            if not np.isfinite(block).all():
                raise AudioError(
                    f"{self._path}: holds NaN or infinite samples; export the recording again"
                )
            if not usable(block):
                raise AudioError(
                    f"{self._path}: holds samples beyond +120 dBFS; export the recording again"
                )
            self.frames_read += block.shape[1]
            yield block
        if not self.frames_read:
            raise AudioError(f"{self._path}: holds no audio; give a recording")

    def rest(self) -> Audio:
        """All `blocks` as one."""
        return np.concatenate(list(self.blocks()), axis=1)

    def first(self, seconds: float) -> Audio:
        """As `rest`, but no more than about so much."""
        count = max(round(seconds * self.sample_rate / BLOCK_FRAMES), 1)
        return np.concatenate(list(islice(self.blocks(), count)), axis=1)

    def rewind(self) -> None:
        """Back to the beginning. Raises AudioError where the file does not let itself be read."""
        try:
            self._file.seek(0)
        except (soundfile.SoundFileError, OSError) as error:
            raise self._unreadable(error) from None
        self.frames_read = 0

    @property
    def advice(self) -> list[str]:
        """Once all is read: how much of the file was there, where that is not all."""
        read_s = self.frames_read / self.sample_rate
        if self.frames - self.frames_read > _SURELY_MISSING * self.frames:
            whole_s = self.frames / self.sample_rate
            return [f"It is cut short: {read_s:.1f} of {whole_s:.1f} s could be read."]
        if self._file.format == "OGG" and not _ends_properly(self._path):
            return [f"It is cut short: {read_s:.1f} s could be read."]
        return []

    @override
    def close(self) -> None:
        self._file.close()

    def _block(self) -> Audio:
        try:
            frames = self._file.read(BLOCK_FRAMES, dtype="float32", always_2d=True)
        except (soundfile.SoundFileError, OSError) as error:
            if not self.frames_read:
                raise self._unreadable(error) from None
            # A FLAC that breaks off; what came before is good.
            return np.zeros((self.channels, 0), np.float32)
        return np.ascontiguousarray(frames.T)

    def _unreadable(self, error: Exception) -> AudioError:
        reason = getattr(error, "error_string", None) or str(error)
        return AudioError(
            f"{self._path}: cannot be read as audio ({reason.strip(' .')}); give a WAV, FLAC, OGG,"
            " AIFF or MP3 file"
        )


class _InOrder(soundfile.SoundFile):  # type: ignore[misc]
    """Read from beginning to end.

    After every block soundfile seeks to where it is already, and in an MP3 that is heard.
    """

    def seekable(self) -> bool:
        return False


def _promised_frames(file: soundfile.SoundFile) -> int:
    """How many frames the header tells of; libsndfile tells of those that are there."""
    frames = int(file.frames)
    if found := _SIZES.search(file.extra_info):
        told, there = map(int, found.groups())
        unknown = told == 0 or any(0 <= most - told < _HEADER_BYTES for most in _UNKNOWN_BYTES)
        if not unknown and there:
            return round(frames * told / there)
    return frames


def _ends_properly(path: Path) -> bool:
    """Whether the last page of an Ogg file is marked as its last."""
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - _OGG_PAGE_BYTES, 0))
        tail = file.read()
    page = tail.rfind(b"OggS")
    flags = tail[page + _OGG_FLAGS : page + _OGG_FLAGS + 1] if page >= 0 else b""
    return bool(flags and flags[0] & _OGG_LAST_PAGE)
