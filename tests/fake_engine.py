"""An engine without audio or models, on the real control surface: it obeys, and tells what it does.

One thread runs `run`; tests reach into it through the surface's own socket only.
"""

import json
import sys
import threading
import time
from math import sin

from bridge.chain import Chain, chain_of
from bridge.closing import Closing
from bridge.control.nodes import NODES, PARAMETER, SLOT, Access, Leaf, chain_nodes
from bridge.control.surface import Order, Surface
from bridge.errors import ManifestError
from bridge.library import Library
from bridge.manifest import BYPASS, Manifest

_TICK_S = 0.02
ABSENT = "mda-leslie"
"""The plugin that is not installed here."""


class FakeEngine(Closing):
    """Predicts the same setting all the time, and moves the host's values where it is told to."""

    def __init__(self, port: int = 0, manifest: Manifest | None = None) -> None:
        self._manifest = manifest or Library().manifest
        self._surface = Surface(port, NODES)
        self._began_s = time.monotonic()
        self._snapshots: dict[str, dict[str, float]] = {}
        self._stop = threading.Event()
        self._chain: Chain | None = None
        self.orders: list[tuple[str, tuple[object, ...]]] = []
        """Everything it was told, in order."""
        self._tell_rest()
        self._thread = threading.Thread(target=self.run, daemon=True)

    @property
    def port(self) -> int:
        return self._surface.port

    def start(self) -> "FakeEngine":
        self._thread.start()
        return self

    def close(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self._surface.close()

    def run(self) -> None:
        while not self._stop.wait(_TICK_S):
            now_s = time.monotonic()
            for order in self._surface.poll(now_s):
                self._obey(order)
            self._live(now_s - self._began_s)
            self._surface.publish(now_s)

    def ordered(self, address: str) -> list[tuple[object, ...]]:
        """The arguments of every order to an address."""
        return [value for where, value in self.orders if where == address]

    def tell(self, address: str, *value: int | float | str) -> None:
        self._surface.tell(address, *value)

    def complain_of(self, address: str, why: str) -> None:
        self.tell("/engine/fault", why)

    def _obey(self, order: Order) -> None:
        address, tell = order.node.address, self._surface.tell
        self.orders.append((address, order.value))
        if address.startswith(PARAMETER):
            self._set_parameter(order)
        elif address == "/chain":
            self._choose(order)
        elif address == "/source":
            tell("/source", order.text)
            tell("/input/device", f"{order.text}: hw:1,0")
            tell("/input/connected", int(bool(order.text)))
            tell("/input/rate", 48_000)
            tell("/input/block", 256)
        elif address == "/reference":
            tell("/reference", order.text)
            tell(
                "/reference/report",
                json.dumps(
                    {
                        "seconds": 9.5,
                        "sounding_share": 0.96,
                        "clipped_share": 0.0,
                        "level_db": -18.2,
                        "advice": [],
                    }
                ),
            )
        elif address == "/host":
            tell("/host", order.text)
            tell("/host/state", "connected" if order.text else "none")
        elif address == "/match":
            self._apply(1.0)
        elif address in ("/panic", "/revert"):
            tell("/follow", 0)
            if address == "/panic":
                tell("/bypass", 1)
        elif address == "/arm":
            for here in self._addresses(order.value):
                tell(f"{PARAMETER}/{here}/yours", 0)
        elif address == "/snapshot/store":
            self._snapshots[order.text] = self._values()
            tell("/snapshots", json.dumps(self._snapshots))
        elif address == "/snapshot/recall":
            if order.text not in self._snapshots:
                self._surface.complain(order, f"snapshot {order.text} is empty; store it first")
                return
            for here, real in self._snapshots[order.text].items():
                self._move(here, real, "you")
        elif address == "/snapshots":
            self._snapshots = json.loads(order.text)
            tell("/snapshots", order.text)
        elif address == "/discover":
            tell(
                "/discovered",
                json.dumps(
                    [
                        {
                            "key": 1,
                            "name": "Guitar",
                            "plugins": [{"key": 1, "name": "MDA Overdrive", "parameters": []}],
                        }
                    ]
                ),
            )
        elif address == "/back":
            tell(f"/{order.text}", *self._surface.values[f"/{order.text}/used"])
            tell(f"/{order.text}/fault", "")
        elif address == "/clear":
            tell("/input/overflows", 0)
            tell("/input/clipped", 0)
        elif address == "/quit":
            self._stop.set()
        elif order.node.access is Access.BOTH:
            tell(address, *order.value)

    def _addresses(self, meant: tuple[object, ...]) -> list[str]:
        """The addresses of parameters and bypasses that are meant by these, or by nothing, all."""
        chain = self._chain
        known = [*(p.address for p in chain.parameters), *chain.switches] if chain else []
        return [a for a in known if not meant or a in meant or a.partition("/")[0] in meant]

    def _choose(self, order: Order) -> None:
        try:
            self._chain = chain = chain_of(order.text, self._manifest)
        except ManifestError as error:
            self._surface.complain(order, str(error))
            return
        tell = self._surface.tell
        self._surface.describe((*NODES, *chain_nodes(chain)))
        tell("/chain", order.text)
        slots = [
            {
                "id": slot.id,
                "plugin": slot.plugin.id,
                "name": slot.plugin.name,
                "kind": slot.plugin.kind,
                "optional": slot.optional,
                "model": slot.plugin.model is not None,
                "place": f"Guitar/{slot.plugin.name}",
            }
            for slot in chain.slots
        ]
        tell("/slots", json.dumps(slots))
        for number, parameter in enumerate(chain.predicted):
            here = f"{PARAMETER}/{parameter.address}"
            tell(f"{here}/predicted", parameter.spec.to_real(0.2 + 0.6 * ((number * 0.37) % 1.0)))
            if parameter.slot.plugin.model is not None:
                tell(f"{here}/confidence", 0.9 - 0.12 * (number % 5))
        for number, slot in enumerate(chain.slots):
            tell(f"{PARAMETER}/{slot.address(BYPASS)}/predicted", int(slot.optional))
            if slot.plugin.model is not None:
                tell(f"{SLOT}/{slot.id}/confidence", 0.85 - 0.1 * (number % 4))

    def _set_parameter(self, order: Order) -> None:
        address, real = order.node.of, order.number
        if order.node.leaf in (Leaf.VALUE, Leaf.NORMALISED):
            if order.node.leaf is Leaf.NORMALISED:
                real = self._chain.parameter(address).spec.to_real(order.number)
            self._move(address, real, "you")
            self._surface.tell(f"{PARAMETER}/{address}/yours", 1)
        else:
            self._surface.tell(order.node.address, *order.value)

    def _move(self, address: str, real: float, by: str) -> None:
        here = f"{PARAMETER}/{address}"
        if self._chain.is_switch(address):
            self._surface.tell(here, int(real))
        else:
            self._surface.tell(here, real)
            self._surface.tell(f"{here}/normalised", self._chain.to_normalised(address, real))
        self._surface.tell(f"{here}/by", by)

    def _values(self) -> dict[str, float]:
        values = self._surface.values
        return {here: values[f"{PARAMETER}/{here}"][0] for here in self._addresses(())}

    def _apply(self, share: float) -> None:
        values = self._surface.values
        for address in self._addresses(()):
            here = f"{PARAMETER}/{address}"
            kept = values.get(f"{here}/yours") == (1,) or values.get(f"{here}/lock") == (1,)
            if kept or f"{here}/predicted" not in values:
                continue
            wanted = values[f"{here}/predicted"][0]
            if not self._chain.is_switch(address):
                spec = self._chain.parameter(address).spec
                at = spec.to_normalised(values[here][0])
                wanted = spec.to_real(at + share * (spec.to_normalised(wanted) - at))
            self._move(address, wanted, "model")

    def _tell_rest(self) -> None:
        tell = self._surface.tell
        tell("/engine/version", "0")
        tell(
            "/devices",
            json.dumps([{"name": n, "channels": 2} for n in ("Scarlett 2i2 USB", "HDA Intel PCH")]),
        )
        tell(
            "/plugins",
            json.dumps(
                [
                    {
                        "id": p.id,
                        "name": p.name,
                        "kind": p.kind,
                        "installed": p.id != ABSENT,
                        "model": p.model is not None,
                    }
                    for p in self._manifest.plugins
                ]
            ),
        )
        tell(
            "/rigs",
            json.dumps(
                [
                    rig.model_dump(include={"id", "name", "kind"})
                    | {
                        "slots": [slot.model_dump(exclude={"start"}) for slot in rig.slots],
                        "installed": all(slot.plugin != ABSENT for slot in rig.slots),
                    }
                    for rig in self._manifest.rigs
                ]
            ),
        )
        tell("/state", "idle")
        tell("/host/state", "none")
        tell("/history", 0, 0)
        tell("/snapshots", "{}")

    def _live(self, time_s: float) -> None:
        tell, values = self._surface.tell, self._surface.values
        tell("/engine/time", round(time_s, 1))
        if values.get("/input/connected") != (1,):
            return
        tell("/input/peak", -14 + 8 * sin(3 * time_s))
        tell("/input/level", -22 + 8 * sin(3 * time_s))
        tell("/state", "matching")
        bands = range(80)
        tell("/spectrum/input", *(-30 - 0.5 * b + 4 * sin(b / 4 + time_s) for b in bands))
        tell("/spectrum/reference", *(-28 - 0.45 * b + 5 * sin(b / 6) for b in bands))
        if values["/follow"] == (1,) and values["/freeze"] == (0,):
            self._apply(0.1)


def main() -> None:
    """As a process of its own: `python -m tests.fake_engine PORT`."""
    with FakeEngine(int(sys.argv[1])) as engine:
        engine.run()


if __name__ == "__main__":
    main()
