"""One parameter as its row shows it."""

from dataclasses import dataclass

from bridge.chain import Chain, ChainParameter
from bridge.control.nodes import Leaf, node_address
from gui.views.numbers import real_text
from gui.views.values import Values, is_on, number, text

SPREAD = 0.1
"""Of the range: the engine's confidence is the probability that the prediction is that near."""
WHO = {"you": "you", "model": "the model", "host": "the DAW", "": "nobody"}


@dataclass(frozen=True)
class ParameterView:
    """What a row shows; two equal ones look the same, so nothing is painted again."""

    name: str
    host: float
    """Normalised value in the host."""
    host_text: str
    predicted: float | None
    """Normalised; None where the model does not answer it, or has not yet."""
    predicted_text: str
    confidence: float | None
    locked: bool
    yours: bool
    by: str
    """Who moved it last."""

    @property
    def spoken(self) -> str:
        """All of it in words, for who does not see it."""
        words = [self.host_text + " in the host"]
        if self.predicted is not None:
            sure = "" if self.confidence is None else f", {self.confidence:.0%} sure"
            words.append(f"predicted {self.predicted_text}{sure}")
        if self.locked:
            words.append("locked")
        if self.yours:
            words.append("yours until you hand it back")
        return "; ".join(words)


def address(parameter: ChainParameter, leaf: Leaf = Leaf.VALUE) -> str:
    """Where the control surface has this parameter, or one of its leaves."""
    return node_address(parameter.address, leaf)


def name_in(chain: Chain, slot_id: str, name: str) -> str:
    """A parameter's name; with its slot's where the chain has several."""
    return name if len(chain.slots) == 1 else f"{name} · {slot_id}"


def parameter_view(parameter: ChainParameter, values: Values) -> ParameterView:
    """The row of a parameter; it stands at its start where the engine has told no value yet."""
    spec, here = parameter.spec, {leaf: address(parameter, leaf) for leaf in Leaf}
    real = number(values, here[Leaf.VALUE], parameter.slot.start.values[spec.symbol])
    answered = spec.predicted and here[Leaf.PREDICTED] in values
    predicted = number(values, here[Leaf.PREDICTED]) if answered else None
    sure = here[Leaf.CONFIDENCE] in values and answered
    return ParameterView(
        name=spec.name,
        host=spec.to_normalised(real),
        host_text=real_text(spec, real),
        predicted=None if predicted is None else spec.to_normalised(predicted),
        predicted_text="" if predicted is None else real_text(spec, predicted),
        confidence=number(values, here[Leaf.CONFIDENCE]) if sure else None,
        locked=is_on(values, here[Leaf.LOCK]),
        yours=is_on(values, here[Leaf.YOURS]),
        by=text(values, here[Leaf.BY]),
    )
