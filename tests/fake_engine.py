"""An engine without audio or models, on the real control surface: it obeys, and tells what it does.

One thread runs `run`; tests reach into it through the surface's own socket only.
"""

import json
import sys
import threading
import time
from math import sin

from bridge.closing import Closing
from bridge.control.nodes import NODES, PARAMETER, Access, parameter_nodes
from bridge.control.surface import Order, Surface
from bridge.library import Library
from bridge.manifest import Manifest, PluginSpec

_TICK_S = 0.02


class FakeEngine(Closing):
    """Predicts the same setting all the time, and moves the host's values where it is told to."""

    def __init__(self, port: int = 0, manifest: Manifest | None = None) -> None:
        self._manifest = manifest or Library().manifest
        self._surface = Surface(port, NODES)
        self._began_s = time.monotonic()
        self._snapshots: dict[str, dict[str, float]] = {}
        self._stop = threading.Event()
        self._plugin: PluginSpec | None = None
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
        elif address == "/plugin":
            self._choose(order.text)
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
            for spec in self._specs(order.value):
                tell(f"{PARAMETER}/{spec.symbol}/yours", 0)
        elif address == "/snapshot/store":
            self._snapshots[order.text] = self._values()
            tell("/snapshots", json.dumps(self._snapshots))
        elif address == "/snapshot/recall":
            if order.text not in self._snapshots:
                self._surface.complain(order, f"snapshot {order.text} is empty; store it first")
                return
            for symbol, real in self._snapshots[order.text].items():
                self._move(symbol, real, "you")
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
        elif address == "/clear":
            tell("/input/overflows", 0)
            tell("/input/clipped", 0)
        elif address == "/quit":
            self._stop.set()
        elif order.node.access is Access.BOTH:
            tell(address, *order.value)

    def _specs(self, symbols: tuple[object, ...]) -> list[object]:
        parameters = self._plugin.parameters if self._plugin else ()
        return [spec for spec in parameters if not symbols or spec.symbol in symbols]

    def _choose(self, plugin_id: str) -> None:
        known = {plugin.id: plugin for plugin in self._manifest.plugins}
        self._plugin = known.get(plugin_id)
        nodes = parameter_nodes(self._plugin) if self._plugin else ()
        self._surface.describe((*NODES, *nodes))
        self._surface.tell("/plugin", plugin_id)
        for number, spec in enumerate(self._plugin.predicted if self._plugin else ()):
            share = 0.2 + 0.6 * ((number * 0.37) % 1.0)
            here = f"{PARAMETER}/{spec.symbol}"
            self._surface.tell(f"{here}/predicted", spec.to_real(share))
            self._surface.tell(f"{here}/confidence", 0.9 - 0.12 * (number % 5))

    def _set_parameter(self, order: Order) -> None:
        symbol, _, leaf = order.node.address.removeprefix(f"{PARAMETER}/").partition("/")
        if leaf in ("", "normalised"):
            spec = self._plugin.parameter(symbol)
            real = order.number if not leaf else spec.to_real(order.number)
            self._move(symbol, real, "you")
            self._surface.tell(f"{PARAMETER}/{symbol}/yours", 1)
        else:
            self._surface.tell(order.node.address, *order.value)

    def _move(self, symbol: str, real: float, by: str) -> None:
        spec, here = self._plugin.parameter(symbol), f"{PARAMETER}/{symbol}"
        self._surface.tell(here, real)
        self._surface.tell(f"{here}/normalised", spec.to_normalised(real))
        self._surface.tell(f"{here}/by", by)

    def _values(self) -> dict[str, float]:
        values = self._surface.values
        return {spec.symbol: values[f"{PARAMETER}/{spec.symbol}"][0] for spec in self._specs(())}

    def _apply(self, share: float) -> None:
        values = self._surface.values
        for spec in self._plugin.predicted if self._plugin else ():
            here = f"{PARAMETER}/{spec.symbol}"
            if values.get(f"{here}/yours") == (1,) or values.get(f"{here}/lock") == (1,):
                continue
            at = spec.to_normalised(values[here][0])
            wanted = spec.to_normalised(values[f"{here}/predicted"][0])
            self._move(spec.symbol, spec.to_real(at + share * (wanted - at)), "model")

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
                    {"id": p.id, "installed": p.id != "mda-leslie", "model": p.model}
                    for p in self._manifest.plugins
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
