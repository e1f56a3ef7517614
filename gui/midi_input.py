"""MIDI from a controller, where mido and python-rtmidi are installed.

rtmidi's thread only puts messages into a queue; Qt's thread takes them out on the engine's tick.
"""

from queue import Empty, SimpleQueue
from typing import Any

from PyQt6.QtCore import QObject, pyqtSignal

from bridge.chain import Chain
from gui.engine import Engine
from gui.remembered import Remembered
from gui.views.midi import MidiMap, MidiMessage, is_knob, orders, standing

_MISSING = "MIDI needs two more packages: pip install 'dafx-bridge[midi]'"
_OWN_STEP = 0.5 / 127


class MidiInput(QObject):
    """Reads one port, moves what its knobs are for, and tells which action it triggers."""

    triggered = pyqtSignal(str)
    """An action of the table."""
    learnt = pyqtSignal()
    """A message has been learnt, or waits no more."""

    def __init__(self, engine: Engine, remembered: Remembered) -> None:
        super().__init__()
        self._engine = engine
        self._remembered = remembered
        self._queue: SimpleQueue[MidiMessage] = SimpleQueue()
        self._port: Any = None
        self._sent: dict[str, float] = {}
        """Where each knob has put its target."""
        self.port = ""
        self.missing = ""
        """What to install, where MIDI is not there."""
        self.map = MidiMap(remembered.midi_keys)
        engine.ticked.connect(lambda _: self.poll())
        engine.watch(self._told, "/amount", "/map", "/parameter/", "/chain")
        if remembered.midi_port:
            self.open(remembered.midi_port)

    def ports(self) -> list[str]:
        """Names of the MIDI inputs there are."""
        try:
            import mido

            return list(dict.fromkeys(mido.get_input_names()))
        except ImportError:
            self.missing = _MISSING
        # What rtmidi says of a system that has no MIDI.
        except (OSError, RuntimeError) as error:
            self.missing = f"This computer offers no MIDI ({error}); plug a controller in"
        return []

    def open(self, name: str) -> None:
        """Listen to this port from now on; an empty name closes."""
        self.close()
        self._remembered.midi_port = name
        if name and name in self.ports():
            import mido

            try:
                self._port = mido.open_input(name, callback=self.put)
            except (OSError, RuntimeError) as error:
                self._engine.complained.emit("", f"{name} cannot be opened ({error}); free it")
                return
            self.port = name

    def put(self, message: MidiMessage) -> None:
        """From any thread."""
        self._queue.put(message)

    @property
    def chain(self) -> Chain | None:
        """Whose parameters there are to turn."""
        return self._engine.chain

    def learn(self, target: str) -> None:
        """The next message triggers this from then on; empty to leave it."""
        self.map.learning = target

    def close(self) -> None:
        """Free the port. May be called twice."""
        if self._port is not None:
            self._port.close()
        self._port, self.port = None, ""

    def poll(self) -> None:
        """Carry out what came."""
        while True:
            try:
                message = self._queue.get_nowait()
            except Empty:
                return
            waited = self.map.learning
            done = self.map.take(message, self._now)
            if waited and not self.map.learning:
                self._remembered.midi_keys = self.map.keys
                self.learnt.emit()
            if done is None:
                continue
            target, value = done
            if is_knob(target):
                self._sent[target] = value
                address, arguments = orders(target, value, self._engine.values)
                self._engine.send_soon(address, *arguments)
            else:
                self.triggered.emit(target)

    def forget(self, target: str) -> None:
        """Nothing triggers it any more."""
        self.map.forget(target)
        self._remembered.midi_keys = self.map.keys
        self.learnt.emit()

    def _now(self, target: str) -> float | None:
        return standing(target, self._engine.chain, self._engine.values)

    def _told(self) -> None:
        for target, sent in self._sent.items():
            now = self._now(target)
            if now is None or abs(now - sent) > _OWN_STEP:
                self.map.moved_elsewhere(target)
