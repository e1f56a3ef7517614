"""Figures as they are reported."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from bridge.arrays import Floats


@dataclass(frozen=True)
class Percentiles:
    """Of many times, in milliseconds."""

    p50: float
    p99: float
    max: float

    @classmethod
    def of(cls, times_ms: Sequence[float] | Floats) -> Self:
        """Of at least one time; NaN where there is none."""
        if not len(times_ms):
            return cls(*[float("nan")] * 3)
        return cls(*(round(float(q), 3) for q in np.percentile(times_ms, (50, 99, 100))))


@dataclass(frozen=True)
class Report:
    """One run of `dafx-bridge bench`."""

    plugin: str
    seconds: float
    hop_s: float
    processors: int
    compute_ms: Percentiles
    """From a complete hop to its datagram."""
    send_interval_ms: Percentiles
    """Between the datagrams of hops that follow each other."""
    processor_share: float
    """Of one core, by the engine's process."""
    decider_share: float
    """Of one core, by the process that tries settings."""
    memory_mb: float
    memory_mb_per_h: float | None
    """None where the run was too short to tell."""
    overflows: int
    skipped_hops: int
    first_inference_factor: float
    """The first hop that predicts, as a multiple of the median."""
    ready_s: float
    """From the start of `dafx-bridge live` to its first status; median of three."""
    bare_inference_ms: Percentiles
    predecessor_ms: Percentiles | None
    """None without PyTorch."""

    @property
    def jitter_ms(self) -> float:
        """p99 − p50 of the interval between sends."""
        return self.send_interval_ms.p99 - self.send_interval_ms.p50

    @property
    def to_bare_inference(self) -> float:
        """The median hop as a multiple of the median of the models alone."""
        return self.compute_ms.p50 / self.bare_inference_ms.p50

    @property
    def times_faster(self) -> float | None:
        """How often a hop fits into a prediction of the published network, at the medians."""
        return self.predecessor_ms.p50 / self.compute_ms.p50 if self.predecessor_ms else None
