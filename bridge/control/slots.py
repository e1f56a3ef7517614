"""The slots of the chain that is driven: which of them stay, and what is told of them."""

import json
from collections.abc import Iterable, Iterator, Mapping

from bridge.chain import Chain, Slot
from bridge.manifest import BYPASS


def staying(before: Chain | None, chain: Chain) -> list[Slot]:
    """The slots of a chain that another one has, too, with the same plugin."""
    plugins = {slot.id: slot.plugin for slot in before.slots} if before else {}
    return [slot for slot in chain.slots if plugins.get(slot.id) == slot.plugin]


def addresses(slots: Iterable[Slot]) -> Iterator[str]:
    """Of all parameters of these slots, and of their bypasses."""
    for slot in slots:
        yield from (slot.address(spec.symbol) for spec in slot.plugin.parameters)
        yield slot.address(BYPASS)


def as_json(chain: Chain, places: Mapping[str, str]) -> str:
    """For whoever reads it from the control surface; `places` are in the host, by slot."""
    return json.dumps(
        [
            {
                "id": slot.id,
                "plugin": slot.plugin.id,
                "name": slot.plugin.name,
                "kind": slot.plugin.kind,
                "optional": slot.optional,
                "model": slot.plugin.model is not None,
                "place": places.get(slot.id, ""),
            }
            for slot in chain.slots
        ]
    )
