"""Deadlines by what this process has computed, so that a busy machine measures the same."""

import time
from typing import Self

from typing_extensions import override

from bridge.search.deadline import Deadline


class Computing(Deadline):
    """A time of the process's clock; waiting, also for a plugin's own process, is free."""

    @classmethod
    @override
    def after(cls, budget_s: float | None) -> Self:
        return cls() if budget_s is None else cls(time.process_time() + budget_s)

    @property
    @override
    def left_s(self) -> float:
        return self.at_s - time.process_time()

    @override
    def share(self, part: float) -> Self:
        return self.after(part * max(self.left_s, 0.0))
