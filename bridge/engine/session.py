"""A live session: how the player wants to be followed, and what the engine tells of it."""

from dataclasses import dataclass, field

import numpy as np

from bridge.arrays import Floats
from bridge.estimate.closeness import Closeness, Verdict

_REMEMBERED_HOPS = 72_000
"""An hour of hops: what percentiles are taken of."""


@dataclass(frozen=True)
class Status:
    """What the engine is doing now."""

    time_s: float
    state: str
    """'filling' until enough was heard, 'provisional' until a whole window was, then 'matching';
    'silent' while values are held."""
    level_db: float
    latency_ms: float
    """From a complete hop to its datagram."""
    sends_per_s: int
    lost: int
    values: dict[str, float]
    """Where the parameters are, in real values by address."""
    confidence: dict[str, float]
    """Of the predicted parameters, 0..1; empty until there is an answer."""
    bypass: list[str]
    """Ids of the slots that are left out."""
    decisions: int
    """How many times settings were tried by rendering."""
    decision_s: float
    """How long the last of these times took; 0 before the first."""
    yielded: list[str]
    """Addresses of what the player has taken back in the host; left alone until armed."""
    host_lost: bool
    """Whether the host has quit or changed and is being looked for."""
    fault: str
    """Why trying settings failed or the host was lost, told once; empty otherwise."""
    closeness: Closeness | None = None
    """How near the newest decision comes; None until there is one, and anew for another input,
    reference or chain."""
    verdict: Verdict | None = None
    """What came of it."""


class Newest:
    """The newest of many numbers, in room that is taken once: memory must not grow by the hour."""

    def __init__(self, most: int) -> None:
        # Filled, as zeros would take their room only when they are written.
        self._room = np.full(most, np.nan, np.float32)
        self._count = 0

    def append(self, number: float) -> None:
        """Keep a number; where there is no room, in the place of the oldest."""
        self._room[self._count % len(self._room)] = number
        self._count += 1

    @property
    def all(self) -> Floats:
        """Those that are kept, in order until the room is full."""
        return self._room[: self._count]

    @property
    def last(self) -> float:
        """The newest; 0 where there is none."""
        return float(self._room[(self._count - 1) % len(self._room)]) if self._count else 0.0


@dataclass
class Summary:
    """What happened between start and end."""

    hops: int = 0
    predictions: int = 0
    sends: int = 0
    skipped_hops: int = 0
    lost: int = 0
    decisions: int = 0
    decision_s: float = 0.0
    """Mean time of a decision."""
    closeness: Closeness | None = None
    verdict: Verdict | None = None
    """Of the last decision."""
    compute_ms: Newest = field(default_factory=lambda: Newest(_REMEMBERED_HOPS))

    def percentile_ms(self, percent: float) -> float:
        """Compute time from a complete hop to its datagram; 0 where nothing was predicted."""
        return (
            float(np.percentile(self.compute_ms.all, percent)) if self.compute_ms.all.size else 0.0
        )
