"""What searches find out of one reference, kept from excerpt to excerpt of the playing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from bridge.chain import ChainSetting
from bridge.search.judge import Expectation
from bridge.search.rendering import ExcerptJudge

REMEMBERED = 6
"""So many of the newest excerpts count."""


@dataclass(frozen=True, eq=False)
class Tried:
    """One way to answer, and what is expected of it on every excerpt where it was heard."""

    setting: ChainSetting
    gain_db: float
    """Where every slot is left out."""
    expectations: Mapping[ExcerptJudge, Expectation] = field(default_factory=dict)

    def on(self, excerpts: tuple[ExcerptJudge, ...]) -> Expectation:
        """The mean over these, on each of which it was heard."""
        return Expectation.mean([self.expectations[excerpt] for excerpt in excerpts])

    def is_like(self, other: Self) -> bool:
        """Whether it is the same answer."""
        return self.setting == other.setting and self.gain_db == other.gain_db


@dataclass(frozen=True)
class Memory:
    """What goes on from one search to the next; nothing at first."""

    excerpts: tuple[ExcerptJudge, ...] = ()
    """The newest first."""
    tried: tuple[Tried, ...] = ()
    """The finalists of the last search; its answer is the first."""

    @property
    def last(self) -> Tried | None:
        """The last answer."""
        return next(iter(self.tried), None)
