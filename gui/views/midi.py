"""Which MIDI message does what, learnt from the controller itself."""

from dataclasses import dataclass, field
from typing import Protocol

from gui.views.pickup import Pickup

AMOUNT = "amount"
_PRESSED = 64
_FULL = 127


class MidiMessage(Protocol):
    """What is read of a mido message."""

    type: str
    channel: int


@dataclass
class MidiMap:
    """Maps notes, controllers and program changes to actions, and one controller to the amount."""

    keys: dict[str, str] = field(default_factory=dict)
    """The message that triggers each action, such as `control_change 1 64`."""
    learning: str = ""
    """The action that waits for a message."""

    def __post_init__(self) -> None:
        self._pickup = Pickup()
        self._down: set[str] = set()

    def take(self, message: MidiMessage, amount: float) -> tuple[str, float] | None:
        """The action a message triggers; with the new amount where it moves that, else 1.

        While an action waits, the message is learnt and triggers nothing.
        """
        read = _read(message)
        if read is None:
            return None
        key, value = read
        fresh = value >= _PRESSED and key not in self._down
        if value >= _PRESSED:
            self._down.add(key)
        else:
            self._down.discard(key)
        if self.learning:
            self._learn(key, value)
            return None
        for action, wanted in self.keys.items():
            if key != wanted:
                continue
            if action == AMOUNT:
                moved = self._pickup.moved(value / _FULL, amount)
                return None if moved is None else (AMOUNT, moved)
            # Programs have no release.
            return (action, 1.0) if fresh or key.startswith("program") else None
        return None

    def amount_moved_elsewhere(self) -> None:
        """The knob of the amount must pass its value again before it counts."""
        self._pickup.lose()

    def _learn(self, key: str, value: int) -> None:
        if self.learning == AMOUNT and not key.startswith("control_change"):
            return
        if self.learning != AMOUNT and value < _PRESSED:
            return
        self.keys = {a: k for a, k in self.keys.items() if k != key} | {self.learning: key}
        self.learning = ""


def _read(message: MidiMessage) -> tuple[str, int] | None:
    """A name for what sent the message, and how far it is pressed, 0..127."""
    kind, channel = message.type, getattr(message, "channel", 0) + 1
    if kind == "control_change":
        return f"control_change {channel} {message.control}", message.value  # type: ignore[attr-defined]
    if kind in ("note_on", "note_off"):
        velocity = message.velocity if kind == "note_on" else 0  # type: ignore[attr-defined]
        return f"note {channel} {message.note}", _FULL if velocity else 0  # type: ignore[attr-defined]
    if kind == "program_change":
        return f"program {channel} {message.program}", _FULL  # type: ignore[attr-defined]
    return None


def key_text(key: str) -> str:
    """A learnt message in words."""
    if not key:
        return "not learnt"
    kind, channel, number = key.split()
    what = {"control_change": "controller", "note": "note", "program": "program"}[kind]
    return f"{what} {number}, channel {channel}"
