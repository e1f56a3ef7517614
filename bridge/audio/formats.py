"""Which file format a name asks for, and how its samples are kept."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bridge.errors import AudioError

MOST_BYTES = 2**32 - 2**16
"""What a file whose sizes have 32 bits can hold."""
_KNOWN = "WAV, FLAC, AIFF, OGG or MP3"


class BitDepth(StrEnum):
    """How exactly samples are kept."""

    AS_INPUT = "input"
    INT16 = "16"
    INT24 = "24"
    INT32 = "32"
    FLOAT = "float"


@dataclass(frozen=True)
class FileFormat:
    """A container and a sample format, as libsndfile names them."""

    container: str
    subtype: str

    @property
    def is_float(self) -> bool:
        """Whether levels above full scale survive."""
        return self.subtype in ("FLOAT", "DOUBLE")

    @property
    def frame_bytes(self) -> int:
        """Bytes of one channel's sample; 0 where they are compressed."""
        return _BYTES.get(self.subtype, 0) if self.container in ("WAV", "AIFF") else 0


_BYTES = {
    "PCM_U8": 1,
    "PCM_S8": 1,
    "PCM_16": 2,
    "PCM_24": 3,
    "PCM_32": 4,
    "FLOAT": 4,
    "DOUBLE": 8,
}
_ASKED = {
    BitDepth.INT16: "PCM_16",
    BitDepth.INT24: "PCM_24",
    BitDepth.INT32: "PCM_32",
    BitDepth.FLOAT: "FLOAT",
}
_CONTAINERS = {
    "": "WAV",
    ".wav": "WAV",
    ".flac": "FLAC",
    ".aif": "AIFF",
    ".aiff": "AIFF",
    ".ogg": "OGG",
    ".mp3": "MP3",
}
_LOSSY = {"OGG": "VORBIS", "MP3": "MPEG_LAYER_III"}


def format_of(path: Path, depth: BitDepth = BitDepth.FLOAT, like: str = "") -> FileFormat:
    """The format that the name asks for; without an ending, WAV.

    `like` is the input's sample format, as libsndfile names it; an input that has no bit depth
    gives floats. FLAC keeps 24 bits of what has more. Raises AudioError for another ending, or a
    depth that the format does not have.
    """
    suffix = path.suffix.lower()
    if suffix not in _CONTAINERS:
        raise AudioError(f"{path}: {suffix} is not a format that can be written; name a {_KNOWN}")
    container = _CONTAINERS[suffix]
    if container in _LOSSY:
        if depth in (BitDepth.INT16, BitDepth.INT24, BitDepth.INT32):
            raise AudioError(f"{path}: {container} has no bit depth; leave it away, or name a WAV")
        return FileFormat(container, _LOSSY[container])
    subtype = _ASKED.get(depth) or (like if like in _BYTES else "FLOAT")
    return FileFormat(container, _fitting(subtype, container))


def _fitting(subtype: str, container: str) -> str:
    """The container's name for this sample format, or the nearest that it has."""
    if subtype in ("PCM_U8", "PCM_S8"):
        return "PCM_U8" if container == "WAV" else "PCM_S8"
    if container == "FLAC" and subtype != "PCM_16":
        return "PCM_24"
    return subtype
