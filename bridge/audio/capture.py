"""A process of its own for one sound device: where PortAudio hangs or dies, only this ends.

Its one thread looks for the device, then moves what arrives from the C ring to standard output
every few milliseconds. Only writing may block it; meanwhile the ring holds `RING_S` seconds.
PortAudio sees new devices only when it starts anew, which ends all open streams: here there are
none yet. A stream whose device has gone cannot be closed: PortAudio's JACK backend waits ten
minutes for a server that will not answer. So the process ends, without closing, when the device is
gone; its owner, a `DeviceSource`, starts another. It ends too when it is asked to (SIGTERM) or
nobody reads any more, and closes its stream then: JACK waits for clients that are killed.

A JACK client that quits leaves zeros behind, and nothing tells. So where all is zero, one more
process looks whether the client is still there, less and less often.
"""

import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO

from bridge.arrays import Audio
from bridge.audio.devices import look_again
from bridge.audio.recorder import BLOCK_FRAMES, Recorder
from bridge.errors import DeviceError
from bridge.system import terminal_signals

POLL_S = 0.005
RETRY_S = 0.3
"""Between two looks for a device that is not there."""
ZEROS_S = 0.3
"""So long a JACK client may deliver zeros before it is looked for, and twice as long every time."""
MOST_ZEROS_S = 30.0
_LOOK = (
    "import sys; from bridge.audio.devices import find_device; find_device(sys.argv[1], 'input')"
)
"""Fails where the device is not there."""


@dataclass(frozen=True)
class Waiting:
    """The device is not there, or no longer."""

    reason: str


@dataclass(frozen=True)
class Opened:
    """The device is there; blocks will follow."""

    name: str
    sample_rate: int
    channels: int
    block_frames: int


@dataclass(frozen=True)
class Block:
    """What arrived, shape (channels, frames), and how often the ring has overrun so far."""

    audio: Audio
    lost: int


Message = Waiting | Opened | Block


def command(device: str, channels: Sequence[int] | None) -> list[str]:
    """The command line of such a process."""
    # Not -m: its messages would be classes of a module of another name.
    code = "from bridge.audio.capture import main; main()"
    # -P: a folder named `bridge` where the user happens to be is not this one.
    return [sys.executable, "-P", "-c", code, device, *map(str, channels or ())]


def main() -> None:
    """Capture the device and channels that the command line names until it is gone."""
    # Ctrl-C and the end of a terminal reach every process there; this one is ended by its owner.
    for number in terminal_signals():
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit())
    # What sound libraries print must not come between the messages.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    device, *channels = sys.argv[1:]
    with suppress(BrokenPipeError), _found(device, list(map(int, channels)), out) as recorder:
        _capture(recorder, out)
        # Nothing is closed any more, by Python neither.
        os._exit(0)


def _found(device: str, channels: Sequence[int], out: BinaryIO) -> Recorder:
    while True:
        try:
            return Recorder(device, channels)
        except DeviceError as error:
            _tell(Waiting(str(error)), out)
        time.sleep(RETRY_S)
        look_again()


def _capture(recorder: Recorder, out: BinaryIO) -> None:
    _tell(Opened(recorder.name, recorder.sample_rate, recorder.channels, BLOCK_FRAMES), out)
    presence = _Presence(recorder.name) if recorder.on_jack else None
    try:
        while True:
            time.sleep(POLL_S)
            block = recorder.read()
            _tell(Block(block, recorder.lost), out)
            if presence:
                presence.judge(block)
    except DeviceError as error:
        _tell(Waiting(str(error)), out)


def _tell(message: Message, out: BinaryIO) -> None:
    out.write(pickle.dumps(message))
    out.flush()


class _Presence:
    """Whether a JACK client that delivers nothing but zeros is still there."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._look: subprocess.Popen[bytes] | None = None
        self._patience_s = ZEROS_S
        self._look_at = time.monotonic() + ZEROS_S

    def judge(self, block: Audio) -> None:
        """Take what arrived. Raises DeviceError where the client is gone."""
        if block.any():
            self._patience_s = ZEROS_S
            self._look_at = time.monotonic() + ZEROS_S
        elif self._look is None:
            if time.monotonic() >= self._look_at:
                self._look = subprocess.Popen([sys.executable, "-P", "-c", _LOOK, self._name])
        elif (gone := self._look.poll()) is not None:
            if gone:
                raise DeviceError(f"{self._name}: has quit")
            self._look = None
            self._patience_s = min(2 * self._patience_s, MOST_ZEROS_S)
            self._look_at = time.monotonic() + self._patience_s
