"""The embedded effect host (`dafx-bridge host`), as its client sees it.

One address a parameter, `/PLUGIN-ID/SYMBOL`: with a real value it sets, without it asks, and the
answer comes to the sender's port with the same address. `/PLUGIN-ID/bypass` takes and answers 1,
where the plugin is left out, or 0.
"""

import time
from collections.abc import Mapping

from typing_extensions import override

from bridge.errors import HostError
from bridge.hosts.base import Host
from bridge.manifest import BYPASS, PluginSpec
from bridge.osc import Address, Message, OscSocket

_ATTEMPTS = 4
_ANSWER_S = 0.5


class EmbeddedHost(Host):
    """A client of the embedded host. Owns one UDP socket on loopback."""

    def __init__(self, address: Address, plugin: PluginSpec) -> None:
        """Raises HostError where no host answers for this plugin."""
        self._address = address
        self._plugin = plugin
        self._socket = OscSocket()
        try:
            self.read()
        except HostError:
            self.close()
            raise

    @override
    def read(self) -> dict[str, float]:
        values: dict[str, float] = {}
        for _ in range(_ATTEMPTS):
            missing = [p.symbol for p in self._plugin.parameters if p.symbol not in values]
            for symbol in missing:
                self._socket.send(Message(self._osc_address(symbol)), self._address)
            values |= self._await(missing)
            if len(values) == len(self._plugin.parameters):
                return values
        where = f"{self._address[0]}:{self._address[1]}"
        raise HostError(
            f"no host for {self._plugin.id} answers at {where}; start it with"
            f" `dafx-bridge host --plugin {self._plugin.id} --port {self._address[1]}`"
        )

    @override
    def set(self, values: Mapping[str, float]) -> None:
        messages = [
            Message(self._osc_address(symbol), (float(value),)) for symbol, value in values.items()
        ]
        self._socket.send_bundle(messages, self._address)

    @override
    def bypass(self, on: bool) -> None:
        self._socket.send(Message(bypass_address(self._plugin), (int(on),)), self._address)

    @override
    def close(self) -> None:
        self._socket.close()

    def _osc_address(self, symbol: str) -> str:
        return parameter_address(self._plugin, symbol)

    def _await(self, symbols: list[str]) -> dict[str, float]:
        """The answers that arrive for these symbols within the time for one attempt."""
        wanted = {self._osc_address(symbol): symbol for symbol in symbols}
        values: dict[str, float] = {}
        deadline = time.monotonic() + _ANSWER_S
        while len(values) < len(wanted) and (left := deadline - time.monotonic()) > 0:
            received = self._socket.receive(left)
            for message in received[0] if received else []:
                match message:
                    case Message(address, (int() | float() as value,)) if address in wanted:
                        values[wanted[address]] = float(value)
        return values


def parameter_address(plugin: PluginSpec, symbol: str) -> str:
    """The OSC address of one parameter in the embedded host."""
    return f"/{plugin.id}/{symbol}"


def bypass_address(plugin: PluginSpec) -> str:
    """The OSC address of the embedded host's bypass; no parameter has this symbol."""
    return f"/{plugin.id}/{BYPASS}"
