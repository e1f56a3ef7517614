"""Live audio: a sound device, or a file as if it were played live.

A device is captured by PortAudio's thread into a lock-free ring, in C (rtmixer): no Python runs
there, so a busy interpreter loses no sample. A file is paced by the clock of its reader. `read`
never blocks; it is called from one thread.
"""

import os
import time
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from typing_extensions import override

from bridge.arrays import Audio, finite
from bridge.audio.devices import find_device, portaudio
from bridge.audio.files import read_audio, require_sound
from bridge.closing import Closing
from bridge.errors import DeviceError

RING_S = 4.0
"""How much a device's ring holds while nobody reads."""
_BLOCK_FRAMES = 256
_AUDIO_SUFFIXES = frozenset((".wav", ".flac", ".ogg", ".aiff", ".aif", ".mp3"))


class Source(Closing):
    """Somewhere audio keeps coming from."""

    name: str
    sample_rate: int
    channels: int
    block_frames: int = 0
    """Frames in a block of the device; 0 where it has no such thing."""

    @abstractmethod
    def read(self) -> Audio:
        """What arrived since the last call, shape (channels, frames); it may be nothing."""

    @property
    def finished(self) -> bool:
        """Whether nothing more will come."""
        return False

    @property
    def lost(self) -> int:
        """How many times audio was lost because nobody read in time."""
        return 0

    @property
    def connected(self) -> bool:
        """Whether it is there; a device that has vanished is looked for until it returns."""
        return True

    def take_fault(self) -> str:
        """What became of it, told once; empty otherwise."""
        return ""

    @abstractmethod
    def close(self) -> None:
        """Stop. May be called twice."""


class FileSource(Source):
    """A file played from its beginning, at its own pace, from the first `read` on."""

    def __init__(
        self, path: Path, channels: Sequence[int] | None = None, repeat: bool = False
    ) -> None:
        """Raises AudioError where the file cannot be used."""
        self.name = path.name
        self._audio, self.sample_rate = read_audio(path)
        require_sound(self._audio, path)
        self.channels = len(self._audio)
        self._end = float("inf") if repeat else self._audio.shape[1]
        self._position = 0
        self._start: float | None = None

    @override
    def read(self) -> Audio:
        now = time.monotonic()
        if self._start is None:
            self._start = now
        due = int(min((now - self._start) * self.sample_rate, self._end))
        frames = np.arange(self._position, max(due, self._position))
        self._position = max(due, self._position)
        return self._audio[:, frames % self._audio.shape[1]]

    @property
    @override
    def finished(self) -> bool:
        return bool(self._position >= self._end)

    @override
    def close(self) -> None:
        self._end = self._position


class DeviceSource(Source):
    """The first one or two channels of a sound device, by PortAudio name or index."""

    def __init__(self, device: str, channels: Sequence[int] | None = None) -> None:
        """Raises DeviceError where the device is missing or refuses."""
        rtmixer, sounddevice = portaudio()
        found = find_device(device, "input")
        self.name = str(found["name"])
        self.sample_rate = int(found["default_samplerate"])
        self.channels = min(int(found["max_input_channels"]), 2)
        frames = 1 << round(RING_S * self.sample_rate).bit_length()
        self._ring = rtmixer.RingBuffer(4 * self.channels, frames)
        self._lost = 0
        try:
            self._recorder = rtmixer.Recorder(
                device=found["index"],
                channels=self.channels,
                samplerate=self.sample_rate,
                blocksize=_BLOCK_FRAMES,
                latency="low",
            )
            self._recorder.record_ringbuffer(self._ring)
            self._recorder.start()
        except (sounddevice.PortAudioError, ValueError) as error:
            raise DeviceError(
                f"{self.name}: cannot be opened with {self.channels} channels at"
                f" {self.sample_rate} Hz ({error}); close other programs that use it"
            ) from None

    @override
    def read(self) -> Audio:
        """What arrived since the last call. Raises DeviceError where the device has stopped."""
        if not self._recorder.active:
            raise DeviceError(f"{self.name}: has stopped; check that it is connected, start again")
        if not self._recorder.actions:
            # Recording ends itself when the ring is full.
            self._lost += 1
            self._ring.flush()
            self._recorder.record_ringbuffer(self._ring)
        frames = np.frombuffer(self._ring.read(), np.float32).reshape(-1, self.channels)
        # One bad sample would stay in filters and means for ever.
        return finite(frames.T)

    @property
    @override
    def lost(self) -> int:
        return self._lost

    @override
    def close(self) -> None:
        self._recorder.close()


def open_source(name: str, channels: Sequence[int] | None = None, repeat: bool = False) -> Source:
    """A file where `name` is one, else the sound device of that name or index.

    Raises AudioError or DeviceError where it is neither, or cannot be used.
    """
    path = Path(name)
    if os.path.exists(path) or path.suffix.lower() in _AUDIO_SUFFIXES:
        return FileSource(path, channels, repeat)
    return DeviceSource(name, channels)


def parse_channels(text: str) -> list[int] | None:
    """Temporary."""
    return None if text == "first" else [int(n) for n in text.split(",")]
