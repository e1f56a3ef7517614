"""Whose hand turned a knob: the bridge's writes come back from the host, or the musician did it."""

from collections import deque

ECHO_S = 1.0
"""How much older than the newest a write may be that still comes back, from a host under load."""


class Feedback:
    """Compares what the host tells with what was sent to it; values are normalised, by address."""

    def __init__(self, tolerance: float) -> None:
        """`tolerance`: values as near as this are one."""
        self._tolerance = tolerance
        self._sent: dict[str, deque[tuple[float, float]]] = {}
        self._known: dict[str, float] = {}

    def start(self, values: dict[str, float]) -> None:
        """What the host holds now, without judging who made it so."""
        self._sent.clear()
        self._known = dict(values)

    def sent(self, address: str, value: float, now_s: float) -> None:
        """A write; with it, earlier ones grow old."""
        writes = self._sent.setdefault(address, deque())
        writes.append((now_s, value))
        # Of those that are too old, the last one was in force until the first that is not.
        while len(writes) > 2 and writes[1][0] < now_s - ECHO_S:
            writes.popleft()

    def turned(self, address: str, value: float) -> None:
        """A change that is certainly the musician's."""
        self._known[address] = value

    def in_flight(self, address: str, now_s: float) -> bool:
        """Whether a write was sent so lately that it may reach the host only now."""
        writes = self._sent.get(address)
        return writes is not None and now_s - writes[-1][0] < ECHO_S

    def is_foreign(self, address: str, value: float) -> bool:
        """Whether the host tells a change that the bridge did not make.

        A value that has not changed is nobody's, though a lost write should have changed it.
        """
        before = self._known.get(address)
        if before is not None and abs(value - before) <= self._tolerance:
            return False
        self._known[address] = value
        writes = self._sent.get(address, ())
        # What is told for the first time may be of before, unless something was written since.
        unknown = before is None and not writes
        return not unknown and all(abs(value - w) > self._tolerance for _, w in writes)
