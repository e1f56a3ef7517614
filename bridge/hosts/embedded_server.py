"""The embedded effect host: one plugin, driven over OSC, for people without a DAW.

Threads: the caller's runs the audio loop, which sleeps a few milliseconds at a time and never
waits for anything else; one more blocks on the OSC socket. What crosses between them is a frozen
`Setting`, replaced whole, so the audio loop reads it without a lock.
"""

import logging
import math
import threading
import time
from threading import Event

from bridge.audio.sinks import NoSink, Sink
from bridge.audio.sources import Source
from bridge.effects import load_effect
from bridge.errors import PacketError
from bridge.hosts.embedded import parameter_address
from bridge.manifest import PluginSpec, Setting
from bridge.osc import Address, Message, OscSocket

_BLOCK_S = 0.005
_RECEIVE_S = 0.2
_log = logging.getLogger(__name__)


class EmbeddedHostServer:
    """Answers `/PLUGIN-ID/SYMBOL`: a number sets, no argument asks; renders source to sink."""

    def __init__(self, plugin: PluginSpec, osc: OscSocket) -> None:
        """Raises EffectError where the plugin is not installed. Owns `osc` from here on."""
        self._plugin = plugin
        self._effect = load_effect(plugin)
        self._osc = osc
        self._symbols = {parameter_address(plugin, p.symbol): p.symbol for p in plugin.parameters}
        self._stopping = Event()
        self.setting = Setting.default(plugin)
        self._listener = threading.Thread(target=self._listen, name="osc-receive", daemon=True)
        self._listener.start()

    def run(
        self,
        stop: Event,
        source: Source | None,
        sink: Sink | None = None,
        seconds: float | None = None,
    ) -> int:
        """Process until `stop` is set, the source ends or `seconds` are over; frames processed.

        Without a source it only keeps and answers values.
        """
        end_s = math.inf if seconds is None else time.monotonic() + seconds
        if source is None:
            stop.wait(None if seconds is None else seconds)
            return 0
        sink = sink or NoSink()
        frames = 0
        applied = self.setting
        with self._effect.open(source.sample_rate, source.channels, applied) as stream:
            while not stop.wait(_BLOCK_S) and time.monotonic() < end_s:
                if (wanted := self.setting) is not applied:
                    stream.set(wanted)
                    applied = wanted
                block = source.read()
                if block.shape[1]:
                    sink.write(stream.process(block))
                    frames += block.shape[1]
                elif source.finished:
                    break
        return frames

    def close(self) -> None:
        """Stop listening and free the port. May be called twice."""
        self._stopping.set()
        self._listener.join()
        self._osc.close()

    def _listen(self) -> None:
        while not self._stopping.is_set():
            received = self._osc.receive(_RECEIVE_S)
            if received is None:
                continue
            messages, sender = received
            for message in messages:
                self._take(message, sender)

    def _take(self, message: Message, sender: Address) -> None:
        symbol = self._symbols.get(message.address)
        match message.arguments:
            case _ if symbol is None:
                _log.warning("unknown address %s", message.address)
            case ():
                self._answer(message.address, symbol, sender)
            case (int() | float() as value,) if math.isfinite(value):
                self._set(symbol, float(value))
            case _:
                _log.warning("%s takes one finite number or nothing", message.address)

    def _answer(self, address: str, symbol: str, sender: Address) -> None:
        try:
            self._osc.send(Message(address, (self.setting.values[symbol],)), sender)
        except (OSError, PacketError) as error:
            _log.warning("no answer to %s: %s", sender, error)

    def _set(self, symbol: str, value: float) -> None:
        """Take a real value; outside the range it is clamped, as plugins do."""
        self.setting = Setting.of_values(self._plugin, self.setting.values | {symbol: value})
