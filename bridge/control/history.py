"""Undo and redo of what moved the knobs: the player, from the control surface, and each match.

A step is whole: it holds the values from before, and whose they were.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

MOST = 200
ONE_CHANGE_S = 1.0
"""Changes of the same parameters that follow so soon are one, as when a slider is dragged."""
Values = Mapping[str, float]
"""Real values by address in the chain; of a bypass 0 or 1."""


@dataclass(frozen=True)
class Standing:
    """Where knobs are, and whose."""

    values: Values
    yours: frozenset[str] = frozenset()
    """Addresses that the model leaves to the player."""
    turned: bool = False
    """Whether the model has turned them from here, or back."""

    def at(self, addresses: Iterable[str], turned: bool = False) -> "Standing":
        """The same of these addresses, where any are known."""
        values = {a: self.values[a] for a in addresses if a in self.values}
        return Standing(values, self.yours & values.keys(), turned)


class History:
    """How it was before every change that can be taken back."""

    def __init__(self) -> None:
        self._undo: list[Standing] = []
        self._redo: list[Standing] = []
        self._addresses: frozenset[str] = frozenset()
        self._changed_s = float("-inf")

    @property
    def counts(self) -> tuple[int, int]:
        """How many changes can be undone, and redone."""
        return len(self._undo), len(self._redo)

    def changing(self, now: Standing, addresses: Iterable[str], now_s: float) -> None:
        """The player is about to change this, at these addresses."""
        changing = frozenset(addresses)
        goes_on = changing == self._addresses and now_s - self._changed_s < ONE_CHANGE_S
        self._addresses, self._changed_s = changing, now_s
        self._redo.clear()
        if not goes_on:
            self._keep(now.at(changing))

    def turned(self, before: Standing, addresses: Iterable[str]) -> None:
        """The model has begun to turn these; it was so before."""
        self._redo.clear()
        self._addresses = frozenset()
        self._keep(before.at(addresses, turned=True))

    def undo(self, now: Standing) -> Standing | None:
        """What to go back to; None where there is nothing."""
        return self._step(now, self._undo, self._redo)

    def redo(self, now: Standing) -> Standing | None:
        """What was undone last; None where nothing was."""
        return self._step(now, self._redo, self._undo)

    def _keep(self, standing: Standing) -> None:
        self._undo = [*self._undo, standing][-MOST:]

    def _step(
        self, now: Standing, source: list[Standing], other: list[Standing]
    ) -> Standing | None:
        if not source:
            return None
        step = source.pop()
        other.append(now.at(step.values, step.turned))
        self._changed_s = float("-inf")
        return step
