"""A chain edited by hand: from the slots there are to the text that `/chain` takes.

Every slot has an *item*: a plugin's id, or `RIG/SLOT`, by which a slot of a rig keeps its id and
where it starts. Where two slots are of one plugin, their ids follow from their order: what the
player has set is then carried from the old id to the new one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bridge.chain import Chain, chain_of
from bridge.control.nodes import Leaf, Value, node_address
from bridge.manifest import BYPASS, Manifest
from gui.views.values import Values, is_on

Orders = tuple[tuple[str, Value], ...]


@dataclass(frozen=True)
class Edit:
    """A chain to be, and which slot of the chain now each of its slots is."""

    chain: Chain
    origins: tuple[str | None, ...]
    """Ids in the chain now, one a slot; None for a new one."""

    def carried(self, before: Chain, values: Values) -> Orders:
        """What brings values, locks and whose they are along, where a slot's id has changed."""
        moved = {
            slot.id: origin
            for slot, origin in zip(self.chain.slots, self.origins, strict=True)
            if origin not in (None, slot.id)
        }
        return tuple(
            order
            for slot_id, origin in moved.items()
            for order in _carried(before, str(origin), slot_id, values)
        )


def items(text: str, manifest: Manifest) -> list[str]:
    """The item of every slot that a text names. Raises nothing: the text has been taken before."""
    rigs = {rig.id: rig for rig in manifest.rigs}
    found: list[str] = []
    for item in (part.strip() for part in text.split(",")):
        rig = rigs.get(item)
        found += [f"{rig.id}/{slot.slot}" for slot in rig.slots] if rig else [item]
    return found


def added(chain: Chain, item: str, manifest: Manifest) -> Edit:
    """With a plugin or all slots of a rig at its end. Raises ManifestError for an unknown item."""
    new = items(item, manifest)
    kept = [slot.id for slot in chain.slots]
    return _edit([*items(chain.id, manifest), *new], [*kept, *(None for _ in new)], manifest)


def removed(chain: Chain, number: int, manifest: Manifest) -> Edit:
    """Without that slot; the last one cannot go."""
    order = [place for place in range(len(chain.slots)) if place != number]
    return _reordered(chain, order, manifest)


def moved(chain: Chain, number: int, to: int, manifest: Manifest) -> Edit:
    """With that slot at another place."""
    order = [place for place in range(len(chain.slots)) if place != number]
    order.insert(to, number)
    return _reordered(chain, order, manifest)


def _reordered(chain: Chain, order: Sequence[int], manifest: Manifest) -> Edit:
    now = items(chain.id, manifest)
    kept = [chain.slots[place].id for place in order]
    return _edit([now[place] for place in order], kept, manifest)


def _edit(new: list[str], origins: Sequence[str | None], manifest: Manifest) -> Edit:
    return Edit(chain_of(_text(new, manifest), manifest), tuple(origins))


def _text(new: list[str], manifest: Manifest) -> str:
    """A rig's own id where it is whole, so that it has its name and its kept values again."""
    for rig in manifest.rigs:
        if new == [f"{rig.id}/{slot.slot}" for slot in rig.slots]:
            return rig.id
    return ",".join(new)


def _carried(
    before: Chain, origin: str, slot_id: str, values: Values
) -> Iterator[tuple[str, Value]]:
    symbols = [BYPASS, *(spec.symbol for spec in before.slot(origin).plugin.parameters)]
    for symbol in symbols:
        old, new = f"{origin}/{symbol}", f"{slot_id}/{symbol}"
        if node_address(old) in values:
            yield node_address(new), values[node_address(old)]
        locked = is_on(values, node_address(old, Leaf.LOCK))
        yield node_address(new, Leaf.LOCK), (int(locked),)
        if not is_on(values, node_address(old, Leaf.YOURS)):
            yield "/arm", (new,)
