"""Undo and redo of what the player changes from the control surface."""

from collections.abc import Iterable, Mapping

MOST = 200
ONE_CHANGE_S = 1.0
"""Changes of the same parameters that follow so soon are one, as when a slider is dragged."""
Values = Mapping[str, float]
"""Real values by symbol."""


class History:
    """The values before every change that can be taken back."""

    def __init__(self) -> None:
        self._undo: list[Values] = []
        self._redo: list[Values] = []
        self._symbols: frozenset[str] = frozenset()
        self._changed_s = float("-inf")

    @property
    def counts(self) -> tuple[int, int]:
        """How many changes can be undone, and redone."""
        return len(self._undo), len(self._redo)

    def changing(self, now: Values, symbols: Iterable[str], now_s: float) -> None:
        """These values are about to change, in these parameters."""
        changing = frozenset(symbols)
        goes_on = changing == self._symbols and now_s - self._changed_s < ONE_CHANGE_S
        self._symbols, self._changed_s = changing, now_s
        self._redo.clear()
        if not goes_on:
            self._undo = [*self._undo, dict(now)][-MOST:]

    def undo(self, now: Values) -> Values | None:
        """The values to go back to; None where there are none."""
        return self._step(now, self._undo, self._redo)

    def redo(self, now: Values) -> Values | None:
        """The values that were undone last; None where there are none."""
        return self._step(now, self._redo, self._undo)

    def _step(self, now: Values, source: list[Values], other: list[Values]) -> Values | None:
        if not source:
            return None
        other.append(dict(now))
        self._changed_s = float("-inf")
        return source.pop()
