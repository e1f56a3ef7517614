"""What is to be reached on two cores at 48 kHz and a hop of 50 ms."""

from collections.abc import Callable
from dataclasses import dataclass
from math import isnan

from bridge.bench.figures import Report


@dataclass(frozen=True)
class Goal:
    """One figure and its limit."""

    name: str
    unit: str
    limit: float
    value: Callable[[Report], float | None]
    at_least: bool = False
    """Whether more is better."""

    def met(self, report: Report) -> bool | None:
        """Whether it is reached; None where it was not measured."""
        value = self.value(report)
        if value is None or isnan(value):
            return None
        return value >= self.limit if self.at_least else value <= self.limit


GOALS = (
    Goal("compute p50", "ms", 5, lambda r: r.compute_ms.p50),
    Goal("compute p99", "ms", 15, lambda r: r.compute_ms.p99),
    Goal("compute max", "ms", 100, lambda r: r.compute_ms.max),
    Goal("compute p50 / bare inference p50", "x", 2, lambda r: r.to_bare_inference),
    Goal("times faster than the predecessor", "x", 15, lambda r: r.times_faster, at_least=True),
    Goal("send interval p99 - p50", "ms", 10, lambda r: r.jitter_ms),
    Goal("share of one core", "%", 15, lambda r: 100 * r.processor_share),
    Goal("memory slope", "MB/h", 1, lambda r: r.memory_mb_per_h),
    Goal("overflows", "", 0, lambda r: r.overflows),
    Goal("first inference / median", "x", 2, lambda r: r.first_inference_factor),
    Goal("start to ready", "s", 3, lambda r: r.ready_s),
)
