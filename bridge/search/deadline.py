"""Until when a search may go on: every stage of it asks, so that a budget is a promise."""

import time
from dataclasses import dataclass
from math import inf
from typing import Self


class OutOfTimeError(Exception):
    """The deadline has passed; whoever set it takes what was found until then."""


@dataclass(frozen=True)
class Deadline:
    """A time of the monotonic clock; by itself never."""

    at_s: float = inf

    @classmethod
    def after(cls, budget_s: float | None) -> Self:
        """So many seconds from now; None is never."""
        return cls() if budget_s is None else cls(time.monotonic() + budget_s)

    @property
    def left_s(self) -> float:
        """Seconds until then, below 0 afterwards."""
        return self.at_s - time.monotonic()

    @property
    def passed(self) -> bool:
        """Whether it is over."""
        return self.left_s <= 0

    def share(self, part: float) -> Self:
        """The deadline of a stage that may take this part, 0..1, of the time that is left."""
        if self.at_s == inf:
            return self
        return type(self)(time.monotonic() + part * max(self.left_s, 0.0))

    def check(self) -> None:
        """Raise OutOfTimeError where it is over."""
        if self.passed:
            raise OutOfTimeError
