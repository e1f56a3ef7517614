"""What goes to the host: changes as they happen, and everything from time to time."""

from collections import deque

from bridge.hosts import Host
from bridge.manifest import Setting

DEADBAND = 1e-3
"""Changes smaller than this share of the range wait for the next full state."""
FULL_STATE_S = 3.0


class Sender:
    """Sends bypass and the predicted parameters of a setting; the latest value always wins."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._sent: dict[str, float] = {}
        self._sent_bypass: bool | None = None
        self._full_state_at = 0.0
        self._times: deque[float] = deque()

    def update(self, setting: Setting, now_s: float, bypass: bool = False) -> int:
        """Send what changed, and every few seconds all of it; how many values were sent."""
        full = now_s >= self._full_state_at
        changed = {}
        for spec, value in zip(setting.plugin.predicted, setting.predicted, strict=True):
            before = self._sent.get(spec.symbol)
            if full or before is None or abs(value - before) >= DEADBAND:
                changed[spec.symbol] = value
        if full:
            self._full_state_at = now_s + FULL_STATE_S
        if changed:
            self._host.set({symbol: setting.values[symbol] for symbol in changed})
            self._sent |= changed
        count = len(changed)
        if full or bypass is not self._sent_bypass:
            self._host.bypass(bypass)
            self._sent_bypass = bypass
            count += 1
        self._times.extend([now_s] * count)
        while self._times and self._times[0] < now_s - 1:
            self._times.popleft()
        return count

    def finish(self, setting: Setting, bypass: bool = False) -> int:
        """Send every value once more, whatever was skipped or lost; how many values."""
        self._full_state_at = 0.0
        return self.update(setting, self._times[-1] if self._times else 0.0, bypass)

    @property
    def sends_per_s(self) -> int:
        """Values sent during the last second of updates."""
        return len(self._times)
