"""Run the engine as it is used, and its peers after it.

This process is the engine's: its main thread runs the live loop, and a thread looks at its memory.
Children: the embedded host, the decider that tries settings, for the start-up time `dafx-bridge
live`, and the predecessor's network. The engine runs first, with all of it at work; bare inference
has the same thread and pace after it; the predecessor's network runs last, without a pause.
"""

import os
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from threading import Event

import numpy as np
from typing_extensions import override

from bridge.audio.files import read_audio
from bridge.audio.sources import FileSource
from bridge.bench.figures import Percentiles, Report
from bridge.bench.peers import bare_inference, predecessor
from bridge.bench.usage import MemoryWatch, processor_s
from bridge.chain import Chain
from bridge.commands import lines, running
from bridge.demo.run import INPUT, REFERENCE
from bridge.drive.settings import LiveSettings
from bridge.engine.live import LiveEngine
from bridge.engine.session import Newest
from bridge.errors import BridgeError
from bridge.estimate.estimator import Estimator
from bridge.hosts import Host, News, connect
from bridge.library import open_library
from bridge.manifest import PluginSpec
from bridge.search.worker import SearchWorker

LEAST_S = 5.0
"""Enough for a window to fill."""
MEMORY_S = 600.0
"""A shorter run tells nothing of how memory grows."""
_WARM_UP_SHARE = 0.5
"""Memory grows until buffers are full; so much of the run does not count."""
MOST_S = 3600.0
_INTERVALS = 72_000
_READY_ROUNDS = 3
_PEER_S = 10.0
_PREDECESSOR_ROUNDS = 30


def measure(plugin_id: str, seconds: float) -> Report:
    """Blocking: follow the demo's guitar for so long, over and over, and measure.

    Raises BridgeError for less than `LEAST_S`, and where a child process fails.
    """
    if seconds < LEAST_S:
        raise BridgeError(f"seconds must be {LEAST_S:.0f} or more, not {seconds:g}")
    plugin = open_library().manifest.plugin(plugin_id)
    chain = Chain.of_plugin(plugin)
    estimator = Estimator(chain)
    reference = estimator.analyse(*read_audio(REFERENCE), str(REFERENCE))
    with (
        running("host", "--plugin", plugin.id, "--port", 0, "--json") as child,
        ExitStack() as open_ones,
    ):
        url = f"embedded://127.0.0.1:{next(lines(child))['ready']['port']}"
        ready_s = float(np.median([_ready_s(plugin, url) for _ in range(_READY_ROUNDS)]))
        host = open_ones.enter_context(_Noting(connect(url, chain), estimator.hop_s))
        decider = open_ones.enter_context(SearchWorker(chain))
        source = open_ones.enter_context(FileSource(INPUT, repeat=True))
        engine = open_ones.enter_context(
            LiveEngine(source, estimator, reference, host, LiveSettings(), decider)
        )
        memory = open_ones.enter_context(MemoryWatch())
        started_s = time.monotonic()
        own_s, its_s = processor_s(), processor_s(decider.process_id)
        summary = engine.run(Event(), seconds)
        took_s = time.monotonic() - started_s
        own_s, its_s = processor_s() - own_s, processor_s(decider.process_id) - its_s
        slope = memory.slope(_WARM_UP_SHARE * took_s) if took_s >= MEMORY_S else None
        child.terminate()
    compute_ms = summary.compute_ms.all
    return Report(
        plugin=plugin.id,
        seconds=round(took_s, 2),
        hop_s=estimator.hop_s,
        processors=os.cpu_count() or 1,
        compute_ms=Percentiles.of(compute_ms),
        send_interval_ms=Percentiles.of(host.intervals_ms.all),
        processor_share=round(own_s / took_s, 4),
        decider_share=round(its_s / took_s, 4),
        memory_mb=round(memory.newest_mb, 1),
        memory_mb_per_h=slope,
        overflows=summary.lost,
        skipped_hops=summary.skipped_hops,
        first_inference_factor=round(float(compute_ms[0] / np.median(compute_ms)), 3),
        ready_s=round(ready_s, 3),
        bare_inference_ms=bare_inference(plugin, reference, estimator.hop_s, min(seconds, _PEER_S)),
        predecessor_ms=predecessor(len(plugin.predicted), _PREDECESSOR_ROUNDS),
    )


def _ready_s(plugin: PluginSpec, url: str) -> float:
    """From the start of `dafx-bridge live` to its first status."""
    files = ("--input", INPUT, "--reference", REFERENCE)
    started_s = time.monotonic()
    with running(
        "live", "--plugin", plugin.id, *files, "--host", url, "--seconds", 0.1, "--json"
    ) as child:
        told = lines(child)
        next(told)
        ready_s = time.monotonic() - started_s
        for _ in told:
            pass
    return ready_s


class _Noting(Host):
    """A host, and the time between values that were sent to it in hops that follow each other."""

    def __init__(self, host: Host, hop_s: float) -> None:
        self._host = host
        self.profile = host.profile
        self.intervals_ms = Newest(_INTERVALS)
        # A hop that changes nothing sends nothing.
        self._longest_s = 1.5 * hop_s
        self._sent_s = float("-inf")

    @override
    def set(self, values: Mapping[str, float]) -> None:
        self._host.set(values)
        now_s = time.monotonic()
        if now_s - self._sent_s < self._longest_s:
            self.intervals_ms.append(1000 * (now_s - self._sent_s))
        self._sent_s = now_s

    @override
    def find(self) -> None:
        self._host.find()

    @override
    def read(self) -> dict[str, float]:
        return self._host.read()

    @override
    def touch(self, symbols: Iterable[str], on: bool) -> None:
        self._host.touch(symbols, on)

    @override
    def ask(self) -> None:
        self._host.ask()

    @override
    def poll(self) -> News[str]:
        return self._host.poll()

    @override
    def close(self) -> None:
        self._host.close()
