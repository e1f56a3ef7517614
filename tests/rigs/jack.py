"""A JACK server without a sound card, and a client that plays and records.

`jackd -S -d dummy` loses no sample by design: it waits for its clients. The client's callback runs
on JACK's thread; what it plays and where it records is one object, replaced whole.
"""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import jack
import numpy as np

from bridge.arrays import Audio
from bridge.closing import Closing
from bridge.spawning import environment
from tests.rigs.children import PATIENCE_S, started, wait_for
from tests.rigs.installed import required

RATE = 48_000
PERIOD = 1024
"""Frames; a busy machine keeps up with the fewer cycles."""
_CLIENT_TIMEOUT_MS = 500
"""JACK waits ten times as long for a client that was killed, and nothing plays meanwhile."""


@contextmanager
def jack_server(rate: int = RATE, period: int = PERIOD) -> Iterator[None]:
    """A server that every client of this process and of its later children finds."""
    with jack_environment() as name, jackd(name, rate, period):
        yield


@contextmanager
def jack_environment() -> Iterator[str]:
    """The name of a server, which clients will find when it runs."""
    name = f"dafx-test-{os.getpid()}"
    with (
        TemporaryDirectory() as folder,
        environment(
            JACK_DEFAULT_SERVER=name,
            JACK_NO_START_SERVER="1",
            LD_PRELOAD=str(_without_metadata(Path(folder))),
        ),
    ):
        yield name


@contextmanager
def jackd(name: str, rate: int = RATE, period: int = PERIOD) -> Iterator[subprocess.Popen[bytes]]:
    """The server of that name, ready."""
    command = ["jackd", "-n", name, "-r", "-S", "-t", _CLIENT_TIMEOUT_MS, "-d", "dummy"]
    with (
        TemporaryDirectory() as folder,
        started(*command, "-r", rate, "-p", period, log=(log := Path(folder, "log"))) as child,
    ):
        wait = ["jack_wait", "-s", name, "-w", "-t", str(PATIENCE_S)]
        if subprocess.run(wait, timeout=2 * PATIENCE_S, capture_output=True).returncode:
            raise RuntimeError(f"jackd did not start:\n{log.read_text()}")
        yield child


def _without_metadata(folder: Path) -> Path:
    """A library that, loaded before libjack, leaves it without its database of port metadata.

    Ardour asks for names of ports, and sets them, on several threads, and libjack 1.9.21 guards
    neither. A thread that finds the database half open crashes; where it never opens, as with a
    file in its place, that can happen whenever a client comes or goes. And notices of names collide
    with other requests, for which jackd drops Ardour. Where a database cannot even be begun,
    libjack gives up before both.
    """
    library = folder / "without_metadata.so"
    compiler = required("g++", "g++")
    source = 'extern "C" int db_env_create(void **, unsigned) { return 95; /* not supported */ }'
    command = [compiler, "-shared", "-fPIC", "-x", "c++", "-", "-o", library]
    subprocess.run(command, input=source, text=True, timeout=PATIENCE_S, check=True)
    return library


class Player(Closing):
    """A JACK client with one output, `out_1`, and inputs `in_1`, ... that are recorded."""

    def __init__(self, name: str, inputs: int = 0) -> None:
        self._client = jack.Client(name, no_start_server=True)
        self._outport = self._client.outports.register("out_1")
        self._inports = [self._client.inports.register(f"in_{n + 1}") for n in range(inputs)]
        self._take = _Take(np.zeros(0, np.float32), inputs, 0, loop=False)
        self._client.set_process_callback(self._process)
        self._client.activate()

    def connect(self, to: str | None = None, sources: Sequence[str] = ()) -> None:
        """Connect the output to port `to`, and the inputs from `sources`, once these exist."""
        pairs = [(self._outport.name, to)] if to else []
        pairs += [(a, b.name) for a, b in zip(sources, self._inports, strict=False)]
        for source, target in pairs:
            wait_for(f"{source} to {target}", partial(self._connected, source, target))

    def loop(self, audio: Audio) -> None:
        """Play (frames,) for ever."""
        self._take = _Take(audio, len(self._inports), 0, loop=True)

    def record(self, audio: Audio, frames: int) -> Audio:
        """Play (frames,) once; `frames` of what comes in from its first frame on, (inputs, frames).

        Nothing is lost between the two: both happen in the same cycles.
        """
        take = self._take = _Take(audio, len(self._inports), frames, loop=False)
        wait_for("recording", lambda: take.position >= frames)
        return take.heard

    def close(self) -> None:
        self._client.deactivate()
        self._client.close()

    def _connected(self, source: str, target: str) -> bool:
        """Connect two ports; False where one is not there yet, or its program not ready."""
        try:
            if target not in [port.name for port in self._client.get_all_connections(source)]:
                self._client.connect(source, target)
        except jack.JackError:
            return False
        return True

    def _process(self, frames: int) -> None:
        take = self._take
        self._outport.get_array()[:] = take.next_out(frames)
        take.hear([port.get_array() for port in self._inports], frames)
        take.position += frames


class _Take:
    """One sound to play, and what is heard meanwhile."""

    def __init__(self, audio: Audio, inputs: int, frames: int, loop: bool) -> None:
        self._audio = audio
        self._loop = loop
        self.heard = np.zeros((inputs, frames), np.float32)
        self.position = 0

    def next_out(self, frames: int) -> Audio:
        indices = self.position + np.arange(frames)
        if self._loop:
            return self._audio[indices % len(self._audio)]
        out = np.zeros(frames, np.float32)
        part = self._audio[self.position : self.position + frames]
        out[: len(part)] = part
        return out

    def hear(self, blocks: Sequence[Audio], frames: int) -> None:
        room = self.heard[:, self.position : self.position + frames]
        for row, block in zip(room, blocks, strict=True):
            row[:] = block[: len(row)]


def port_names() -> set[str]:
    """The ports the server has now; none where it does not answer.

    Asked by a process of its own: libjack can crash one that opens and closes clients beside a
    client which plays.
    """
    listed = subprocess.run(["jack_lsp"], capture_output=True, text=True, timeout=PATIENCE_S)
    return set(listed.stdout.splitlines())
