"""An answer applied to a whole file, of any length in little memory."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bridge.arrays import Audio
from bridge.audio.excerpt import Excerpt
from bridge.audio.formats import BitDepth, FileFormat, format_of
from bridge.audio.reading import AudioReader
from bridge.audio.recording import Recording
from bridge.audio.sinks import FileSink
from bridge.effects import ChainEffect
from bridge.effects.blockwise import render_blocks
from bridge.estimate.answer import Answer


@dataclass(frozen=True)
class Target:
    """The file to be written."""

    path: Path
    kind: FileFormat
    sample_rate: int
    channels: int
    frames: int

    @classmethod
    def like(cls, source: Recording, path: Path, depth: BitDepth) -> "Target":
        """A file of the source's rate, channels and length, in the format that its name asks for.

        Raises AudioError where such a file cannot be written there. Leaves nothing behind.
        """
        kind = format_of(path, depth, source.subtype)
        target = cls(path, kind, source.sample_rate, source.channels, source.frames)
        with target.open():
            return target

    def open(self) -> FileSink:
        """A sink for it."""
        return FileSink(self.path, self.sample_rate, self.channels, self.kind, self.frames)


@dataclass(frozen=True)
class Written:
    """What came out."""

    mono: Audio
    """Its channels as one, as the source's were heard, (1, frames)."""
    advice: list[str]


def write_answer(
    answer: Answer,
    effect: ChainEffect,
    source: Path,
    recording: Recording,
    target: Target,
    pieces: int,
    piece_s: float,
) -> Written:
    """Write the source as the answer makes it; `pieces` and `piece_s` as for `read_recording`.

    Raises AudioError where it cannot be read or written any more.
    """
    rate, channels = recording.sample_rate, recording.channels
    excerpt = Excerpt(channels, recording.frames, rate, pieces, piece_s)
    with AudioReader(source) as file, target.open() as sink:
        for block in applied(answer, effect, file.blocks(), channels, rate):
            excerpt.take(block)
            sink.write(block)
        sink.finish()
        return Written(recording.mix.apply(excerpt.audio())[None], sink.advice)


def applied(
    answer: Answer,
    effect: ChainEffect,
    blocks: Iterable[Audio],
    channels: int,
    sample_rate: float,
) -> Iterator[Audio]:
    """`Answer.apply` of the blocks, each (channels, frames), put together."""
    if not answer.bypass:
        return render_blocks(effect, blocks, channels, sample_rate, answer.setting)
    gain = np.float32(10 ** (answer.gain_db / 20))
    return (np.asarray(block * gain, np.float32) for block in blocks)
