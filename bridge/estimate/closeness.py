"""How near an answer comes, in numbers and in a player's words.

The window shows it too, so this imports nothing that takes long.
"""

from dataclasses import astuple, dataclass
from enum import StrEnum
from typing import Self

from bridge.chain import Chain

HARDLY_AUDIBLE = 0.15
"""Distance below which two sounds can hardly be told apart."""
_WORDS = (
    (HARDLY_AUDIBLE, "hardly any difference"),
    (0.5, "near"),
    (0.8, "different"),
    (2.0, "clearly different"),
)
_FARTHER = "another world"
_SAME = 0.005
"""What two decimals do not show."""


class Verdict(StrEnum):
    """What came of a search, as a player would say it."""

    MATCHED = "matched"
    GAIN_ONLY = "a change of level comes nearest"
    DRY = "the reference sounds dry"
    NO_NEARER = "this plugin cannot come nearer"

    def text(self, chain: Chain) -> str:
        """The same of this chain."""
        several = self is Verdict.NO_NEARER and len(chain.slots) > 1
        return "this chain cannot come nearer" if several else self.value


@dataclass(frozen=True)
class Closeness:
    """How far the playing is from what it should be: MRSTFT, half of it raw, half gain-matched.

    What it should be is not known, so these are expectations. 0 is identical, 1 clearly different.
    """

    now: float
    """Of the playing as it is."""
    expected: float
    """With the answer."""
    low: float
    high: float
    """Between these the true distance with the answer lies with a probability of 80 %."""
    better: float
    """How probable it is, 0..1, that the answer is nearer than doing nothing."""

    @property
    def gain(self) -> float:
        """How much of the distance the answer is expected to take back, 0..1; below 0 is harm."""
        return 1 - self.expected / max(self.now, 1e-6)

    @property
    def nearer(self) -> bool:
        """Whether the answer is expected to be nearer than doing nothing."""
        return self.expected < self.now - _SAME

    @property
    def sentences(self) -> tuple[str, str, str]:
        """How far it was, how far it is expected to be, and how sure that is; without stops."""
        sure = f"{self.better:.0%} sure that this is nearer than doing nothing"
        return (
            f"the playing is {self.now:.2f} away as it is: {in_words(self.now)}",
            f"{self.expected:.2f} is expected with the answer: {in_words(self.expected)};"
            f" with 80% between {self.low:.2f} and {self.high:.2f}",
            sure if self.nearer else "nothing that was tried is expected to be nearer",
        )

    def rounded(self) -> Self:
        """To three digits, as it is told."""
        return type(self)(*(round(float(value), 3) for value in astuple(self)))


def in_words(distance: float) -> str:
    """What a distance sounds like."""
    return next((words for below, words in _WORDS if distance < below), _FARTHER)
