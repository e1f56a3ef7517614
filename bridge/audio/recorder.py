"""One sound device, captured into a lock-free ring by PortAudio's thread, in C (rtmixer).

No Python runs on that thread, so a busy interpreter loses no sample. Whoever reads the ring never
waits.
"""

import time
from collections.abc import Sequence

import numpy as np
from typing_extensions import override

from bridge.arrays import Audio, finite
from bridge.audio.devices import close_stream, find_device, portaudio
from bridge.closing import Closing
from bridge.errors import DeviceError

RING_S = 4.0
"""How much the ring holds while nobody reads."""
STALL_S = 0.7
"""A device that has delivered nothing for so long is gone."""
BLOCK_FRAMES = 256


class Recorder(Closing):
    """Some channels of a device at its own rate, by PortAudio name or index."""

    def __init__(self, device: str, channels: Sequence[int] | None = None) -> None:
        """`channels` count from 1; without them, the first one or two.

        Raises DeviceError where the device is missing, has no such channels, or refuses.
        """
        rtmixer, sounddevice = portaudio()
        found = find_device(device, "input")
        self.name = str(found["name"])
        self.on_jack = "JACK" in sounddevice.query_hostapis(found["hostapi"])["name"]
        self.sample_rate = int(found["default_samplerate"])
        there = int(found["max_input_channels"])
        wanted = list(channels or range(1, min(there, 2) + 1))
        if not 1 <= min(wanted) <= max(wanted) <= there:
            raise DeviceError(
                f"{self.name}: has the channels 1 to {there}, and not all of"
                f" {','.join(map(str, wanted))}; choose others"
            )
        self.channels = len(wanted)
        frames = 1 << round(RING_S * self.sample_rate).bit_length()
        self._ring = rtmixer.RingBuffer(4 * self.channels, frames)
        self._mapping = wanted
        self.lost = 0
        try:
            self._stream = rtmixer.Recorder(
                device=found["index"],
                channels=max(wanted),
                samplerate=self.sample_rate,
                blocksize=BLOCK_FRAMES,
                latency="low",
            )
            self._record()
            self._stream.start()
        except (sounddevice.PortAudioError, ValueError) as error:
            raise DeviceError(
                f"{self.name}: cannot be opened with {max(wanted)} channels at"
                f" {self.sample_rate} Hz ({error}); close other programs that use it"
            ) from None
        self._heard_s = time.monotonic()

    def read(self) -> Audio:
        """What arrived since the last call, (channels, frames).

        Raises DeviceError where the device is gone.
        """
        if not self._stream.active:
            raise DeviceError(f"{self.name}: has stopped")
        if not self._stream.actions:
            # Recording ends itself when the ring is full.
            self.lost += 1
            self._ring.flush()
            self._record()
        frames = np.frombuffer(self._ring.read(), np.float32).reshape(-1, self.channels)
        now = time.monotonic()
        if len(frames):
            self._heard_s = now
        elif now - self._heard_s > STALL_S:
            raise DeviceError(f"{self.name}: delivers nothing")
        # One bad sample would stay in filters and means for ever.
        return finite(frames.T)

    @override
    def close(self) -> None:
        close_stream(self._stream)

    def _record(self) -> None:
        self._stream.record_ringbuffer(self._ring, channels=self._mapping)
