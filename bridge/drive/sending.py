"""What is due to be sent: changes at the host's pace, and everything from time to time."""

from collections import deque
from collections.abc import Set
from dataclasses import dataclass

from bridge.chain import ChainSetting

DEADBAND = 1e-3
"""Changes smaller than this share of the range wait for the next full state."""
FULL_STATE_S = 3.0
_EARLY = 0.1
"""Of a tick: hops are not exact, and waiting for the next one would halve the pace."""


@dataclass(frozen=True)
class Due:
    """What is to be sent now."""

    values: dict[str, float]
    """Normalised, by address, bypasses among them."""
    moved: frozenset[str]
    """Which of them have changed, and are not only said again."""

    @property
    def count(self) -> int:
        """How many values that is."""
        return len(self.values)


NOTHING = Due({}, frozenset())


class Sender:
    """Keeps what was sent; of what is wanted between two ticks, only the latest counts."""

    def __init__(self, tick_s: float, step: float = 0.0, told_once: Set[str] = frozenset()) -> None:
        """`step`: the host's resolution as a share of the range; less is not a change.

        `told_once`: what is sent when it changes and not again with everything else.
        """
        self._tick_s = tick_s
        self._deadband = max(DEADBAND, step)
        self._told_once = told_once
        self._sent: dict[str, float] = {}
        self._tick_at = self._full_state_at = float("-inf")
        self._times: deque[float] = deque()

    def due(self, setting: ChainSetting, now_s: float, without: Set[str] = frozenset()) -> Due:
        """What to send now of a setting, its bypasses included.

        `without`: addresses that are left alone.
        """
        full = now_s >= self._full_state_at
        if not full and now_s < self._tick_at:
            return NOTHING
        self._tick_at = now_s + (1 - _EARLY) * self._tick_s
        wanted = {a: value for a, value in driven(setting).items() if a not in without}
        moved = frozenset(a for a, value in wanted.items() if self._is_new(a, value))
        if full:
            self._full_state_at = now_s + FULL_STATE_S
        again = wanted.keys() - self._told_once if full else frozenset()
        due = Due({a: v for a, v in wanted.items() if a in moved or a in again}, moved)
        self._sent |= due.values
        self._times.extend([now_s] * due.count)
        self.tick(now_s)
        return due

    def tick(self, now_s: float) -> None:
        """So late is it now, whether anything is due or not."""
        while self._times and self._times[0] < now_s - 1:
            self._times.popleft()

    def renew(self) -> None:
        """Send everything at the next opportunity."""
        self._full_state_at = float("-inf")
        self._sent.clear()

    @property
    def sends_per_s(self) -> int:
        """Values sent during the last second."""
        return len(self._times)

    def _is_new(self, address: str, value: float) -> bool:
        before = self._sent.get(address)
        return before is None or abs(value - before) >= self._deadband


def driven(setting: ChainSetting) -> dict[str, float]:
    """What is sent of a setting: predicted parameters, normalised, and bypasses, by address."""
    parameters = zip(setting.chain.predicted, setting.predicted, strict=True)
    slots = setting.chain.slots
    switches = zip(setting.chain.switches, slots, strict=True)
    return {parameter.address: value for parameter, value in parameters} | {
        switch: float(slot.id in setting.bypassed) for switch, slot in switches
    }
