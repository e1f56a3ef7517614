"""In-memory ends of the pipeline, for what needs neither sound card nor socket."""

from collections.abc import Mapping

import numpy as np
from typing_extensions import override

from bridge.arrays import Audio
from bridge.audio.sources import Source
from bridge.hosts import Host


class MemoryHost(Host):
    """Keeps what it is sent."""

    def __init__(self, values: Mapping[str, float]) -> None:
        self.values = dict(values)
        self.received: list[dict[str, float]] = []

    @override
    def read(self) -> dict[str, float]:
        return dict(self.values)

    @override
    def set(self, values: Mapping[str, float]) -> None:
        self.values |= values
        self.received.append(dict(values))

    @override
    def close(self) -> None:
        pass


class MemorySource(Source):
    """Hands out one block for each read, then is finished."""

    def __init__(self, blocks: list[Audio], sample_rate: int) -> None:
        self.name = "memory"
        self.sample_rate = sample_rate
        self.channels = len(blocks[0])
        self._blocks = list(blocks)

    @override
    def read(self) -> Audio:
        if self._blocks:
            return self._blocks.pop(0)
        return np.zeros((self.channels, 0), np.float32)

    @property
    @override
    def finished(self) -> bool:
        return not self._blocks

    @override
    def close(self) -> None:
        self._blocks.clear()
