"""Where processed audio goes: a file, a sound device, or nowhere.

A device is fed through a lock-free ring that PortAudio's thread empties in C (rtmixer). `write`
never blocks; it is called from one thread. `finish` may wait for what is still to be played.
"""

import itertools
import logging
import os
import stat
import time
from abc import abstractmethod
from pathlib import Path

import numpy as np
import soundfile
import soxr
from typing_extensions import override

from bridge.arrays import Audio
from bridge.audio.devices import close_stream, find_device, portaudio
from bridge.audio.formats import MOST_BYTES, FileFormat, format_of
from bridge.audio.names import file_name
from bridge.closing import Closing
from bridge.errors import AudioError, DeviceError

_RING_S = 1.0
_AHEAD_S = 0.05
"""How much waits in the ring before it plays, so that a late writer leaves no gap."""
_MOST_FRAMES_AT_ONCE = 1 << 16
_AUDIBLY_ABOVE_DB = 0.05
_RF64_AUTO_DOWNGRADE = 0x1210
"""SFC_RF64_AUTO_DOWNGRADE of libsndfile's sndfile.h."""
_SF_ERR_SYSTEM = 2
"""Of libsndfile's errors the one that is about the place; others are about the format."""
_PARTS = itertools.count()
_NO_ROOM = "the system refuses, as where a disk is full"
"""libsndfile keeps the system's reason to itself."""
_ANY_WRITE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH
_log = logging.getLogger(__name__)


class Sink(Closing):
    """Takes audio of shape (channels, frames)."""

    @abstractmethod
    def write(self, audio: Audio) -> None:
        """Take what comes next."""

    @abstractmethod
    def finish(self) -> None:
        """All was written: keep it. Without this, `close` drops it."""

    @property
    def gaps(self) -> int:
        """How often it had nothing to play."""
        return 0


class FileSink(Sink):
    """A file of the format that its name asks for.

    It takes its name when it is finished; until then `path` stays as it was.
    """

    def __init__(
        self,
        path: Path,
        sample_rate: int,
        channels: int,
        kind: FileFormat | None = None,
        frames: int | None = None,
    ) -> None:
        """`kind` is by itself the name's with floats; `frames`, where known, is what will come.

        Raises AudioError where the file cannot be written, or could not hold as much.
        """
        self._path, self._kind = path, kind or format_of(path)
        self.peak = 0.0
        """The largest sample so far."""
        self._frames, frame_bytes = 0, self._kind.frame_bytes * channels
        self._most_frames = MOST_BYTES // frame_bytes if frame_bytes else None
        """What 32-bit sizes allow; None where there are none."""
        fits = self._most_frames is None or (frames is not None and frames <= self._most_frames)
        if self._kind.container == "AIFF" and frames is not None and not fits:
            raise self._full()
        container = "RF64" if self._kind.container == "WAV" and not fits else self._kind.container
        require_target(path)
        # What a link points to is written, and the link stays.
        self._target = Path(os.path.realpath(path))
        self._partial = self._target.with_name(f".dafx-bridge-{os.getpid()}-{next(_PARTS)}.part")
        try:
            self._file = soundfile.SoundFile(
                file_name(self._partial),
                "w",
                sample_rate,
                channels,
                self._kind.subtype,
                format=container,
            )
        except (OSError, ValueError, soundfile.SoundFileError) as error:
            self._partial.unlink(missing_ok=True)
            if getattr(error, "code", _SF_ERR_SYSTEM) == _SF_ERR_SYSTEM:
                raise self._unwritable(error) from None
            raise AudioError(
                f"{path}: cannot be written as {self._kind.container} ({channels} channels at"
                f" {sample_rate} Hz); name a WAV"
            ) from None
        if container == "RF64":
            _become_a_wav_where_it_fits(self._file)

    @override
    def write(self, audio: Audio) -> None:
        """Take what comes next. Raises AudioError where it cannot; an AIFF that is full is kept."""
        self._frames += audio.shape[1]
        if (
            self._kind.container == "AIFF"
            and self._most_frames
            and self._frames > self._most_frames
        ):
            self.finish()
            raise self._full()
        self.peak = max(self.peak, float(np.abs(audio).max(initial=0.0)))
        try:
            # libsndfile's Vorbis encoder takes room on the stack for all that it is given.
            for start in range(0, audio.shape[1], _MOST_FRAMES_AT_ONCE):
                self._file.write(audio[:, start : start + _MOST_FRAMES_AT_ONCE].T)
        except (OSError, soundfile.SoundFileError) as error:
            raise self._unwritable(error) from None

    @override
    def finish(self) -> None:
        try:
            self._file.close()
            os.replace(self._partial, self._target)
        except (OSError, soundfile.SoundFileError) as error:
            raise self._unwritable(error) from None

    @override
    def close(self) -> None:
        self._file.close()
        self._partial.unlink(missing_ok=True)

    @property
    def advice(self) -> list[str]:
        """What there is to say of what was written, one sentence each."""
        above_db = 20 * float(np.log10(max(self.peak, 1.0)))
        if above_db < _AUDIBLY_ABOVE_DB:
            return []
        told = f"Its peak is {above_db:.1f} dB above full scale"
        if self._kind.is_float:
            return [f"{told}, which players cut off; turn it down by as much."]
        kept = "write a WAV with --bit-depth float to keep it, or turn the input down"
        return [f"{told} and was cut off; {kept}."]

    def _unwritable(self, error: Exception) -> AudioError:
        reason = getattr(error, "error_string", None) or getattr(error, "strerror", None) or error
        told = str(reason).strip(" .")
        return _unwritable(self._path, _NO_ROOM if told == "System error" else told)

    def _full(self) -> AudioError:
        return AudioError(f"{self._path}: an AIFF holds 4 GiB and no more; name a WAV to write")


def require_target(path: Path) -> None:
    """Raise AudioError where a file of that name could not be written, or may not be replaced."""
    try:
        if path.exists() and not path.is_file():
            raise AudioError(f"{path}: is not a file; give the name of an audio file to write")
        target = Path(os.path.realpath(path))
        if target.is_symlink():
            raise _unwritable(path, "its link leads in a circle")
        if not target.parent.is_dir():
            raise _unwritable(path, "its folder is missing")
        if not os.access(target.parent, os.W_OK):
            raise _unwritable(path, "its folder is write-protected")
        # Of root the system asks nothing, so the file's own mode is asked too.
        if path.exists() and not (os.access(path, os.W_OK) and path.stat().st_mode & _ANY_WRITE):
            raise _unwritable(path, "it is write-protected")
    except OSError as error:
        raise _unwritable(path, str(error.strerror or error)) from None


def _unwritable(path: Path, reason: str) -> AudioError:
    return AudioError(f"{path}: cannot be written ({reason}); choose another place")


def _become_a_wav_where_it_fits(file: soundfile.SoundFile) -> None:
    """Have an RF64 closed as a plain WAV where it has stayed below 4 GiB."""
    # soundfile has no public way to give libsndfile a command.
    library, null = soundfile._snd, soundfile._ffi.NULL
    library.sf_command(file._file, _RF64_AUTO_DOWNGRADE, null, 1)


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
        self._lost_frames = self._starts = 0
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
            self._starts += 1

    @property
    @override
    def gaps(self) -> int:
        """How often the ring ran empty."""
        return max(self._starts - 1, 0)

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
