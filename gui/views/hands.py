"""Whose the knobs are: whether anything is left for the model to turn, and what is going on."""

from bridge.chain import Chain
from bridge.control.nodes import Leaf
from gui.views.parameters import address
from gui.views.values import Values, amount, is_on, text

ASK = {
    "match": "All knobs are yours, so Match would turn none. Hand them back?",
    "follow": "All knobs are yours, so Follow would turn none. Hand them back?",
}
"""By the action that asks."""
LOCKED = "All knobs are locked, so nothing can be turned; open a lock first"
_BUSY = {"model": "plugin", "source": "input"}
_HEARD = {
    "idle": "Waiting for input and reference",
    "filling": "Listening: play on",
    "silent": "Silence: play on",
}


def all_yours(values: Values, chain: Chain | None) -> bool:
    """Whether the player has every knob that is not locked, and there is such a one."""
    free = [p for p in chain.predicted if not is_on(values, address(p, Leaf.LOCK))] if chain else []
    return bool(free) and all(is_on(values, address(p, Leaf.YOURS)) for p in free)


def all_locked(values: Values, chain: Chain | None) -> bool:
    """Whether there is no knob without a lock."""
    knobs = chain.predicted if chain else ()
    return bool(knobs) and all(is_on(values, address(p, Leaf.LOCK)) for p in knobs)


def state_text(values: Values, chain: Chain | None) -> str:
    """What the engine is doing with the knobs, as a phrase."""
    if busy := text(values, "/engine/busy"):
        return "Preparing: " + ", ".join(_BUSY.get(part, part) for part in busy.split(", "))
    matching, following = is_on(values, "/match/running"), is_on(values, "/follow")
    heard = _HEARD.get(text(values, "/state", "idle"), "")
    if heard or not (matching or following):
        return heard or "Listening: press Match or Follow"
    if amount(values) == 0:
        return "Amount is 0 %: nothing is turned"
    if all_yours(values, chain):
        return "Nothing to turn: all knobs are yours"
    if all_locked(values, chain):
        return "Nothing to turn: all knobs are locked"
    if is_on(values, "/freeze"):
        return "Frozen: the knobs are held"
    return "Matching" if matching else "Following"
