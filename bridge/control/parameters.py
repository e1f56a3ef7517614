"""What the player does to the chain's parameters from the control surface, and whose they are.

A slot's bypass is treated as one more parameter.
"""

import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from math import isfinite
from statistics import fmean
from typing import Any

from bridge.chain import Chain
from bridge.control.history import History, Standing
from bridge.control.nodes import SNAPSHOTS, Leaf, node_address, slot_confidence
from bridge.control.slots import addresses, staying
from bridge.control.surface import Surface
from bridge.drive.driver import Driver
from bridge.engine.live import LiveEngine
from bridge.errors import BridgeError
from bridge.manifest import BYPASS
from bridge.texts import parse_json

YOU, MODEL, HOST = "you", "model", "host"
_SAME = 1e-3
"""Normalised values as near as this are one."""
_SWITCHED = (0.0, 1.0)
Snapshots = dict[str, dict[str, dict[str, float]]]
"""Real values by address, by letter, by the chain's id."""
SnapshotNames = dict[str, dict[str, str]]
"""What the player calls them, by letter, by the chain's id."""


class Parameters:
    """The parameters of the chain that is driven."""

    def __init__(
        self, surface: Surface, engine: LiveEngine, snapshots: Snapshots, names: SnapshotNames
    ) -> None:
        self._surface, self._engine = surface, engine
        self.snapshots, self.snapshot_names = snapshots, names
        self._chain: Chain | None = None
        self._histories: defaultdict[str, History] = defaultdict(History)
        """By the chain's id."""
        self._before: Standing | None = None
        """How it was when the model was told to turn; None once it has moved a knob since."""
        self._put: dict[str, float] = {}
        """Normalised values that were set from here and still are there, or the player's."""
        self._by: dict[str, str] = {}
        self._shares: dict[str, float] = {}
        """Normalised values as they were last told."""

    def choose(self, chain: Chain) -> None:
        """Those of this chain from now on; what slots that stay hold, stays the player's."""
        stay = {*addresses(staying(self._chain, chain))}
        self._chain, self._before = chain, None
        self._put = {a: value for a, value in self._put.items() if a in stay}
        self._by = {a: who for a, who in self._by.items() if a in stay}
        self._shares = {a: share for a, share in self._shares.items() if a in stay}
        self._tell_snapshots()

    @property
    def chain(self) -> Chain:
        """Raises BridgeError where none is chosen."""
        if self._chain is None:
            raise BridgeError("the chain is not loaded yet; wait, or choose another plugin")
        return self._chain

    def set(self, values: Mapping[str, float]) -> None:
        """Set real values for the player, so that it can be undone.

        Raises HostError where no host takes them.
        """
        now = self._now()
        self._engine.put(values)
        self._claim(values)
        self._histories[self.chain.id].changing(now, values, time.monotonic())

    def set_normalised(self, address: str, share: float) -> None:
        """Set a parameter's normalised value, as `set` does."""
        self.set({address: self.chain.parameter(address).spec.to_real(share)})

    def bypass(self, on: bool) -> None:
        """Leave every slot out for the player, or leave their bypasses to the model again."""
        switches = self.chain.switches
        values = dict.fromkeys(switches, float(on))
        self._engine.put(values)
        self._claim(values)
        if not on:
            self.arm(switches)

    def turn(self) -> None:
        """The model is about to turn the knobs: what comes of it is one change to take back."""
        self._before = self._now()

    def undo(self) -> None:
        """Take back the last change, or match."""
        self._step(self._histories[self.chain.id].undo)

    def redo(self) -> None:
        """Make again what was undone last."""
        self._step(self._histories[self.chain.id].redo)

    def arm(self, names: Iterable[str]) -> None:
        """Leave these to the model again, or all: slots, addresses, or symbols only one slot has.

        Raises ManifestError for an unknown one.
        """
        meant = [address for name in names for address in self._meant(name)]
        self._engine.arm(meant)
        armed = set(meant) or set(self._put)
        self._put = {a: value for a, value in self._put.items() if a not in armed}

    def revert(self) -> bool:
        """Blocking: give the host its values from before back; False where it is gone.

        What was set from here goes back too; what was moved in the host stays.
        """
        if self._put:
            self._engine.arm(list(self._put))
        self._put.clear()
        return self._engine.revert()

    def store(self, name: str) -> None:
        """Keep the host's values as a snapshot."""
        if not (values := self._now().values):
            raise BridgeError("no effect host is connected, so there is nothing to keep")
        self.snapshots.setdefault(self.chain.id, {})[name] = dict(values)
        self._tell_snapshots()

    def recall(self, name: str) -> None:
        """Set a snapshot's values."""
        values = self.snapshots.get(self.chain.id, {}).get(name)
        if values is None:
            raise BridgeError(f"snapshot {name} is empty; store one first")
        self.set(self._known(values))

    def replace_snapshots(self, told: str) -> None:
        """All of the chain's, by JSON. Raises BridgeError for what are none."""
        chain = self.chain
        self.snapshots[chain.id] = {
            letter: _values(own, chain) for letter, own in by_letter(told).items()
        }
        self._tell_snapshots()

    def name_snapshots(self, told: str) -> None:
        """Call them so, by JSON. Raises BridgeError for what are no names."""
        names = {letter: str(name) for letter, name in by_letter(told).items()}
        self.snapshot_names[self.chain.id] = {a: name for a, name in names.items() if name}
        self._tell_snapshots()

    def tell(self) -> None:
        """Tell the host's values, and whose they are."""
        if self._chain is None:
            return
        self._note_turning()
        self._surface.tell("/history", *self._histories[self._chain.id].counts)
        control, answer = self._engine.control, self._engine.answer
        if control is not None:
            for address, value in control.driver.own.all_values.items():
                self._tell_value(address, value, control.driver)
        if answer is not None:
            self._tell_answer(answer.setting.values)

    def _meant(self, name: str) -> list[str]:
        """The addresses that a slot's id stands for, or the one that a name does."""
        for slot in self.chain.slots:
            if slot.id == name:
                return list(addresses([slot]))
        return [self.chain.resolved(name)]

    def _now(self) -> Standing:
        if (control := self._engine.control) is None:
            return Standing({})
        return Standing(control.driver.own.all_values, frozenset(control.driver.yielded))

    def _note_turning(self) -> None:
        """Once the model has moved a knob, how it was before can be gone back to."""
        if (before := self._before) is None:
            return
        if not (now := self._now()).values:
            # No host is there, not yet or not any more: what it will hold is what was before.
            self._before = now
            return
        if not before.values:
            before = self._before = now
        driven = {*(p.address for p in self.chain.predicted), *self.chain.switches}
        share = self.chain.to_normalised
        moved = [
            address
            for address in driven - now.yours
            if address in before.values
            and abs(share(address, now.values[address]) - share(address, before.values[address]))
            > _SAME
        ]
        if moved:
            self._histories[self.chain.id].turned(before, driven - before.yours)
        if moved or not self._engine.turning:
            self._before = None

    def _claim(self, values: Mapping[str, float]) -> None:
        """The player has set these."""
        self._put |= {a: self.chain.to_normalised(a, value) for a, value in values.items()}

    def _step(self, step: Callable[[Standing], Standing | None]) -> None:
        if (back := step(self._now())) is None:
            return
        if back.turned:
            # What was taken back must not be turned there again.
            self._engine.let_go()
        self._before = None
        values = self._known(back.values)
        self._engine.restore(values, back.yours)
        self._claim(values)

    def _known(self, values: Mapping[str, float]) -> dict[str, float]:
        """Those of them that the chain still has, as its definition may have changed."""
        known = {*addresses(self.chain.slots)}
        return {address: value for address, value in values.items() if address in known}

    def _tell_snapshots(self) -> None:
        for address, of_chains in (
            ("/snapshots", self.snapshots),
            ("/snapshots/named", self.snapshot_names),
        ):
            self._surface.tell(address, json.dumps(of_chains.get(self.chain.id, {})))

    def _tell_value(self, address: str, value: float, driver: Driver) -> None:
        tell, share = self._surface.tell, self.chain.to_normalised(address, value)
        yours = address in driver.yielded
        told = self._shares.get(address)
        if told is None or abs(told - share) > _SAME:
            # Where it stands at first, no model has put it.
            driving = driver.driving and told is not None
            self._by[address] = self._who(address, share, yours, driving)
        self._shares[address] = share
        if self.chain.is_switch(address):
            tell(node_address(address), int(share))
        else:
            tell(node_address(address), float(value))
            tell(node_address(address, Leaf.NORMALISED), float(share))
        tell(node_address(address, Leaf.YOURS), int(yours))
        tell(node_address(address, Leaf.BY), self._by[address])

    def _who(self, address: str, share: float, yours: bool, driving: bool) -> str:
        """Who has moved a parameter to where it is now."""
        ours = self._put.get(address)
        if ours is not None and abs(ours - share) <= _SAME:
            return YOU
        if yours:
            return HOST
        self._put.pop(address, None)
        # What moves elsewhere while the model drives is yours at once.
        return MODEL if driving else HOST

    def _tell_answer(self, predicted: Mapping[str, float]) -> None:
        tell, confidence = self._surface.tell, self._engine.confidence
        for parameter in self.chain.predicted:
            address = parameter.address
            tell(node_address(address, Leaf.PREDICTED), float(predicted[address]))
            if address in confidence:
                tell(node_address(address, Leaf.CONFIDENCE), float(confidence[address]))
        for slot in self.chain.slots:
            left_out = int(slot.id in self._engine.bypassed)
            tell(node_address(slot.address(BYPASS), Leaf.PREDICTED), left_out)
            own = [confidence[a] for a in addresses([slot]) if a in confidence]
            if own:
                tell(slot_confidence(slot.id), round(fmean(own), 3))


def by_letter(text: str) -> dict[str, object]:
    """A JSON object by the letters of snapshots. Raises BridgeError for anything else."""
    try:
        told = dict(parse_json(text))
    except (ValueError, TypeError):
        told = {"": None}
    if told.keys() <= set(SNAPSHOTS):
        return told
    raise BridgeError(f"it takes a JSON object by {', '.join(SNAPSHOTS)}; ask for it to see one")


def told_values(text: str, chain: Chain) -> dict[str, float]:
    """Real values by address in the chain, of a JSON object, each within its range.

    Raises BridgeError for anything else.
    """
    try:
        told = parse_json(text)
    except ValueError:
        told = None
    return _values(told, chain)


def _values(given: Any, chain: Chain) -> dict[str, float]:
    try:
        told = {str(address): float(value) for address, value in dict(given).items()}
    except (ValueError, TypeError, OverflowError):
        raise BridgeError(
            'it takes a JSON object of numbers, such as {"mda-delay/feedback": 0.5}'
        ) from None
    if unknown := told.keys() - {*addresses(chain.slots)}:
        raise BridgeError(f"the chain has no {min(unknown)}; ask /slots for its plugins")
    if not all(isfinite(value) for value in told.values()):
        raise BridgeError("it takes finite numbers")
    ranges = dict.fromkeys(chain.switches, _SWITCHED)
    ranges |= {p.address: (p.spec.min, p.spec.max) for p in chain.parameters}
    return {a: min(max(value, ranges[a][0]), ranges[a][1]) for a, value in told.items()}
