"""Soft takeover: a knob that stands elsewhere moves nothing until it passes the value."""

_NEAR = 0.03


class Pickup:
    """Follows one knob of a controller, normalised."""

    def __init__(self) -> None:
        self._last: float | None = None
        self._held = False

    def moved(self, knob: float, value: float) -> float | None:
        """The knob came here while the value is that: the new value, or None while it waits."""
        before, self._last = self._last, knob
        if not self._held:
            passed = before is not None and min(before, knob) <= value <= max(before, knob)
            self._held = passed or abs(knob - value) <= _NEAR
        return knob if self._held else None

    def lose(self) -> None:
        """Something else has moved the value: wait for the knob to pass it again."""
        self._held = False
