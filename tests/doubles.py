"""In-memory ends of the pipeline, for what needs no socket, no clock and no process."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from typing_extensions import override

from bridge.arrays import Audio
from bridge.audio.sources import Source
from bridge.errors import HostError
from bridge.hosts import Host, News, Profile
from bridge.search.requests import Outcome, Request


class MemoryHost(Host):
    """Keeps what it is sent, by address, and tells its values when asked unless told other news."""

    profile = Profile(
        scheme="memory",
        name="memory",
        example="memory://",
        remedy="",
        discovers=False,
        reads=True,
        follows=True,
        bypasses=True,
    )

    def __init__(self, values: Mapping[str, float]) -> None:
        self.values = dict(values)
        self.received: list[dict[str, float]] = []
        self.gestures: list[tuple[frozenset[str], bool]] = []
        self.news: list[News[str]] = []
        self.deaf = False
        self.found = 0

    @override
    def find(self) -> None:
        if self.deaf:
            raise HostError("nobody there")
        self.found += 1

    @override
    def ask(self) -> None:
        # Asked twice before it is heard, it answers once: a slow caller must not fall behind.
        if not self.deaf and not any(news.answered for news in self.news):
            self.news.append(News(tuple(self.values.items()), answered=True))

    @override
    def poll(self) -> News[str]:
        return self.news.pop(0) if self.news else News()

    @override
    def touch(self, addresses: Iterable[str], on: bool) -> None:
        self.gestures.append((frozenset(addresses), on))

    @override
    def read(self) -> dict[str, float]:
        return dict(self.values)

    @override
    def set(self, values: Mapping[str, float]) -> None:
        if not self.deaf:
            self.values |= values
        self.received.append(dict(values))

    @override
    def close(self) -> None:
        pass


class BlockSource(Source):
    """Hands out the next block of (channels, frames) at every read."""

    name = "blocks"

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

    def submit(self, request: Request) -> None:
        assert self.idle
        self.idle = False
        self.asked.append(request)

    def poll(self) -> Outcome | None:
        if self.idle or not self.outcomes:
            return None
        self.idle = True
        return self.outcomes.pop(0)
