"""What is to be heard and said of a recording, without holding all of a long one."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import inf
from pathlib import Path

import numpy as np

from bridge.arrays import Audio
from bridge.audio.channels import ChannelMix, products_of
from bridge.audio.excerpt import Excerpt
from bridge.audio.reading import AudioReader
from bridge.errors import AudioError

CLIPPED = 0.999
"""Of full scale; a sample that reaches it counts as clipped."""
CLIPPED_SHARE = 1e-4
"""Share of clipped samples from which it is told."""
CLIPPED_ADVICE = "It is clipped; that will be taken for distortion."


@dataclass(frozen=True)
class Recording:
    """A recording as one channel, and what was found of all of it."""

    sample_rate: int
    channels: int
    frames: int
    mono: Audio
    """Its channels as one, (1, frames); of a long file evenly spread pieces."""
    mix: ChannelMix
    peak: float
    rms: float
    """Of all channels."""
    clipped_share: float
    """Of all samples, 0..1."""
    subtype: str = ""
    """How a file's samples are kept, as libsndfile names it."""
    faults: tuple[str, ...] = ()
    """What is wrong with a file, one sentence each."""

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.frames / self.sample_rate

    @property
    def advice(self) -> list[str]:
        """What could be better, one sentence each."""
        return [
            *self.faults,
            *([CLIPPED_ADVICE] if self.clipped_share > CLIPPED_SHARE else []),
            *self.mix.advice,
        ]


def read_recording(
    path: Path, pieces: int, piece_s: float, begin_s: float = 0.0, end_s: float = inf
) -> Recording:
    """A file, or a region of it; where that is longer than so many pieces it is heard in these.

    The file is read in order, to its end. Raises AudioError as `AudioReader` does, and where the
    region begins behind the end.
    """
    expected = 0
    while True:
        with AudioReader(path) as file:
            rate = file.sample_rate
            # Of a file that has broken off once it is known where.
            expected = expected or file.frames
            first = round(begin_s * rate)
            last = max(first, round(min(end_s * rate, expected)))
            excerpt = Excerpt(file.channels, last - first, rate, pieces, piece_s)
            measured = _Measured(file.channels, rate)
            for block in between(first, last, file.blocks()):
                measured.take(block)
                excerpt.take(block)
            if not measured.frames:
                raise AudioError(
                    f"{path}: the region begins at {begin_s:g} s, but the recording ends at"
                    f" {file.frames_read / rate:.1f} s; move it"
                )
            if excerpt.whole or file.frames_read >= expected:
                return measured.told(excerpt.audio(), file.subtype, tuple(file.advice))
            expected = file.frames_read


def between(first: int, last: int, blocks: Iterable[Audio]) -> Iterator[Audio]:
    """Of the blocks, (channels, frames), what lies from frame `first` to before `last`."""
    passed = 0
    for block in blocks:
        part = block[:, max(first - passed, 0) : max(last - passed, 0)]
        passed += block.shape[1]
        if part.size:
            yield part


class _Measured:
    """What adds up over the blocks of a recording."""

    def __init__(self, channels: int, sample_rate: int) -> None:
        self._channels, self._rate = channels, sample_rate
        self._products = np.zeros((channels, channels))
        self._peak = 0.0
        self._clipped = self.frames = 0

    def take(self, block: Audio) -> None:
        self._products += products_of(block)
        loud = np.abs(block)
        self._peak = max(self._peak, float(loud.max(initial=0.0)))
        self._clipped += int(np.count_nonzero(loud >= CLIPPED))
        self.frames += block.shape[1]

    def told(self, audio: Audio, subtype: str = "", faults: tuple[str, ...] = ()) -> Recording:
        """The recording; `audio`, (channels, frames), is what is heard of it."""
        mix = ChannelMix.of_products(self._products)
        samples = max(self.frames * self._channels, 1)
        return Recording(
            sample_rate=self._rate,
            channels=self._channels,
            frames=self.frames,
            mono=mix.apply(audio)[None],
            mix=mix,
            peak=self._peak,
            rms=float(np.sqrt(np.trace(self._products) / samples)),
            clipped_share=self._clipped / samples,
            subtype=subtype,
            faults=faults,
        )
