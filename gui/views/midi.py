"""Which MIDI message does what, learnt from the controller itself."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from bridge.chain import Chain
from bridge.control.nodes import Leaf, node_address
from gui.views.actions import ACTIONS
from gui.views.parameters import name_in
from gui.views.pickup import Pickup
from gui.views.values import Values, amount, number, numbers

AMOUNT, MAP_X, MAP_Y = "amount", "map x", "map y"
_PARAMETER = "parameter "
"""Before the address of one, SLOT/SYMBOL."""
_PRESSED = 64
_FULL = 127
Now = Callable[[str], float | None]
"""Where a knob's target stands, 0..1; None where there is no such target now."""


class MidiMessage(Protocol):
    """What is read of a mido message."""

    type: str
    channel: int


def targets(chain: Chain | None) -> dict[str, dict[str, str]]:
    """What a controller can do: by group, the name of each target."""
    told = {a.id: a.text.partition(":")[0] for a in ACTIONS if a.midi}
    shots = {target: name for target, name in told.items() if "snapshot" in name}
    groups = {
        "Play": {target: name for target, name in told.items() if target not in shots},
        "Knobs": {AMOUNT: "Amount", MAP_X: "Sound map, across", MAP_Y: "Sound map, up"},
        "Snapshots": shots,
    }
    parameters = chain.parameters if chain else ()
    own = {
        parameter_target(p.address): name_in(chain, p.slot.id, p.spec.name)
        for p in parameters
        if chain
    }
    return groups | ({"Parameters": own} if own else {})


def parameter_target(address: str) -> str:
    """The target that a parameter at SLOT/SYMBOL is."""
    return _PARAMETER + address


def is_knob(target: str) -> bool:
    """Whether it takes a value, not a press."""
    return target in (AMOUNT, MAP_X, MAP_Y) or target.startswith(_PARAMETER)


def standing(target: str, chain: Chain | None, values: Values) -> float | None:
    """Where a knob's target stands, 0..1; None where the chain has it not."""
    if target == AMOUNT:
        return amount(values)
    if target in (MAP_X, MAP_Y):
        place = numbers(values, "/map")
        return place[target == MAP_Y] if len(place) == 2 else None
    address = node_address(target.removeprefix(_PARAMETER), Leaf.NORMALISED)
    there = chain is not None and address in values
    return number(values, address) if there else None


def orders(target: str, share: float, values: Values) -> tuple[str, tuple[float, ...]]:
    """Address and arguments that move a knob's target there."""
    if target == AMOUNT:
        return "/amount", (share,)
    if target in (MAP_X, MAP_Y):
        x, y = numbers(values, "/map")
        return "/map", (share, y) if target == MAP_X else (x, share)
    return node_address(target.removeprefix(_PARAMETER), Leaf.NORMALISED), (share,)


@dataclass
class MidiMap:
    """Maps notes, controllers and program changes to actions, and controllers to knobs."""

    keys: dict[str, str] = field(default_factory=dict)
    """The message that triggers each target, such as `control_change 1 64`."""
    learning: str = ""
    """The target that waits for a message."""

    def __post_init__(self) -> None:
        self._pickups: dict[str, Pickup] = {}
        self._down: set[str] = set()

    def take(self, message: MidiMessage, now: Now) -> tuple[str, float] | None:
        """The target of a message; with the new value where it is a knob's, else 1.

        While a target waits, the message is learnt and triggers nothing.
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
            self._learn(key, value, now)
            return None
        for target in self._targets_of(key, now):
            if not is_knob(target):
                # Programs have no release.
                return (target, 1.0) if fresh or key.startswith("program") else None
            stands = now(target)
            pickup = self._pickups.setdefault(target, Pickup())
            moved = None if stands is None else pickup.moved(value / _FULL, stands)
            return None if moved is None else (target, moved)
        return None

    def forget(self, target: str) -> None:
        """Nothing triggers it any more."""
        self.keys = {a: key for a, key in self.keys.items() if a != target}

    def moved_elsewhere(self, target: str) -> None:
        """A knob must pass its target's value again before it counts."""
        if pickup := self._pickups.get(target):
            pickup.lose()

    def _targets_of(self, key: str, now: Now) -> list[str]:
        """Those that are there: one knob may turn a parameter in each of several chains."""
        mine = [target for target, wanted in self.keys.items() if wanted == key]
        return [target for target in mine if not is_knob(target) or now(target) is not None]

    def _learn(self, key: str, value: int, now: Now) -> None:
        knob = is_knob(self.learning)
        if (knob and not key.startswith("control_change")) or (not knob and value < _PRESSED):
            return
        for target in self._targets_of(key, now):
            self.forget(target)
        self.keys = {**self.keys, self.learning: key}
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
