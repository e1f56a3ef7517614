"""What the engine has told, read with a default where it has not told it yet."""

from collections.abc import Mapping

from bridge.control.nodes import NODES, Value

Values = Mapping[str, Value]
_DEFAULTS: Values = {node.address: node.default for node in NODES}


def number(values: Values, address: str, default: float = 0.0) -> float:
    """The first number there."""
    told = values.get(address, ())
    return float(told[0]) if told and not isinstance(told[0], str) else default


def text(values: Values, address: str, default: str = "") -> str:
    """The string there."""
    told = values.get(address, ())
    return told[0] if told and isinstance(told[0], str) else default


def is_on(values: Values, address: str) -> bool:
    """Whether a switch is on."""
    return number(values, address) >= 0.5


def numbers(values: Values, address: str) -> tuple[float, ...]:
    """All numbers there."""
    return tuple(float(v) for v in values.get(address, ()) if not isinstance(v, str))


def amount(values: Values) -> float:
    """How much of the answer is taken, in 0..1."""
    return number(values, "/amount", DEFAULT_AMOUNT)


DEFAULT_AMOUNT = number(_DEFAULTS, "/amount")
"""What it is before anybody sets it."""
