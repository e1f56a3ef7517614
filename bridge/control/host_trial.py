"""One knob turned there and back in a host, and what the host said of it.

All of it blocks, and happens on a thread of a pool; meanwhile nobody else may speak to the host.
"""

import json
import time
from dataclasses import asdict, dataclass

from bridge.chain import Chain, ChainParameter
from bridge.errors import HostError
from bridge.hosts import Host

_STEP = 0.1
"""Of the range."""
_NEAR = 0.02
_PATIENCE_S = 2.0
_LOOK_S = 0.05


@dataclass(frozen=True)
class HostTrial:
    """What was turned and heard, in real values; None is what the host did not tell."""

    address: str
    before: float | None
    sent: float
    heard: float | None
    back: float | None

    def as_json(self) -> str:
        """For whoever reads it from the control surface."""
        return json.dumps(asdict(self))


def try_knob(host: Host, chain: Chain) -> HostTrial:
    """Turn the first continuous knob a tenth of its range and back. Raises HostError."""
    told = host.read() if host.profile.reads else {}
    knobs = [p for p in chain.predicted if not p.spec.classes] or list(chain.predicted)
    if not knobs:
        raise HostError(f"{chain.name} has no knob to turn; choose another plugin")
    knob = next((p for p in knobs if p.address in told), knobs[0])
    start = told.get(knob.address)
    real = knob.slot.start.values[knob.spec.symbol] if start is None else start
    share = knob.spec.to_normalised(real)
    sent = knob.spec.to_real(share + _STEP if share + _STEP <= 1 else share - _STEP)
    try:
        host.set({knob.address: sent})
        heard = _heard(host, knob, sent)
    finally:
        host.set({knob.address: real})
    back = _heard(host, knob, real)
    # What was told of all this must not be taken for the player's hand later.
    host.poll()
    return HostTrial(knob.address, start, sent, heard, back)


def _heard(host: Host, knob: ChainParameter, wanted: float) -> float | None:
    """What the host tells: that value as soon as it is so, or what it tells in the end."""
    if not host.profile.reads:
        time.sleep(_PATIENCE_S / 2)
        return None
    end_s = time.monotonic() + _PATIENCE_S
    share = knob.spec.to_normalised
    while True:
        told = host.read().get(knob.address)
        there = told is not None and abs(share(told) - share(wanted)) <= _NEAR
        if there or time.monotonic() > end_s:
            return told
        time.sleep(_LOOK_S)
