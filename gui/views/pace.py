"""One control from steady to quick, in place of the times that the engine follows with."""

from math import log

from bridge.control.nodes import NODES
from gui.views.values import Values, number

_LONGEST = 8.0
"""How many times longer than usual the steadiest is; the quickest is as many times shorter."""
TIMES = ("/averaging", "/attack", "/smoothing")
_USUAL_S = {node.address: float(node.default[0]) for node in NODES if node.address in TIMES}
USUAL = 0.5


def pace(values: Values) -> float:
    """Where the control stands: 0 steady, 1 quick."""
    usual_s = _USUAL_S["/averaging"]
    times = number(values, "/averaging", usual_s) / usual_s
    return min(max((1 - log(max(times, 1e-3)) / log(_LONGEST)) / 2, 0.0), 1.0)


def times_s(share: float) -> dict[str, float]:
    """The times that belong to a place of the control, in seconds by address."""
    return {address: usual * _LONGEST ** (1 - 2 * share) for address, usual in _USUAL_S.items()}


def pace_text(share: float) -> str:
    """As it is read."""
    if abs(share - USUAL) < 0.02:
        return "usual"
    return f"{'quicker' if share > USUAL else 'steadier'}, {abs(share - USUAL) * 200:.0f} %"
