"""In-memory ends of the pipeline, for what needs no socket, no clock and no process."""

from collections.abc import Mapping, Sequence

import numpy as np
from typing_extensions import override

from bridge.arrays import Audio
from bridge.audio.sources import Source
from bridge.engine.guidance import Outcome, Request
from bridge.hosts import Host


class MemoryHost(Host):
    """Keeps what it is sent."""

    def __init__(self, values: Mapping[str, float]) -> None:
        self.values = dict(values)
        self.received: list[dict[str, float]] = []
        self.bypasses: list[bool] = []

    @override
    def read(self) -> dict[str, float]:
        return dict(self.values)

    @override
    def set(self, values: Mapping[str, float]) -> None:
        self.values |= values
        self.received.append(dict(values))

    @override
    def bypass(self, on: bool) -> None:
        self.bypasses.append(on)

    @override
    def close(self) -> None:
        pass


class BlockSource(Source):
    """Hands out the next block of (channels, frames) at every read."""

    def __init__(self, blocks: Sequence[Audio], sample_rate: int) -> None:
        self.sample_rate = sample_rate
        self.channels = len(blocks[0])
        self._blocks = list(blocks)

    @override
    def read(self) -> Audio:
        return self._blocks.pop(0) if self._blocks else np.zeros((self.channels, 0), np.float32)

    @property
    @override
    def finished(self) -> bool:
        return not self._blocks

    @override
    def close(self) -> None:
        self._blocks.clear()


class ScriptedDecider:
    """Keeps what it is asked and answers as it is told to."""

    def __init__(self, *outcomes: Outcome) -> None:
        """Each request meets the next outcome at the next poll; without one it stays in work."""
        self.idle = True
        self.asked: list[Request] = []
        self.outcomes = list(outcomes)

    def ask(self, request: Request) -> None:
        assert self.idle
        self.idle = False
        self.asked.append(request)

    def poll(self) -> Outcome | None:
        if self.idle or not self.outcomes:
            return None
        self.idle = True
        return self.outcomes.pop(0)
