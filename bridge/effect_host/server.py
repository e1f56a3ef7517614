"""The embedded effect host: one plugin, driven over OSC, for people without a DAW.

Threads: the caller's runs the audio loop, which sleeps a few milliseconds at a time and never
waits for anything else; one more blocks on the OSC socket, and reads the reference's file; a third
measures loudness (`bridge.effect_host.audition`). What crosses between them is a frozen
`Setting`, replaced whole, and whether it is bypassed, so the audio loop reads both without a lock.
"""

import logging
import math
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from threading import Event

from bridge.audio.sinks import Sink
from bridge.audio.sources import Source
from bridge.effect_host.audition import Audition
from bridge.effect_host.crossfade import Crossfade
from bridge.effects import load_effect
from bridge.errors import AudioError, HostError
from bridge.hosts.embedded import CHOICES, LISTEN, REFERENCE_FILE, WHAT, address_of, description
from bridge.manifest import BYPASS, PluginSpec, Setting
from bridge.osc import Address, Message, OscSocket

_BLOCK_S = 0.005
_RECEIVE_S = 0.2
_TOLD_COMPLAINTS = 10
_log = logging.getLogger(__name__)


class EmbeddedHostServer:
    """Answers `/PLUGIN-ID/SYMBOL`: a number sets, no argument asks; renders source to sink.

    `/PLUGIN-ID/bypass` likewise: 1 leaves the plugin out, 0 brings it back; it hears the source all
    the time.
    """

    def __init__(self, plugin: PluginSpec, osc: OscSocket) -> None:
        """Raises EffectError where the plugin is not installed. Owns `osc` from here on."""
        self._plugin = plugin
        self._effect = load_effect(plugin)
        self._osc = osc
        self._bypass_address = address_of(plugin.id, BYPASS)
        self._symbols = {address_of(plugin.id, p.symbol): p.symbol for p in plugin.parameters}
        self._complaints = 0
        self._stopping = Event()
        self.setting = Setting.default(plugin)
        self.bypassed = False
        self._audition: Audition | None = None
        self._listener = threading.Thread(target=self._listen, name="osc-receive", daemon=True)
        self._listener.start()

    def run(
        self,
        stop: Event,
        source: Source | None,
        sink: Sink,
        seconds: float | None = None,
    ) -> int:
        """Process until `stop` is set, the source ends or `seconds` are over; frames processed.

        Without a source it only keeps and answers values.
        """
        if source is None:
            stop.wait(seconds)
            return 0
        end_s = math.inf if seconds is None else time.monotonic() + seconds
        frames = 0
        applied = self.setting
        with (
            ExitStack() as on_exit,
            self._effect.open(source.sample_rate, source.channels, applied) as stream,
        ):
            shape = (source.sample_rate, source.channels, stream.latency_frames)
            crossfade = Crossfade(*shape)
            audition = self._audition = on_exit.enter_context(Audition(*shape))
            # What a device caught while things were loading would stay as latency.
            source.read()
            while not stop.wait(_BLOCK_S) and time.monotonic() < end_s:
                if (wanted := self.setting) is not applied:
                    stream.set(wanted)
                    applied = wanted
                block = source.read()
                if fault := source.take_fault():
                    _log.warning(fault)
                if block.shape[1]:
                    heard = crossfade.mix(block, stream.process(block), self.bypassed)
                    sink.write(audition.mix(block, heard))
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
            self._take(*received)

    def _take(self, messages: list[Message], sender: Address) -> None:
        """One packet: its values take effect together, then its questions are answered.

        A value outside the parameter's range is clamped, as plugins do.
        """
        values: dict[str, float] = {}
        questions: list[str] = []
        asked_what = WHAT in messages
        for message in messages:
            if message == WHAT:
                continue
            symbol = self._symbols.get(message.address)
            match message.arguments:
                case (str() as told,) if message.address in (LISTEN, REFERENCE_FILE):
                    self._listen_to(message.address, told)
                case _ if symbol is None and message.address != self._bypass_address:
                    self._complain("unknown address %s", message.address)
                case ():
                    questions.append(message.address)
                case (int() | float() as value,) if math.isfinite(value):
                    if symbol is None:
                        self.bypassed = value >= 0.5
                    else:
                        values[symbol] = float(value)
                case _:
                    self._complain("%s takes one finite number or nothing", message.address)
        if values:
            self.setting = Setting.of_values(self._plugin, self.setting.values | values)
        self._answer([self._value(address) for address in questions], sender)
        if asked_what:
            for message in description(self._plugin, self.setting):
                self._answer([message], sender)

    def _value(self, address: str) -> Message:
        symbol = self._symbols.get(address)
        return Message(address, (self.setting.values[symbol] if symbol else int(self.bypassed),))

    def _listen_to(self, address: str, told: str) -> None:
        if self._audition is None:
            self._complain("%s needs a source to play", address)
        elif address == LISTEN and told in CHOICES:
            self._audition.choose(told)
        elif address == LISTEN:
            self._complain("%s takes matched, dry or reference", address)
        elif told:
            try:
                self._audition.load(Path(told))
            except AudioError as error:
                self._complain("%s", str(error))

    def _complain(self, words: str, address: str) -> None:
        """Tell a mistake; a flood of them must not become a flood of words."""
        self._complaints += 1
        if self._complaints <= _TOLD_COMPLAINTS:
            _log.warning(words, address)

    def _answer(self, messages: list[Message], sender: Address) -> None:
        """One message plainly, several as one bundle."""
        try:
            if len(messages) == 1:
                self._osc.send(messages[0], sender)
            else:
                self._osc.send_bundle(messages, sender)
        except HostError as error:
            _log.warning("no answer: %s", error)
