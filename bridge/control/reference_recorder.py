"""The player's own sound as a reference: so many seconds of the input, kept as a file."""

from pathlib import Path

import numpy as np

from bridge.arrays import Audio
from bridge.audio.sinks import FileSink
from bridge.errors import AudioError


class ReferenceRecorder:
    """Gathers the blocks of one source."""

    def __init__(self, seconds: float, sample_rate: int) -> None:
        self._frames, self._sample_rate = round(seconds * sample_rate), sample_rate
        self._blocks: list[Audio] = []
        self._heard = 0

    @property
    def progress(self) -> float:
        """How much is heard, 0..1."""
        return min(self._heard / self._frames, 1.0)

    def hear(self, block: Audio) -> None:
        """The next block, (channels, frames)."""
        self._blocks.append(block)
        self._heard += block.shape[1]

    def write(self, path: Path) -> Path:
        """Blocking: all of it as a file. Raises AudioError where that cannot be written."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise AudioError(
                f"{path.parent}: cannot be made ({error.strerror}); make room for what is learned"
            ) from None
        audio = np.concatenate(self._blocks, axis=1)[:, : self._frames]
        with FileSink(path, self._sample_rate, len(audio)) as sink:
            sink.write(audio)
            sink.finish()
        return path
