"""Undo and redo of what the player changes from the control surface."""

from collections.abc import Iterable, Mapping

MOST = 200
ONE_CHANGE_S = 1.0
"""Changes of the same parameters that follow so soon are one, as when a slider is dragged."""
Values = Mapping[str, float]
"""Real values by address in the chain; of a bypass 0 or 1."""


class History:
    """What every change that can be taken back has changed: the values from before it."""

    def __init__(self) -> None:
        self._undo: list[Values] = []
        self._redo: list[Values] = []
        self._addresses: frozenset[str] = frozenset()
        self._changed_s = float("-inf")

    @property
    def counts(self) -> tuple[int, int]:
        """How many changes can be undone, and redone."""
        return len(self._undo), len(self._redo)

    def changing(self, now: Values, addresses: Iterable[str], now_s: float) -> None:
        """These values are about to change, at these addresses."""
        changing = frozenset(addresses)
        goes_on = changing == self._addresses and now_s - self._changed_s < ONE_CHANGE_S
        self._addresses, self._changed_s = changing, now_s
        self._redo.clear()
        if not goes_on:
            self._undo = [*self._undo, _at(changing, now)][-MOST:]

    def undo(self, now: Values) -> Values | None:
        """The values to go back to; None where there are none."""
        return self._step(now, self._undo, self._redo)

    def redo(self, now: Values) -> Values | None:
        """The values that were undone last; None where there are none."""
        return self._step(now, self._redo, self._undo)

    def _step(self, now: Values, source: list[Values], other: list[Values]) -> Values | None:
        if not source:
            return None
        values = source.pop()
        other.append(_at(values, now))
        self._changed_s = float("-inf")
        return values


def _at(addresses: Iterable[str], values: Values) -> Values:
    """The values there, where any are known."""
    return {address: values[address] for address in addresses if address in values}
