"""How near the match is: where the gauge's marks stand, and what is said beside them."""

from dataclasses import dataclass

from bridge.chain import Chain, ChainParameter
from bridge.control.nodes import Leaf, node_address
from bridge.estimate.closeness import HARDLY_AUDIBLE, Closeness, Verdict
from gui.views.parameters import SPREAD, address, parameter_view
from gui.views.values import Values, amount, is_on, numbers, text
from gui.views.words import capital

MARKS = ((HARDLY_AUDIBLE, "hardly audible"), (1.0, "clearly different"), (3.0, "another world"))
"""Distances that have a name on the gauge."""
_BUSY = {"model", "reference", "source"}


@dataclass(frozen=True)
class ClosenessView:
    """What the card shows; two equal ones look the same."""

    closeness: Closeness | None
    """None while unknown."""
    words: str
    decided: bool
    """Whether the words tell what came of a decision."""
    figures: str = ""
    detail: str = ""

    @property
    def spoken(self) -> str:
        """All of it, for who does not see it."""
        return "; ".join((self.words, *(self.closeness.sentences if self.closeness else ())))


def place(distance: float) -> float:
    """Where a distance lies on the gauge: 0 at the left, 1 half of the way, no end at the right."""
    return distance / (1 + distance)


def closeness_view(values: Values, chain: Chain | None) -> ClosenessView:
    """The card, of what the engine has told."""
    told, verdict = numbers(values, "/closeness"), text(values, "/verdict")
    if chain is None or verdict not in tuple(Verdict):
        return ClosenessView(None, _waiting(values), False)
    words = capital(_words(values, chain, Verdict(verdict)))
    if len(told) != len(Closeness.__dataclass_fields__) or min(told) < 0:
        return ClosenessView(None, words, True)
    closeness = Closeness(*told)
    nearer = f"{closeness.gain:.0%} nearer · {closeness.better:.0%} sure"
    return ClosenessView(
        closeness,
        words,
        True,
        f"{closeness.now:.2f} → {closeness.expected:.2f}",
        nearer if closeness.nearer else "no nearer",
    )


def _waiting(values: Values) -> str:
    """Why it is not known yet."""
    if not is_on(values, "/input/connected"):
        return "No input yet"
    if not text(values, "/reference"):
        return "No reference yet"
    if _BUSY & set(text(values, "/engine/busy").split(", ")):
        return "Preparing"
    if "/rendering" in values and not is_on(values, "/rendering"):
        return "Unknown: no settings are tried"
    if text(values, "/state") == "silent":
        return "Silence: play on"
    return "Listening"


def _words(values: Values, chain: Chain, verdict: Verdict) -> str:
    """What came of the decision; "matched" only where the host's knobs are where it wants them."""
    if is_on(values, "/bypass"):
        return "bypassed: this is the playing as it is"
    if verdict is not Verdict.MATCHED:
        dry = verdict is Verdict.DRY
        return verdict.text(chain) + (": bypass" if dry else "")
    away = [p for p in chain.predicted if _is_away(p, values)]
    kept = [p for p in away if any(is_on(values, address(p, leaf)) for leaf in _LEFT)]
    switches = [s for s in chain.switches if _differs(values, s)]
    if not away and not switches:
        return verdict.text(chain)
    share = amount(values)
    if share < 1:
        return f"amount is {share:.0%}: the answer in part"
    if is_on(values, "/follow") and len(kept) < len(away) + len(switches):
        return "frozen on the way" if is_on(values, "/freeze") else "on the way"
    if away and len(kept) == len(away) and not switches:
        if len(away) == len(chain.predicted):
            return "not matched: all knobs are yours"
        return "matched, but for the knobs that are yours"
    return "press Match to come nearer"


_LEFT = (Leaf.YOURS, Leaf.LOCK)


def _is_away(parameter: ChainParameter, values: Values) -> bool:
    """Whether the host has it elsewhere than the answer wants it."""
    view, spec = parameter_view(parameter, values), parameter.spec
    if view.predicted is None:
        return False
    if spec.classes:
        return spec.class_of(view.host) != spec.class_of(view.predicted)
    return abs(view.host - view.predicted) > SPREAD


def _differs(values: Values, switch: str) -> bool:
    """Whether a slot is left out against the answer, or the other way round."""
    wanted = node_address(switch, Leaf.PREDICTED)
    if wanted not in values or any(is_on(values, node_address(switch, leaf)) for leaf in _LEFT):
        return False
    return is_on(values, node_address(switch)) != is_on(values, wanted)
