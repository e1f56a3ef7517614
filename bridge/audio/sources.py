"""Live audio: a sound device, or a file as if it were played live.

`read` never blocks; it is called from one thread. A file is paced by the clock of its reader. A
device has a process of its own (`bridge.audio.capture`), and a thread of this process that blocks
on the pipe from there and hands over what comes; a lock is held only to hand over. Where the device
vanishes, or its process dies, the thread starts another process, which looks for the device.
"""

import os
import pickle
import subprocess
import time
from abc import abstractmethod
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Event, Lock, Thread

import numpy as np
import soxr
from typing_extensions import override

from bridge.arrays import Audio
from bridge.audio.capture import RETRY_S, Block, Message, Opened, Waiting, command
from bridge.audio.files import require_peak
from bridge.audio.reading import AudioReader
from bridge.audio.recorder import RING_S
from bridge.closing import Closing
from bridge.errors import AudioError, BridgeError, DeviceError

OPENING_S = 10.0
"""A device that has not answered after so long refuses."""
CLOSING_S = 2.0
"""A process that has not closed its device after so long is killed."""
_AUDIO_SUFFIXES = frozenset((".wav", ".flac", ".ogg", ".aiff", ".aif", ".mp3"))


class Source(Closing):
    """Somewhere audio keeps coming from."""

    name: str
    sample_rate: int
    channels: int
    subtype: str = ""
    """How a file's samples are kept, as libsndfile names it; empty for a device."""
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
    """A file played from its beginning, at its own pace, from the first `read` on.

    It is read in pieces as it is played; the system has it in memory from when it was checked.
    """

    def __init__(
        self, path: Path, channels: Sequence[int] | None = None, repeat: bool = False
    ) -> None:
        """Blocking: reads all of it once. `channels` count from 1; without them, all.

        `repeat` plays it again and again. Raises AudioError where the file cannot be used.
        """
        self.name = path.name
        self._file = AudioReader(path)
        try:
            self._chosen = [number - 1 for number in channels or range(1, self._file.channels + 1)]
            self._check(path)
        except AudioError:
            self._file.close()
            raise
        self.channels = len(self._chosen)
        self.sample_rate, self.subtype = self._file.sample_rate, self._file.subtype
        self._faults = [f"{path}: {sentence}" for sentence in self._file.advice]
        self._end = float("inf") if repeat else self._file.frames_read
        self._file.rewind()
        self._blocks = self._file.blocks()
        self._block = np.zeros((self.channels, 0), np.float32)
        """What of the file's last block is still to be played."""
        self._position = 0
        self._start: float | None = None
        self._using = Lock()
        """Held while the file is read, so that it is not closed meanwhile."""

    def _check(self, path: Path) -> None:
        there = self._file.channels
        if not 0 <= min(self._chosen) <= max(self._chosen) < there:
            numbers = ",".join(str(channel + 1) for channel in self._chosen)
            raise AudioError(
                f"{path}: has the channels 1 to {there}, and not all of {numbers}; choose others"
            )
        peaks = [np.abs(block[self._chosen]).max() for block in self._file.blocks()]
        require_peak(float(max(peaks)), path)

    @override
    def read(self) -> Audio:
        now = time.monotonic()
        if self._start is None:
            self._start = now
        with self._using:
            due = int(min((now - self._start) * self.sample_rate, self._end))
            frames = max(due - self._position, 0)
            self._position += frames
            return self._next(frames)

    @property
    @override
    def finished(self) -> bool:
        return bool(self._position >= self._end)

    @override
    def take_fault(self) -> str:
        fault, self._faults = " ".join(self._faults), []
        return fault

    @override
    def close(self) -> None:
        with self._using:
            self._end = self._position
            self._file.close()

    def _next(self, frames: int) -> Audio:
        """So many more; fewer, and the end, where the file is no longer what it was."""
        parts = [self._block[:, :frames]]
        self._block = self._block[:, frames:]
        missing = frames - parts[0].shape[1]
        try:
            while missing:
                block = self._next_block()
                parts.append(block[:, :missing])
                self._block = block[:, missing:]
                missing -= parts[-1].shape[1]
        except AudioError as error:
            self._faults.append(str(error))
            self._end = self._position
        return np.concatenate(parts, axis=1)

    def _next_block(self) -> Audio:
        if (block := next(self._blocks, None)) is None:
            self._file.rewind()
            self._blocks = self._file.blocks()
            block = next(self._blocks)
        return block[self._chosen]


class DeviceSource(Source):
    """Some channels of a sound device, by PortAudio name or index; it may vanish and return."""

    def __init__(self, device: str, channels: Sequence[int] | None = None) -> None:
        """Blocking, until the device delivers; `channels` as for `Recorder`.

        Raises DeviceError where the device is missing or refuses.
        """
        self._device = self.name = device
        self._channels = channels
        self._command = command(device, channels)
        self._arrived: deque[Audio] = deque()
        self._arrived_frames = 0
        self._overrun = False
        self._resampler: soxr.ResampleStream | None = None
        self._lost = self._lost_before = 0
        self._connected = False
        self._fault = self._refused = ""
        self._handing_over = Lock()
        self._changing = Lock()
        """Held while a process is started, so that none is started behind the back of `close`."""
        self._answered, self._closed = Event(), Event()
        self.process = self._start()
        self._thread = Thread(target=self._run, name="capture", daemon=True)
        self._thread.start()
        if not (self._answered.wait(OPENING_S) and self._connected):
            refused = self._refused or f"{device}: does not answer; check it and try again"
            self.close()
            raise DeviceError(refused)

    @override
    def read(self) -> Audio:
        with self._handing_over:
            blocks = [np.zeros((self.channels, 0), np.float32), *self._arrived]
            self._arrived.clear()
            self._arrived_frames = 0
            self._overrun = False
        return np.concatenate(blocks, axis=1)

    @property
    @override
    def lost(self) -> int:
        return self._lost_before + self._lost

    @property
    @override
    def connected(self) -> bool:
        return self._connected

    @override
    def take_fault(self) -> str:
        fault, self._fault = self._fault, ""
        return fault

    @override
    def close(self) -> None:
        with self._changing:
            self._closed.set()
            self.process.terminate()
        self._thread.join(CLOSING_S)
        self.process.kill()
        self._thread.join()

    def _start(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            # Sound libraries complain there of every device they do not find.
            stderr=subprocess.DEVNULL,
        )

    def _run(self) -> None:
        """Take what the process tells, and start another where it ends."""
        while True:
            with self.process as child, suppress(EOFError, OSError, pickle.UnpicklingError):
                while child.stdout:
                    self._take(pickle.load(child.stdout))
            self._leave(f"{self.name}: its capture has died")
            if self._closed.wait(RETRY_S):
                return
            with self._changing:
                if self._closed.is_set():
                    return
                self.process = self._start()

    def _take(self, message: Message) -> None:
        match message:
            case Opened():
                self._meet(message)
            case Waiting(reason):
                self._leave(reason)
            case Block(audio, lost):
                self._hand_over(audio)
                self._lost = lost

    def _meet(self, found: Opened) -> None:
        if not self._answered.is_set():
            self.name, self.sample_rate = found.name, found.sample_rate
            self.channels, self.block_frames = found.channels, found.block_frames
            # It must come back with as many.
            self._command = command(self._device, self._channels or range(1, self.channels + 1))
        back, before = found.sample_rate, self.sample_rate
        self._resampler = None
        if back != before:
            self._resampler = soxr.ResampleStream(back, before, self.channels, dtype="float32")
        self._connected = True
        self._answered.set()

    def _leave(self, reason: str) -> None:
        if self._connected:
            self._connected = False
            self._fault = f"{reason}; it is looked for until it is back"
            self._lost_before += self._lost
            self._lost = 0
        self._refused = reason
        self._answered.set()

    def _hand_over(self, audio: Audio) -> None:
        if self._resampler:
            audio = np.ascontiguousarray(self._resampler.resample_chunk(audio.T).T)
        with self._handing_over:
            self._arrived.append(audio)
            self._arrived_frames += audio.shape[1]
            while self._arrived_frames > RING_S * self.sample_rate:
                # The newest counts; a stall is one loss, however long it is.
                self._arrived_frames -= self._arrived.popleft().shape[1]
                self._lost_before += not self._overrun
                self._overrun = True


def open_source(name: str, channels: Sequence[int] | None = None, repeat: bool = False) -> Source:
    """A file where `name` is one, else the sound device of that name or index.

    `repeat` plays a file again and again. `channels` count from 1; without them, all of a file, and
    the first one or two of a device. Blocking for a device. Raises AudioError or DeviceError where
    it is neither, has no such channels, or cannot be used.
    """
    path = Path(name)
    if os.path.exists(path) or path.suffix.lower() in _AUDIO_SUFFIXES:
        return FileSource(path, channels, repeat)
    return DeviceSource(name, channels)


def parse_channels(text: str) -> list[int] | None:
    """What a user chooses: `first` (None), or numbers from 1 on, such as `3` or `1,2`.

    Raises BridgeError for anything else.
    """
    if text == "first":
        return None
    numbers = text.split(",")
    if not all(number.isascii() and number.isdecimal() and int(number) for number in numbers):
        raise BridgeError(f"channels are 'first', or numbers from 1 on such as 1,2; not {text!r}")
    return [int(number) for number in numbers]
