"""Where processed audio goes: a file, a sound device, or nowhere.

A device is fed through a lock-free ring that PortAudio's thread empties in C (rtmixer). `write`
never blocks; it is called from one thread.
"""

import os
from abc import abstractmethod
from pathlib import Path

import numpy as np
import soundfile
from typing_extensions import override

from bridge.arrays import Audio
from bridge.audio.devices import find_device, portaudio
from bridge.closing import Closing
from bridge.errors import AudioError, DeviceError

_RING_S = 1.0
_AHEAD_S = 0.05
"""How much waits in the ring before it plays, so that a late writer leaves no gap."""


class Sink(Closing):
    """Takes audio of shape (channels, frames)."""

    @abstractmethod
    def write(self, audio: Audio) -> None:
        """Take what comes next."""

    @abstractmethod
    def close(self) -> None:
        """Finish. May be called twice."""


class FileSink(Sink):
    """A 32-bit float WAV that takes its name when it is complete; until then it is `.NAME.part`."""

    def __init__(self, path: Path, sample_rate: int, channels: int) -> None:
        """Raises AudioError where the file cannot be written."""
        self._path = path
        self._partial = path.with_name(f".{path.name}.part")
        try:
            self._file = soundfile.SoundFile(
                self._partial, "w", sample_rate, channels, subtype="FLOAT", format="WAV"
            )
        except (OSError, soundfile.SoundFileError) as error:
            raise AudioError(f"{path}: cannot be written ({error}); choose another place") from None

    @override
    def write(self, audio: Audio) -> None:
        self._file.write(audio.T)

    @override
    def close(self) -> None:
        if not self._file.closed:
            self._file.close()
            os.replace(self._partial, self._path)


class DeviceSink(Sink):
    """A sound device, by PortAudio name or index."""

    def __init__(self, device: str, sample_rate: int, channels: int) -> None:
        """Raises DeviceError where the device is missing or refuses."""
        rtmixer, sounddevice = portaudio()
        found = find_device(device, "output")
        self._channels = min(max(channels, 1), int(found["max_output_channels"]))
        frames = 1 << int(np.ceil(np.log2(_RING_S * sample_rate)))
        self._ring = rtmixer.RingBuffer(4 * self._channels, frames)
        try:
            self._mixer = rtmixer.Mixer(
                device=found["index"],
                channels=self._channels,
                samplerate=sample_rate,
                latency="low",
            )
            self._mixer.start()
        except (sounddevice.PortAudioError, ValueError) as error:
            raise DeviceError(
                f"{found['name']}: cannot play {self._channels} channels at {sample_rate} Hz"
                f" ({error}); choose another device"
            ) from None
        self._ahead_frames = round(_AHEAD_S * sample_rate)

    @override
    def write(self, audio: Audio) -> None:
        self._ring.write(np.ascontiguousarray(audio[: self._channels].T, np.float32))
        # Playing ends itself when the ring runs empty.
        if not self._mixer.actions and self._ring.read_available >= self._ahead_frames:
            self._mixer.play_ringbuffer(self._ring)

    @override
    def close(self) -> None:
        self._mixer.close()


class NoSink(Sink):
    """Drops everything."""

    @override
    def write(self, audio: Audio) -> None:
        pass

    @override
    def close(self) -> None:
        pass
