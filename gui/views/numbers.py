"""Values as a person reads and types them: in their unit, with as many digits as can be heard."""

import re
from math import ceil, floor, log10

from bridge.manifest import ParamSpec

_STEPS = 400
"""A linear range is told in at least so many steps."""
_LOG_DIGITS = 3
_MOST_DECIMALS = 3
_TYPED = re.compile(r"\s*([-+\u2212]?\d*[.,]?\d+)\s*([^\d\s]*)\s*")
_FACTORS = {("khz", "hz"): 1000.0, ("s", "ms"): 1000.0, ("cm", "m"): 0.01, ("ms", "s"): 0.001}
"""What a number of the first unit is to be multiplied by to be of the second."""


def unit_of(spec: ParamSpec) -> str:
    """What it is shown in."""
    return spec.display.unit if spec.display else spec.unit


def shown_range(spec: ParamSpec) -> tuple[float, float]:
    """The lowest and the highest that is shown."""
    return (spec.display.low, spec.display.high) if spec.display else (spec.min, spec.max)


def shown(spec: ParamSpec, real: float) -> float:
    """What is shown for a real value."""
    return spec.display.of(spec.to_normalised(real)) if spec.display else real


def real_of(spec: ParamSpec, number: float) -> float:
    """The real value for which that is shown."""
    return spec.to_real(spec.display.to_normalised(number)) if spec.display else number


def decimals(spec: ParamSpec, number: float) -> int:
    """How many decimals of what is shown are worth telling."""
    if spec.scale == "integer":
        return 0
    low, high = shown_range(spec)
    if spec.scale == "log":
        digits = _LOG_DIGITS - 1 - floor(log10(max(abs(number), 1e-9)))
    else:
        digits = ceil(-log10((high - low) / _STEPS))
    return min(max(digits, 0), _MOST_DECIMALS)


def number_text(spec: ParamSpec, number: float) -> str:
    """What is shown, without its unit; no minus before what is rounded to nothing."""
    return f"{number:z.{decimals(spec, number)}f}"


def real_text(spec: ParamSpec, real: float) -> str:
    """A real value as it is shown with its unit, or the label of its choice."""
    if label := spec.label(real):
        return label.capitalize() if spec.scale == "toggle" else label
    text = number_text(spec, shown(spec, real))
    unit = unit_of(spec)
    return f"{text} {unit}" if unit else text


def typed(spec: ParamSpec, text: str) -> float | None:
    """What is meant by a number with or without a unit, as it is shown; None where nothing is."""
    found = _TYPED.fullmatch(text)
    if not found:
        return None
    number = float(found[1].replace(",", ".").replace("\u2212", "-"))
    wanted, given = unit_of(spec).lower(), found[2].lower()
    if given in ("", wanted):
        return number
    factor = _FACTORS.get((given, wanted))
    return None if factor is None else number * factor


def clock_text(seconds: float) -> str:
    """Minutes and seconds."""
    minutes, rest = divmod(max(int(seconds), 0), 60)
    return f"{minutes}:{rest:02d}"
