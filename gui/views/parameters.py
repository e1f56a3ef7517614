"""One parameter as its row shows it."""

from dataclasses import dataclass

from bridge.control.nodes import PARAMETER
from bridge.manifest import ParamSpec
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


def address(spec: ParamSpec, leaf: str = "") -> str:
    """Where the control surface has this parameter, or one of its leaves."""
    return f"{PARAMETER}/{spec.symbol}" + (f"/{leaf}" if leaf else "")


def parameter_view(spec: ParamSpec, values: Values) -> ParameterView:
    """The row of a parameter; its default stands where the engine has told no value yet."""
    real = number(values, address(spec), spec.default)
    answered = spec.predicted and address(spec, "predicted") in values
    predicted = number(values, address(spec, "predicted")) if answered else None
    sure = address(spec, "confidence") in values and answered
    return ParameterView(
        name=spec.name,
        host=spec.to_normalised(real),
        host_text=real_text(spec, real),
        predicted=None if predicted is None else spec.to_normalised(predicted),
        predicted_text="" if predicted is None else real_text(spec, predicted),
        confidence=number(values, address(spec, "confidence")) if sure else None,
        locked=is_on(values, address(spec, "lock")),
        yours=is_on(values, address(spec, "yours")),
        by=text(values, address(spec, "by")),
    )
