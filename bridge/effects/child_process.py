"""A process of its own for code that may crash, hang, exit, print or eat memory.

Parties: the caller, who asks and blocks until there is an answer; the child, which answers one
request at a time on its main thread (`bridge.effects.rendering_child`); a thread of this process,
which looks twenty times a second whether the child is late or too big, and kills it. What the
child's plugins print goes nowhere, and they have no display to open a window on. The child ends
with its pipe, and so with this process.
"""

import contextlib
import math
import os
import pickle
import signal
import struct
import subprocess
import sys
import time
from threading import Lock, Thread
from typing import IO, Any

import psutil
from typing_extensions import override

from bridge.closing import Closing
from bridge.errors import EffectError, PluginFaultError
from bridge.spawning import one_thread_each
from bridge.system import unheard

MOST_MEMORY_BYTES = 1 << 30
"""Of the whole child; a child without a plugin takes about 0.1 GB."""
MODULE = "bridge.effects.rendering_child"
_LOOK_S = 0.05
_END_S = 2.0
_SIZE = struct.Struct("<Q")
_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY")


class ChildProcess(Closing):
    """Started at once, ready when it first answers. Any thread may ask; one at a time is served."""

    def __init__(self, most_memory_bytes: int = MOST_MEMORY_BYTES) -> None:
        self._most_bytes = most_memory_bytes
        self._asking = Lock()
        self._end_s = math.inf
        self._killed_for = ""
        with one_thread_each(), unheard():
            self._process = subprocess.Popen(
                # -P: a folder named `bridge` where the user happens to be is not this one.
                [sys.executable, "-P", "-m", MODULE],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={name: value for name, value in os.environ.items() if name not in _DISPLAYS},
            )
        self._watch = Thread(target=self._look, name="plugin-watch", daemon=True)
        self._watch.start()

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return not self._killed_for and self._process.poll() is None

    @property
    def process_id(self) -> int:
        """The child's."""
        return self._process.pid

    def ask(self, within_s: float, name: str, *arguments: object) -> Any:
        """Blocking: what the child's `Renderer` answers when this method of it is called.

        Raises EffectError as the method does, and PluginFaultError where the child dies of it, or
        is killed as it takes longer or grows too big.
        """
        with self._asking:
            self._end_s = time.monotonic() + within_s
            try:
                send(self._process.stdin, (name, arguments))
                done, answer = receive(self._process.stdout)
            except (EOFError, OSError, pickle.UnpicklingError):
                raise PluginFaultError(self._cause_of_death(within_s)) from None
            finally:
                self._end_s = math.inf
        if not done:
            raise EffectError(answer)
        return answer

    @override
    def close(self) -> None:
        """Kill it. May be called twice, and from any thread."""
        self._kill("it was closed")
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                if pipe:
                    pipe.close()

    def _kill(self, reason: str) -> None:
        self._killed_for = self._killed_for or reason
        self._process.kill()

    def _look(self) -> None:
        """The watching thread."""
        try:
            process = psutil.Process(self._process.pid)
            while self._process.poll() is None:
                if time.monotonic() > self._end_s:
                    self._kill("hangs")
                elif process.memory_info().rss > self._most_bytes:
                    self._kill(f"takes more than {self._most_bytes / 2**30:.0f} GB of memory")
                time.sleep(_LOOK_S)
        except psutil.Error:
            # It is gone already.
            return

    def _cause_of_death(self, within_s: float) -> str:
        """What the plugin does, as the end of a sentence."""
        if self._killed_for == "hangs":
            return f"hangs (no answer in {within_s:.0f} s)"
        if self._killed_for:
            return self._killed_for
        try:
            code = self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._kill("does not end")
            return "closes the pipe that it should answer through"
        if self._killed_for:
            return self._killed_for
        if code < 0:
            return f"crashes ({_signal_name(-code)})"
        return f"ends its process (exit code {code})"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def send(pipe: IO[bytes] | None, data: object) -> None:
    """Write one message. Raises OSError where nobody reads."""
    if pipe is None or pipe.closed:
        raise BrokenPipeError
    packed = pickle.dumps(data, pickle.HIGHEST_PROTOCOL)
    pipe.write(_SIZE.pack(len(packed)))
    pipe.write(packed)
    pipe.flush()


def receive(pipe: IO[bytes] | None) -> Any:
    """Blocking: read one message. Raises EOFError where the other end is closed."""
    if pipe is None or pipe.closed:
        raise EOFError
    head = pipe.read(_SIZE.size)
    if len(head) < _SIZE.size:
        raise EOFError
    (size,) = _SIZE.unpack(head)
    packed = pipe.read(size)
    if len(packed) < size:
        raise EOFError
    return pickle.loads(packed)
