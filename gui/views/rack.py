"""The chain as a rack: what each slot's head says, and which slots are open at first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bridge.chain import ChainParameter, Slot
from bridge.control.nodes import Leaf, node_address, slot_confidence
from bridge.manifest import BYPASS
from gui.views.numbers import real_text
from gui.views.parameters import WHO, address
from gui.views.setup import listed
from gui.views.values import Values, is_on, number, text


@dataclass(frozen=True)
class SlotView:
    """What the head of a card shows; two equal ones look the same."""

    name: str
    label: str
    """The slot's own name, where it says more than the plugin's."""
    summary: str
    """The values in the host, in a line."""
    confidence: float | None
    """None where the plugin has no model, or nothing is told yet."""
    bypassed: bool
    bypass_predicted: bool | None
    """Whether the model would leave it out; None while it has not told."""
    yours: bool
    """Whether its bypass is the player's."""
    locked: bool
    by: str
    """Who switched the bypass last."""
    place: str
    """Where it stands in the host; empty while that is not known."""

    @property
    def spoken(self) -> str:
        """The bypass in words."""
        words = ["Left out of the sound" if self.bypassed else "In the sound"]
        if self.bypass_predicted not in (None, self.bypassed):
            words.append(f"the model would {'leave it out' if self.bypass_predicted else 'use it'}")
        if self.by:
            words.append(f"switched last by {WHO.get(self.by, self.by)}")
        if self.locked:
            words.append("locked")
        if self.yours:
            words.append("yours until you hand it back")
        return "; ".join(words)


def slot_parameters(slot: Slot) -> tuple[ChainParameter, ...]:
    """The parameters of one slot."""
    return tuple(ChainParameter(slot, spec) for spec in slot.plugin.parameters)


def slots_told(values: Values) -> dict[str, dict[str, Any]]:
    """What the engine says of each slot, by id."""
    told = listed(values, "/slots")
    return {str(one.get("id")): one for one in told if isinstance(one, dict)}


def slot_view(
    parameters: Sequence[ChainParameter], values: Values, told: Mapping[str, Any]
) -> SlotView:
    """The head of the card with these parameters, all of one slot; `told` is said of the slot."""
    slot = parameters[0].slot
    switch = {leaf: node_address(slot.address(BYPASS), leaf) for leaf in Leaf}
    sure = slot_confidence(slot.id)
    has_model = bool(told.get("model", slot.plugin.model))
    return SlotView(
        name=slot.plugin.name,
        label="" if slot.id == slot.plugin.id else slot.id,
        summary=summary(parameters, values),
        confidence=number(values, sure) if has_model and sure in values else None,
        bypassed=is_on(values, switch[Leaf.VALUE]),
        bypass_predicted=(
            is_on(values, switch[Leaf.PREDICTED]) if switch[Leaf.PREDICTED] in values else None
        ),
        yours=is_on(values, switch[Leaf.YOURS]),
        locked=is_on(values, switch[Leaf.LOCK]),
        by=text(values, switch[Leaf.BY]),
        place=str(told.get("place", "")),
    )


def summary(parameters: Sequence[ChainParameter], values: Values) -> str:
    """Names and values in the host of what is predicted, in a line."""
    shown = [p for p in parameters if p.spec.predicted]
    reals = [number(values, address(p), p.slot.start.values[p.spec.symbol]) for p in shown]
    return " · ".join(
        f"{p.spec.name} {real_text(p.spec, real)}" for p, real in zip(shown, reals, strict=True)
    )


def opened_at_first(rows: Sequence[int], room_px: int, head_px: int, row_px: int) -> int:
    """How many cards from the top can be open so that all of the rack is seen."""
    left_px = room_px - head_px * len(rows)
    opened = 0
    for count in rows:
        left_px -= count * row_px
        if left_px < 0:
            break
        opened += 1
    return opened


def place_of_drop(middles: Sequence[float], number: int, y: float) -> int:
    """The place of card `number` when it is let go at height y; `middles` are the cards' own."""
    return sum(middle < y for place, middle in enumerate(middles) if place != number)
