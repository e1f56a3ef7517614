"""The embedded effect host: a chain of plugins, driven over OSC, for people without a DAW.

Threads: the caller's, which must be the main one, opens and closes chains, as VST3 plugins load
there only, and may block; while `run` plays, a thread runs the audio loop, which sleeps a few
milliseconds at a time and never waits for anything else; one more blocks on the OSC socket, and
reads the reference's file; a fourth measures loudness (`bridge.effect_host.audition`), a fifth the
spectrum, when it is asked for. What crosses
to the audio loop is a frozen `ChainSetting`, replaced whole, so it reads without a lock; the two
threads that replace it share one. Loading a VST3 plugin keeps Python for itself for a while (9 ms
of the 27 ms that a small one takes), which the audio loop notices as a longer block.
"""

import logging
import math
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread

from bridge.audio.sinks import Sink
from bridge.audio.sources import Source
from bridge.chain import Chain, ChainSetting, chain_of
from bridge.effect_host.audition import Audition
from bridge.effect_host.output import GAPS, LEVEL, MONITOR, MOST_LEVEL_DB, PLAY, SPECTRUM, Output
from bridge.effect_host.running import ChainPlayer, RunningChain, carried_over
from bridge.effects import load_chain
from bridge.errors import AudioError, BridgeError, HostError
from bridge.hosts.embedded import (
    CHAIN,
    CHOICES,
    LISTEN,
    REFERENCE_FILE,
    REFUSED,
    description,
    name_of,
    summary,
)
from bridge.library import Library
from bridge.osc import Address, Message, OscSocket

_BLOCK_S = 0.005
_RECEIVE_S = 0.2
_ATTEND_S = 0.05
_TOLD_COMPLAINTS = 10
_MOST_CLIENTS = 16
_log = logging.getLogger(__name__)


class EmbeddedHostServer:
    """Answers `/SLOT/SYMBOL`: a number sets, no argument asks; renders source to sink.

    `/SLOT/bypass` likewise: 1 leaves the slot's plugin out, 0 brings it back; it hears what comes
    all the time. `/chain TEXT` exchanges the chain while it plays.
    """

    def __init__(self, chain: Chain, library: Library, osc: OscSocket) -> None:
        """Raises EffectError where a plugin is not installed. Owns `osc` from here on.

        `library` is asked for the chains that are exchanged for this one.
        """
        self._effect = load_chain(chain)
        self._library = library
        self._osc = osc
        self.setting = ChainSetting.start(chain)
        self._replacing = Lock()
        self._texts: SimpleQueue[str] = SimpleQueue()
        self._clients: dict[Address, None] = {}
        self._exchanged = Event()
        self._refused: SimpleQueue[str] = SimpleQueue()
        self._complaints = 0
        self._stopping = Event()
        self._audition: Audition | None = None
        self._output: Output | None = None
        self._sink: Sink | None = None
        self._monitor = ThreadPoolExecutor(1, "monitor")
        self._listener = Thread(target=self._listen, name="osc-receive", daemon=True)
        self._listener.start()

    def run(
        self,
        stop: Event,
        source: Source | None,
        sink: Sink,
        seconds: float | None = None,
        heard: bool = True,
    ) -> int:
        """Process until `stop` is set, the source ends or `seconds` are over; frames processed.

        Without a source it only keeps and answers values. It is silent until it is `heard`.
        """
        end_s = math.inf if seconds is None else time.monotonic() + seconds
        if source is None:
            while not stop.is_set() and time.monotonic() < end_s:
                self._attend(None, None)
            return 0
        self._sink, self._output = sink, Output(source.sample_rate, heard)
        with self._playing(source) as player, ThreadPoolExecutor(1, "audio") as executor:
            abandoned = Event()
            try:
                playing = executor.submit(
                    self._play, player, source, sink, (stop, abandoned), end_s
                )
                while not playing.done():
                    self._attend(player, source)
            finally:
                abandoned.set()
            return playing.result()

    def close(self) -> None:
        """Stop listening and free the port. May be called twice."""
        self._stopping.set()
        self._listener.join()
        self._monitor.shutdown(wait=True)
        self._osc.close()

    @contextmanager
    def _playing(self, source: Source) -> Iterator[ChainPlayer]:
        """The chain, opened for this source, with its audition."""
        rate, channels = source.sample_rate, source.channels
        with ExitStack() as on_exit:
            first = RunningChain(self._effect, rate, channels, self.setting)
            player = on_exit.enter_context(ChainPlayer(first, rate))
            self._audition = on_exit.enter_context(Audition(rate, channels))
            yield player

    def _play(
        self,
        player: ChainPlayer,
        source: Source,
        sink: Sink,
        stops: tuple[Event, Event],
        end_s: float,
    ) -> int:
        """The audio loop; frames processed."""
        stop, abandoned = stops
        audition, output = self._audition, self._output
        frames = 0
        # What a device caught while things were loading would stay as latency.
        source.read()
        while not (stop.wait(_BLOCK_S) or abandoned.is_set()) and time.monotonic() < end_s:
            block = source.read()
            if fault := source.take_fault():
                _log.warning(fault)
            if block.shape[1]:
                plain, processed = player.process(block, self.setting)
                mixed = audition.mix(plain, processed) if audition else processed
                sink.write(output.shape(mixed) if output else mixed)
                frames += block.shape[1]
            elif source.finished:
                break
        return frames

    def _attend(self, player: ChainPlayer | None, source: Source | None) -> None:
        """Blocking, for `_ATTEND_S` and what it takes to open a chain that is asked for."""
        if player is not None:
            player.close_spent()
            if player.exchanging:
                # One at a time, however fast they are asked for.
                time.sleep(_ATTEND_S)
                return
        try:
            text = self._texts.get(timeout=_ATTEND_S)
            while not self._texts.empty():
                text = self._texts.get()
        except Empty:
            return
        try:
            self._exchange(chain_of(text, self._library.manifest), player, source)
        except BridgeError as error:
            self._complain("the chain stays as it was: %s", str(error))
            self._refused.put(text)

    def _exchange(self, chain: Chain, player: ChainPlayer | None, source: Source | None) -> None:
        """Blocking: open a chain and go over to it. Raises EffectError where that fails."""
        effect = load_chain(chain)
        if player is not None and source is not None:
            opened = RunningChain(
                effect, source.sample_rate, source.channels, carried_over(self.setting, chain)
            )
            player.exchange(opened)
        with self._replacing:
            self.setting = carried_over(self.setting, chain)
        self._effect = effect
        self._exchanged.set()

    def _listen(self) -> None:
        while not self._stopping.is_set():
            received = self._osc.receive(_RECEIVE_S)
            if received is not None:
                self._take(*received)
            if self._exchanged.is_set():
                self._exchanged.clear()
                self._tell_all(summary(self.setting.chain))
            while not self._refused.empty():
                self._tell_all(Message(REFUSED, (self._refused.get(),)))

    def _tell_all(self, message: Message) -> None:
        for client in self._clients:
            self._answer([message], client)

    def _take(self, messages: list[Message], sender: Address) -> None:
        """One packet: its values take effect together, then its questions are answered.

        A value outside the parameter's range is clamped, as plugins do.
        """
        values: dict[str, float] = {}
        questions: list[str] = []
        asks_for_chain = Message(CHAIN) in messages
        for message in messages:
            name = name_of(message.address)
            match message.arguments:
                case () if message.address == CHAIN:
                    continue
                case (str() as text,) if message.address == CHAIN:
                    self._texts.put(text)
                case _ if message.address == CHAIN:
                    self._complain("%s takes one text or nothing", message.address)
                case (str() as told,) if message.address in (LISTEN, REFERENCE_FILE):
                    self._listen_to(message.address, told)
                case () if message.address == MONITOR:
                    self._monitor.submit(self._tell_heard, sender)
                case (int() | float() as value,) if message.address in (PLAY, LEVEL):
                    self._shape(message.address, value)
                case _ if name not in self.setting.all_values:
                    self._complain("unknown address %s", message.address)
                case ():
                    questions.append(name)
                case (int() | float() as value,) if math.isfinite(value):
                    values[name] = float(value)
                case _:
                    self._complain("%s takes one finite number or nothing", message.address)
        if values:
            self._set(values)
        self._answer(self._told(questions), sender)
        if asks_for_chain:
            self._describe(sender)

    def _set(self, values: dict[str, float]) -> None:
        with self._replacing:
            known = self.setting.all_values
            # The chain may have been exchanged since the packet was read.
            self.setting = self.setting.with_values({n: v for n, v in values.items() if n in known})

    def _told(self, names: list[str]) -> list[Message]:
        """The values that are asked for, as far as there still are such."""
        setting = self.setting
        values = {name: setting.all_values[name] for name in names if name in setting.all_values}
        return [
            Message(f"/{name}", (int(value) if setting.chain.is_switch(name) else value,))
            for name, value in values.items()
        ]

    def _describe(self, client: Address) -> None:
        """Say what there is, one message a packet, and remember who is told when that changes."""
        self._clients.pop(client, None)
        self._clients[client] = None
        while len(self._clients) > _MOST_CLIENTS:
            del self._clients[next(iter(self._clients))]
        for message in description(self.setting):
            self._answer([message], client)

    def _shape(self, address: str, value: float) -> None:
        if self._output and address == PLAY:
            self._output.playing = value >= 0.5
        elif self._output and math.isfinite(value):
            self._output.level_db = min(value, MOST_LEVEL_DB)

    def _tell_heard(self, client: Address) -> None:
        """On the monitor's thread: how playback is, and what it sounds like."""
        if self._audition is None:
            return
        told = [Message(GAPS, (self._sink.gaps if self._sink else 0,))]
        if levels := self._audition.spectrum_db():
            told.append(Message(SPECTRUM, tuple(levels)))
        self._answer(told, client)

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

    def _complain(self, words: str, what: str) -> None:
        """Tell a mistake; a flood of them must not become a flood of words."""
        self._complaints += 1
        if self._complaints <= _TOLD_COMPLAINTS:
            _log.warning(words, what)

    def _answer(self, messages: list[Message], client: Address) -> None:
        """One message plainly, several as one bundle."""
        try:
            if len(messages) == 1:
                self._osc.send(messages[0], client)
            else:
                self._osc.send_bundle(messages, client)
        except HostError as error:
            _log.warning("no answer: %s", error)
