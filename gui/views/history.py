"""The last minute of every parameter."""

from collections import deque

import numpy as np

from bridge.arrays import Floats
from bridge.chain import Chain
from gui.views.parameters import parameter_view
from gui.views.values import Values, number

SECONDS = 60.0
RATE_HZ = 5.0
_LENGTH = int(SECONDS * RATE_HZ)
_LONG_AGO_S = -1e9


class History:
    """Normalised values of a chain, sampled at most `RATE_HZ` times a second."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self._lanes = {p.address: row for row, p in enumerate(chain.parameters)}
        shape = (len(chain.parameters), _LENGTH)
        self._host = np.full(shape, np.nan, np.float32)
        self._predicted = np.full(shape, np.nan, np.float32)
        self._times_s = np.full(_LENGTH, _LONG_AGO_S)
        self._decisions = -1
        self._decided_s: deque[float] = deque(maxlen=_LENGTH)

    def sample(self, values: Values, now_s: float) -> bool:
        """Take the values where the last sample is long enough ago; whether it was."""
        if now_s - self._times_s[-1] < 1 / RATE_HZ:
            return False
        self._times_s = np.append(self._times_s[1:], now_s)
        if "/decisions" in values:
            decisions = round(number(values, "/decisions"))
            if 0 <= self._decisions < decisions:
                self._decided_s.append(now_s)
            self._decisions = decisions
        for row, parameter in enumerate(self.chain.parameters):
            view = parameter_view(parameter, values)
            for lane, value in ((self._host, view.host), (self._predicted, view.predicted)):
                lane[row, :-1] = lane[row, 1:]
                lane[row, -1] = np.nan if value is None else value
        return True

    @property
    def seconds(self) -> Floats:
        """When the samples were taken, 0 being the newest; before the first, a minute ago."""
        ago_s = self._times_s - self._times_s[-1]
        return np.asarray(np.maximum(ago_s, -SECONDS), np.float32)

    @property
    def decided(self) -> Floats:
        """When decisions were made, on the clock of `seconds`."""
        ago_s = np.array(self._decided_s) - self._times_s[-1]
        return np.asarray(ago_s[ago_s > -SECONDS], np.float32)

    def lanes(self, address: str) -> tuple[Floats, Floats]:
        """Values in the host and predicted ones, NaN where there were none."""
        row = self._lanes[address]
        return self._host[row], self._predicted[row]
