"""Does the engine lose a sample, a ring, or memory, beside a busy computer?

    python -m benchmarks.soak [--seconds 3600] [--blocks 64 256] [--hogs 2]

A JACK server without a sound card; a JACK client, in a process of its own, plays a known signal;
the whole engine follows it through a sound device into an embedded host, while it tries settings in
the background; hogs keep every core busy. Every sample that the engine reads is compared with the
one that was played. The seconds are shared out among the block sizes.

`jackd -S` waits for its clients, so it loses nothing by itself, however late this machine is: what
is missing was lost by the ring, by the process that captures, or on the way from there. A server
that does not wait would lose samples to the hogs before they reach PortAudio.

Needs Debian's jackd2 and mda-lv2. Writes docs/results/soak.json; fails where something was lost, a
ring has overrun, or memory grows.
"""

import argparse
import json
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

import numpy as np
import psutil
from typing_extensions import override

from bridge.arrays import Audio
from bridge.audio.files import read_audio
from bridge.audio.resample import resample
from bridge.audio.sources import DeviceSource, Source
from bridge.bench.figures import Percentiles
from bridge.bench.usage import MemoryWatch
from bridge.chain import Chain
from bridge.commands import lines, running
from bridge.demo.run import INPUT, REFERENCE
from bridge.drive.settings import LiveSettings
from bridge.engine.live import LiveEngine
from bridge.estimate.estimator import Estimator
from bridge.hosts import connect
from bridge.library import Library
from bridge.search.worker import SearchWorker
from tests.rigs.children import started, wait_for
from tests.rigs.jack import RATE, Player, jack_server

RESULT = Path("docs/results/soak.json")
PLUGIN = "mda-overdrive"
PLAYER = "player"
MOST_GROWTH_MB = 4.0
"""From the second quarter of a run to the last; an allocator's steps are smaller."""
MOST_SLOPE_MB_PER_H = 1.0
LONG_S = 600.0
"""Shorter runs say nothing of the slope."""
_MATCHED = 32
"""Frames that tell where in the signal a block begins."""
_WATERMARK = 1e-4
_PLAYS = "plays"
"""What the player prints once it is there."""


@dataclass(frozen=True)
class Soak:
    """What became of one block size."""

    block_frames: int
    seconds: float
    samples: int
    """Compared."""
    lost_samples: int
    gaps: int
    overruns: int
    hops: int
    skipped_hops: int
    predictions: int
    sends: int
    decisions: int
    compute_ms: Percentiles
    memory_mb: float
    memory_growth_mb: float
    memory_slope_mb_per_h: float
    capture_memory_growth_mb: float

    @property
    def faults(self) -> list[str]:
        """What must not be."""
        found = {
            "nothing was heard": not self.samples,
            f"{self.lost_samples} samples lost in {self.gaps} gaps": self.gaps,
            f"{self.overruns} overruns": self.overruns,
            f"memory grew by {self.memory_growth_mb} MB": self.memory_growth_mb > MOST_GROWTH_MB,
            f"memory grows by {self.memory_slope_mb_per_h} MB/h": (
                self.seconds >= LONG_S and self.memory_slope_mb_per_h > MOST_SLOPE_MB_PER_H
            ),
            f"the capture grew by {self.capture_memory_growth_mb} MB": (
                self.capture_memory_growth_mb > MOST_GROWTH_MB
            ),
        }
        return [fault for fault, there in found.items() if there]


class Compared(Source):
    """A source whose every sample is compared with a signal that is played over and over."""

    def __init__(self, source: Source, signal: Audio) -> None:
        """`signal`: (frames,), without a zero; no `_MATCHED` frames of it occur twice."""
        self._source = source
        self._signal = signal
        self._position: int | None = None
        self._rest: Audio = np.zeros(0, np.float32)
        self.name, self.sample_rate = source.name, source.sample_rate
        self.channels, self.block_frames = source.channels, source.block_frames
        self.samples = self.missing = self.gaps = 0

    @override
    def read(self) -> Audio:
        block = self._source.read()
        self._compare(block[0])
        return block

    @property
    @override
    def finished(self) -> bool:
        return self._source.finished

    @property
    @override
    def lost(self) -> int:
        return self._source.lost

    @property
    @override
    def connected(self) -> bool:
        return self._source.connected

    @override
    def take_fault(self) -> str:
        return self._source.take_fault()

    @override
    def close(self) -> None:
        self._source.close()

    def _compare(self, heard: Audio) -> None:
        heard = np.concatenate([self._rest, heard])
        self._rest = heard[:0]
        if self._position is None:
            # Before the player is connected there is silence.
            heard = heard[np.argmax(heard != 0) :] if heard.any() else heard[:0]
            if len(heard) < _MATCHED:
                self._rest = heard
                return
            self._position = self._find(heard)
        while len(heard):
            expected = self._signal.take(
                range(self._position, self._position + len(heard)), mode="wrap"
            )
            wrong = np.flatnonzero(heard != expected)
            right = int(wrong[0]) if len(wrong) else len(heard)
            self.samples += right
            self._position = (self._position + right) % len(self._signal)
            heard = heard[right:]
            if 0 < len(heard) < _MATCHED:
                self._rest = heard
                return
            if len(heard):
                self.gaps += 1
                now = self._find(heard)
                self.missing += (now - self._position) % len(self._signal)
                self._position = now

    def _find(self, heard: Audio) -> int:
        """Where in the signal these frames are. Raises ValueError where they are not."""
        for start in np.flatnonzero(self._signal == heard[0]):
            there = self._signal.take(range(start, start + _MATCHED), mode="wrap")
            if np.array_equal(there, heard[:_MATCHED]):
                return int(start)
        raise ValueError("what is heard was never played")


def soak(block_frames: int, seconds: float, hogs: int) -> Soak:
    """Blocking: follow the signal for so long at this block size."""
    played = _signal()
    chain = Chain.of_plugin(Library().manifest.plugin(PLUGIN))
    estimator = Estimator(chain)
    reference = estimator.analyse(*read_audio(REFERENCE), str(REFERENCE))
    serve = ("host", "--plugin", chain.id, "--port", 0, "--json")
    with jack_server(period=block_frames), _playing(played), running(*serve) as child:
        url = f"embedded://127.0.0.1:{next(lines(child))['ready']['port']}"
        with ExitStack() as open_ones:
            device = open_ones.enter_context(DeviceSource(PLAYER))
            source = Compared(device, played)
            host = open_ones.enter_context(connect(url, chain))
            decider = open_ones.enter_context(SearchWorker(chain))
            engine = open_ones.enter_context(
                LiveEngine(source, estimator, reference, host, LiveSettings(), decider)
            )
            open_ones.enter_context(_busy(hogs))
            memory = open_ones.enter_context(MemoryWatch())
            capture = open_ones.enter_context(MemoryWatch(device.process.pid))
            started_s = time.monotonic()
            summary = engine.run(Event(), seconds)
            took_s = time.monotonic() - started_s
        child.terminate()
    return Soak(
        block_frames=block_frames,
        seconds=round(took_s, 1),
        samples=source.samples,
        lost_samples=source.missing,
        gaps=source.gaps,
        overruns=summary.lost,
        hops=summary.hops,
        skipped_hops=summary.skipped_hops,
        predictions=summary.predictions,
        sends=summary.sends,
        decisions=summary.decisions,
        compute_ms=Percentiles.of(summary.compute_ms.all),
        memory_mb=round(memory.newest_mb, 1),
        memory_growth_mb=memory.growth_mb(),
        memory_slope_mb_per_h=memory.slope(took_s / 2),
        capture_memory_growth_mb=capture.growth_mb(),
    )


def _signal() -> Audio:
    """The demo's guitar with a faint noise on it, so that every few frames are unlike any other."""
    audio, rate = read_audio(INPUT)
    guitar = resample(audio, rate, RATE)[0]
    noise = np.random.default_rng(0).uniform(0.5, 1.5, len(guitar)) * _WATERMARK
    marked = (guitar + noise).astype(np.float32)
    marked[marked == 0] = _WATERMARK
    return np.asarray(marked, np.float32)


@contextmanager
def _playing(signal: Audio) -> Iterator[None]:
    """A JACK client in a process of its own plays the signal over and over."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "signal.npy"
        np.save(path, signal)
        log = Path(folder) / "log"
        with started(sys.executable, "-m", "benchmarks.soak", "--play", path, log=log):
            wait_for("the player", lambda: _PLAYS in log.read_text())
            yield


def play(path: Path) -> None:
    """Be that client, until SIGTERM."""
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit())
    with Player(PLAYER) as player:
        player.loop(np.load(path))
        print(_PLAYS, flush=True)
        signal.pause()


@contextmanager
def _busy(hogs: int) -> Iterator[None]:
    """Processes that want a core each."""
    with ExitStack() as children:
        for _ in range(hogs):
            children.enter_context(started(sys.executable, "-c", "while True: pass"))
        yield


def main(arguments: Sequence[str] | None = None) -> None:
    """Soak, write and judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=3600.0)
    parser.add_argument("--blocks", type=int, nargs="+", default=[64, 256])
    parser.add_argument("--hogs", type=int, default=psutil.cpu_count())
    parser.add_argument("--play", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.play:
        play(chosen.play)
        return
    share_s = chosen.seconds / len(chosen.blocks)
    results = [soak(block, share_s, chosen.hogs) for block in chosen.blocks]
    faults = [f"block {r.block_frames}: {fault}" for r in results for fault in r.faults]
    told = {"plugin": PLUGIN, "sample_rate_hz": RATE, "hogs": chosen.hogs}
    report = told | {"blocks": [asdict(result) for result in results], "faults": faults}
    RESULT.write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report, indent=1))
    sys.exit("; ".join(faults) or 0)


if __name__ == "__main__":
    main()
