"""Where processed audio goes: a file, a sound device, or nowhere.

A device is fed through a lock-free ring that PortAudio's thread empties in C (rtmixer). `write`
never blocks; it is called from one thread. `finish` may wait for what is still to be played.
"""

import logging
import os
import time
from abc import abstractmethod
from pathlib import Path

import numpy as np
import soundfile
import soxr
from typing_extensions import override

from bridge.arrays import Audio
from bridge.audio.devices import close_stream, find_device, portaudio
from bridge.audio.names import file_name
from bridge.closing import Closing
from bridge.errors import AudioError, DeviceError

_RING_S = 1.0
_AHEAD_S = 0.05
"""How much waits in the ring before it plays, so that a late writer leaves no gap."""
_log = logging.getLogger(__name__)


class Sink(Closing):
    """Takes audio of shape (channels, frames)."""

    @abstractmethod
    def write(self, audio: Audio) -> None:
        """Take what comes next."""

    @abstractmethod
    def finish(self) -> None:
        """All was written: keep it. Without this, `close` drops it."""


class FileSink(Sink):
    """A 32-bit float WAV, so levels above full scale survive.

    It takes its name when it is finished; until then `path` stays as it was.
    """

    def __init__(self, path: Path, sample_rate: int, channels: int) -> None:
        """Raises AudioError where the file cannot be written."""
        self._path = path
        try:
            if path.exists() and not path.is_file():
                raise AudioError(f"{path}: is not a file; give the name of a WAV to write")
            self._partial = path.with_name(f".{path.name}.part")
            self._file = soundfile.SoundFile(
                file_name(self._partial), "w", sample_rate, channels, subtype="FLOAT", format="WAV"
            )
        except (OSError, ValueError, soundfile.SoundFileError) as error:
            raise self._unwritable(error) from None

    @override
    def write(self, audio: Audio) -> None:
        try:
            self._file.write(audio.T)
        except (OSError, soundfile.SoundFileError) as error:
            raise self._unwritable(error) from None

    @override
    def finish(self) -> None:
        try:
            self._file.close()
            os.replace(self._partial, self._path)
        except (OSError, soundfile.SoundFileError) as error:
            raise self._unwritable(error) from None

    @override
    def close(self) -> None:
        self._file.close()
        self._partial.unlink(missing_ok=True)

    def _unwritable(self, error: Exception) -> AudioError:
        reason = getattr(error, "error_string", None) or getattr(error, "strerror", None) or error
        return AudioError(f"{self._path}: cannot be written ({reason}); choose another place")


class DeviceSink(Sink):
    """A sound device, by PortAudio name or index, at the device's own rate."""

    def __init__(self, device: str, sample_rate: int, channels: int) -> None:
        """`sample_rate` is that of the audio to come.

        Raises DeviceError where the device is missing or refuses.
        """
        rtmixer, sounddevice = portaudio()
        found = find_device(device, "output")
        self._name = str(found["name"])
        rate = int(found["default_samplerate"])
        self._channels = min(channels, int(found["max_output_channels"]))
        self._resampler = soxr.ResampleStream(sample_rate, rate, self._channels, dtype="float32")
        self._ring = rtmixer.RingBuffer(4 * self._channels, 1 << round(_RING_S * rate).bit_length())
        self._ahead_frames = round(_AHEAD_S * rate)
        self._lost_frames = 0
        try:
            self._mixer = rtmixer.Mixer(
                device=found["index"], channels=self._channels, samplerate=rate, latency="low"
            )
            self._mixer.start()
        except (sounddevice.PortAudioError, ValueError) as error:
            raise DeviceError(
                f"{found['name']}: cannot play {self._channels} channels at {rate} Hz ({error});"
                " choose another device"
            ) from None

    @override
    def write(self, audio: Audio) -> None:
        """Take what comes next. Raises DeviceError where the device is gone."""
        if not self._mixer.active:
            raise DeviceError(f"{self._name}: has stopped; check that it is connected, start again")
        self._queue(self._resampler.resample_chunk(np.ascontiguousarray(audio[: self._channels].T)))
        # Playing ends itself when the ring runs empty.
        if not self._mixer.actions and self._ring.read_available >= self._ahead_frames:
            self._mixer.play_ringbuffer(self._ring)

    @override
    def finish(self) -> None:
        rest = np.zeros((0, self._channels), np.float32)
        self._queue(self._resampler.resample_chunk(rest, last=True))
        if not self._mixer.actions and self._ring.read_available:
            self._mixer.play_ringbuffer(self._ring)
        patience = time.monotonic() + 2 * _RING_S
        while self._mixer.active and self._mixer.actions and time.monotonic() < patience:
            time.sleep(0.01)
        if self._lost_frames:
            _log.warning("%d frames came too fast to be played", self._lost_frames)

    @override
    def close(self) -> None:
        close_stream(self._mixer)

    def _queue(self, frames: Audio) -> None:
        frames = np.ascontiguousarray(frames, np.float32).reshape(-1, self._channels)
        self._lost_frames += len(frames) - self._ring.write(frames)


class NoSink(Sink):
    """Drops everything."""

    @override
    def write(self, audio: Audio) -> None:
        pass

    @override
    def finish(self) -> None:
        pass

    @override
    def close(self) -> None:
        pass
