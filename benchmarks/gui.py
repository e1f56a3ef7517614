"""What the window costs: start, processor, frames, and whether the engine notices it.

    python -m benchmarks.gui [--seconds 30] [--display]

An engine plays the demo and follows. Its rhythm is measured at its control surface, first alone and
then beside the window, which measures itself in a process of its own, on Qt's offscreen platform or
with --display on the display there is. Writes docs/results/gui.json.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

import numpy as np

from benchmarks.engine import PATIENCE_S, own_engine
from bridge.control import ControlClient

RESULT = Path(__file__).parents[1] / "docs" / "results" / "gui.json"
STARTS = 5
_SETTLE_S = 5.0


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--display", action="store_true")
    parser.add_argument("--window", type=int, metavar="PORT", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.window:
        measure_window(arguments.window, arguments.seconds)
    if not arguments.display:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    result = measure(arguments.seconds)
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


def measure(seconds: float) -> dict[str, Any]:
    """An engine alone, then beside the window."""
    with ExitStack() as stack:
        client, port = stack.enter_context(own_engine())
        client.send("/demo")
        client.wait(lambda values: values.get("/host/state") == ("connected",), PATIENCE_S)
        client.send("/follow", 1)
        client.wait(lambda values: values.get("/state") == ("matching",), PATIENCE_S)
        listen(client, _SETTLE_S)
        alone = listen(client, seconds)
        command = [sys.executable, "-m", "benchmarks.gui", "--seconds", str(seconds)]
        started_s = [time.monotonic()]
        starts = []
        for _ in range(STARTS - 1):
            started_s = [time.monotonic()]
            quick = [*command[:-1], "0", "--window", str(port)]
            done = subprocess.run(quick, capture_output=True, text=True, check=True)
            starts.append(json.loads(done.stdout)["shown_s"] - started_s[0])
        started_s = [time.monotonic()]
        window = subprocess.Popen(
            [*command, "--window", str(port)], stdout=subprocess.PIPE, text=True
        )
        listen(client, _SETTLE_S)
        beside = listen(client, seconds)
        told, _ = window.communicate(timeout=PATIENCE_S)
        measured = json.loads(told)
        starts.append(measured.pop("shown_s") - started_s[0])
        start_cpu_s = measured.pop("start_cpu_s")
    return {
        "cores": os.cpu_count(),
        "load": [round(load, 1) for load in os.getloadavg()],
        "start_s": {"median": round(float(np.median(starts)), 2), "most": round(max(starts), 2)}
        | {"of_it_processor": round(start_cpu_s, 2)},
        "window": measured,
        "engine": {"alone": alone, "beside_the_window": beside},
    }


def listen(client: ControlClient, seconds: float) -> dict[str, float]:
    """The engine's rhythm as a subscriber sees it: times between hops, compute time of each."""
    hops_s: list[float] = []
    compute_ms: list[float] = []
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        for message in client.poll(0.01):
            # The compute time is told anew with every hop.
            if message.address == "/latency/compute":
                hops_s.append(client.heard_at)
                compute_ms.append(float(message.arguments[0]))
    between_ms = 1000 * np.diff(hops_s)
    if len(between_ms) < 2:
        return {}
    p50, p99 = np.percentile(between_ms, (50, 99))
    return {
        "hops": len(hops_s),
        "between_hops_p50_ms": round(float(p50), 1),
        "between_hops_p99_ms": round(float(p99), 1),
        "jitter_ms": round(float(np.std(between_ms)), 1),
        "compute_p50_ms": round(float(np.percentile(compute_ms, 50)), 1),
        "compute_p99_ms": round(float(np.percentile(compute_ms, 99)), 1),
    }


def measure_window(port: int, seconds: float) -> NoReturn:
    """Print of the window beside a running engine: processor time, frames, blocks, controls."""
    from PyQt6.QtCore import QEvent, QEventLoop, QObject, QTimer
    from PyQt6.QtWidgets import QApplication

    from gui.app import open_window
    from gui.engine import TICK_MS
    from gui.remembered import Remembered
    from tests.rigs.keyboard import controls, reached

    class Timed(QApplication):
        """Times every event that comes from outside, by the thread's processor time.

        By the clock, a busy computer's other programs would count too.
        """

        def __init__(self) -> None:
            super().__init__([])
            self.blocks: list[tuple[float, float]] = []
            self._depth = 0

        def notify(self, receiver: QObject | None, event: QEvent | None) -> bool:
            self._depth += 1
            clock_s, began_s = time.perf_counter(), time.thread_time()
            try:
                return super().notify(receiver, event)
            finally:
                self._depth -= 1
                if not self._depth:
                    self.blocks.append((clock_s, time.thread_time() - began_s))

    def idle(ms: float) -> None:
        loop = QEventLoop()
        QTimer.singleShot(round(ms), loop.quit)
        loop.exec()

    app = Timed()
    with TemporaryDirectory() as folder:
        window, engine = open_window(app, Remembered(Path(folder)), port)
        engine.start()
        window.show()
        while not window.rack.rows or "/input/peak" not in engine.values:
            idle(5)
        window.grab()
        shown_s = time.monotonic()
        figures: dict[str, Any] = {"shown_s": shown_s, "start_cpu_s": time.process_time()}
        if seconds:
            for tab in range(window.tabs.count()):
                window.tabs.setCurrentIndex(tab)
                idle(1000)
            for name, tab in (("spectrum", 0), ("history", 1), ("map", 2), ("changes", 3)):
                window.tabs.setCurrentIndex(tab)
                idle(500)
                app.blocks.clear()
                processor_s, clock_s = time.process_time(), time.perf_counter()
                idle(1000 * seconds / window.tabs.count())
                lasted_s = time.perf_counter() - clock_s
                figures[name] = {
                    "cpu_percent_of_a_core": round(
                        100 * (time.process_time() - processor_s) / lasted_s, 1
                    )
                } | _frames(app.blocks, clock_s, TICK_MS / 1000)
            there = controls(window)
            figures["controls"] = len(there)
            figures["reached_by_keyboard"] = len(there & reached(window))
            figures["actions_with_a_key"] = len(window.actions_by_id)
        window.close()
    print(json.dumps(figures), flush=True)
    # An application whose events pass through Python does not survive being torn down by it.
    os._exit(0)


def _frames(blocks: list[tuple[float, float]], from_s: float, tick_s: float) -> dict[str, float]:
    """The thread's work in every tick, and its longest single piece, in ms of processor time."""
    frames: dict[int, float] = {}
    for began_s, took_s in blocks:
        place = int((began_s - from_s) / tick_s)
        frames[place] = frames.get(place, 0.0) + took_s
    busy_ms = 1000 * np.array(list(frames.values()) or [0.0])
    return {
        "frame_p50_ms": round(float(np.percentile(busy_ms, 50)), 2),
        "frame_p99_ms": round(float(np.percentile(busy_ms, 99)), 2),
        "longest_block_ms": round(1000 * max(took_s for _, took_s in blocks), 2),
        "blocks_above_8_ms": sum(took_s > 0.008 for _, took_s in blocks),
    }


if __name__ == "__main__":
    main()
