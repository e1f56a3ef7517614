"""Processor time and memory of processes while something runs.

A thread of its own looks once a second, until the process ends; all it holds is one pair of numbers
for each second.
"""

import time
from array import array
from threading import Event, Thread

import numpy as np
import psutil
from typing_extensions import override

from bridge.closing import Closing

EVERY_S = 1.0
_MEGABYTE = 1e6


class MemoryWatch(Closing):
    """The resident memory of a process, by itself this one, from now until it is closed."""

    def __init__(self, process_id: int | None = None) -> None:
        self._process = psutil.Process(process_id)
        self._seconds, self._megabytes = array("d"), array("d")
        self._stop = Event()
        self._started_s = time.monotonic()
        self._thread = Thread(target=self._watch, name="memory-watch", daemon=True)
        self._thread.start()

    @property
    def newest_mb(self) -> float:
        """Resident megabytes at the last look."""
        return self._megabytes[-1]

    def slope(self, after_s: float) -> float:
        """Megabytes an hour that it grew by after the first seconds: a least-squares line.

        Only a long run tells a slow leak from the steps an allocator makes.
        """
        seconds, megabytes = np.array(self._seconds), np.array(self._megabytes)
        late = seconds >= after_s
        return round(float(np.polyfit(seconds[late] / 3600, megabytes[late], 1)[0]), 3)

    def growth_mb(self) -> float:
        """How much more it uses in the last quarter of the time than in the second."""
        quarters = np.array_split(np.array(self._megabytes), 4)
        return round(float(np.median(quarters[3]) - np.median(quarters[1])), 3)

    @override
    def close(self) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while True:
            try:
                megabytes = self._process.memory_info().rss / _MEGABYTE
            except psutil.NoSuchProcess:
                return
            self._seconds.append(time.monotonic() - self._started_s)
            self._megabytes.append(megabytes)
            if self._stop.wait(EVERY_S):
                return


def processor_s(process_id: int | None = None) -> float:
    """Seconds of processor time that a process, by itself this one, has used so far."""
    times = psutil.Process(process_id).cpu_times()
    return float(times.user + times.system)
