"""The values of the control surface that outlive the engine, and those it begins with.

Nothing here waits: a thread of the store's writes.
"""

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from typing_extensions import override

from bridge.closing import Closing
from bridge.control.nodes import Value
from bridge.control.parameters import SnapshotNames, Snapshots
from bridge.control.state_store import Kept, StateStore
from bridge.control.surface import Surface, fitting
from bridge.errors import BridgeError

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Preset:
    """What to begin with in place of what was kept; then nothing is kept either."""

    settings: Mapping[str, Value]
    """By address of a node."""
    restore: bool = True
    """Whether a host gets its values back in the end."""


class KeptValues(Closing):
    """Reads them once, and has them written where they are new."""

    def __init__(self, surface: Surface, folder: Path, preset: Preset | None) -> None:
        kept = Kept(settings=preset.settings, following=True) if preset else Kept.read(folder)
        self._surface = surface
        self._store = None if preset else StateStore(folder, kept)
        self._settings = kept.settings
        self._of_chains = {chain: dict(values) for chain, values in kept.chains.items()}
        self._content: dict[str, object] = {}
        self.following = kept.following
        """Whether the engine followed when it was last seen."""
        self.snapshots: Snapshots = {
            chain: {name: dict(values) for name, values in named.items()}
            for chain, named in kept.snapshots.items()
        }
        self.snapshot_names: SnapshotNames = {
            chain: dict(names) for chain, names in kept.snapshot_names.items()
        }

    @property
    def fault(self) -> str:
        """Why they cannot be written; empty where they can."""
        return self._store.fault if self._store else ""

    def tell(self) -> None:
        """Tell those that belong to no chain."""
        self._tell(self._settings)

    def tell_of(self, chain_id: str, addresses: Collection[str]) -> None:
        """Tell those of a chain at these addresses."""
        values = self._of_chains.get(chain_id, {})
        self._tell({a: value for a, value in values.items() if a in addresses})

    def keep(self, chain_id: str, following: bool) -> None:
        """Have all of them written, where they are new; `chain_id` is empty before there is one."""
        if self._store is None:
            return
        nodes, values = self._surface.nodes, self._surface.values
        kept = {address: values[address] for address, node in nodes.items() if node.kept}
        if chain_id:
            own = {a: v for a, v in kept.items() if nodes[a].of and v != nodes[a].default}
            self._of_chains.pop(chain_id, None)
            self._of_chains |= {chain_id: own} if own else {}
        content = {
            "settings": {a: value for a, value in kept.items() if not nodes[a].of},
            "chains": dict(self._of_chains),
            "snapshots": {chain: dict(named) for chain, named in self.snapshots.items()},
            "snapshot_names": {chain: dict(n) for chain, n in self.snapshot_names.items()},
            "following": following,
        }
        if content != self._content:
            self._content = content
            self._store.keep(Kept.model_validate(content))

    @override
    def close(self) -> None:
        """Write what is left."""
        if self._store:
            self._store.close()

    def _tell(self, values: Mapping[str, Value]) -> None:
        """As far as they still fit; a preset's must. Raises BridgeError where they do not."""
        for address, value in values.items():
            node = self._surface.nodes.get(address)
            if node is None or not node.kept:
                continue
            try:
                self._surface.tell(address, *fitting(node, value))
            except BridgeError as error:
                if self._store is None:
                    raise BridgeError(f"{address}: {error}") from None
                _log.warning("%s is not restored: %s", address, error)
