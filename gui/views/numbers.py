"""Real values as a person reads them: in their unit, with as many digits as can be heard."""

from math import ceil, floor, log10

from bridge.manifest import ParamSpec

_STEPS = 500
"""A linear range is told in at least so many steps."""
_LOG_DIGITS = 3
_MOST_DECIMALS = 3


def decimals(spec: ParamSpec, real: float) -> int:
    """How many decimals of a real value are worth telling."""
    if spec.scale == "integer":
        return 0
    if spec.scale == "log":
        digits = _LOG_DIGITS - 1 - floor(log10(max(abs(real), 1e-9)))
    else:
        digits = ceil(-log10((spec.max - spec.min) / _STEPS))
    return min(max(digits, 0), _MOST_DECIMALS)


def real_text(spec: ParamSpec, real: float) -> str:
    """A real value with its unit, or the label of its choice."""
    if spec.choices:
        return spec.choices[spec.class_of(spec.to_normalised(real))].label
    if spec.scale == "toggle":
        return "On" if spec.class_of(spec.to_normalised(real)) else "Off"
    number = f"{real:.{decimals(spec, real)}f}"
    return f"{number} {spec.unit}" if spec.unit else number


def clock_text(seconds: float) -> str:
    """Minutes and seconds."""
    minutes, rest = divmod(max(int(seconds), 0), 60)
    return f"{minutes}:{rest:02d}"
