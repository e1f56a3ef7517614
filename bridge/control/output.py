"""How the engine's own embedded host is heard, and what it says of that.

On the analysis thread, which never waits here: orders are sent, answers taken as they come.
"""

from urllib.parse import urlsplit

from typing_extensions import override

from bridge.closing import Closing
from bridge.control.connected_host import ConnectedHost
from bridge.control.surface import Surface
from bridge.effect_host import output as heard
from bridge.errors import HostError
from bridge.hosts import embedded
from bridge.osc import Address, Message, OscSocket

_ASK_S = 0.5


class Output(Closing):
    """Keeps the embedded host at the surface's level, and tells its gaps and its spectrum."""

    def __init__(self, surface: Surface) -> None:
        self._surface = surface
        self._osc = OscSocket()
        self._process: object = None
        self._address: Address | None = None
        self._asked_s = float("-inf")
        self._gaps = self._cleared = 0

    def poll(self, connected: ConnectedHost | None, now_s: float) -> None:
        """Follow the host that is connected, and take what it says."""
        process = connected.process if connected else None
        if process is not self._process:
            self._process, self._gaps, self._cleared = process, 0, 0
            parts = urlsplit(process.url) if process else None
            self._address = (str(parts.hostname), int(parts.port or 0)) if parts else None
            self._surface.tell("/output/device", process.output if process else "")
            self._surface.tell("/spectrum/output")
            self.send()
            self._listen()
        if self._address and now_s >= self._asked_s + _ASK_S:
            self._asked_s = now_s
            self._say(Message(heard.MONITOR))
        while received := self._osc.receive(0):
            for message in received[0]:
                self._take(message)

    def send(self) -> None:
        """Whether it is heard, and how loud, are as on the surface now."""
        values = self._surface.values
        self._say(
            Message(heard.PLAY, values["/output/playing"]),
            Message(heard.LEVEL, values["/output/level"]),
        )

    def clear(self) -> None:
        """Count gaps from here."""
        self._cleared = self._gaps
        self._surface.tell("/output/gaps", 0)

    @override
    def close(self) -> None:
        self._osc.close()

    def _listen(self) -> None:
        """What was chosen to hear of the host before is heard of this one."""
        choice = str(self._surface.values["/audition"][0])
        if self._address and choice != embedded.MATCHED:
            embedded.listen(self._address, choice, str(self._surface.values["/reference"][0]))

    def _take(self, message: Message) -> None:
        match message:
            case Message(heard.GAPS, (int() as gaps,)):
                self._gaps = gaps
                self._surface.tell("/output/gaps", gaps - self._cleared)
            case Message(heard.SPECTRUM, levels):
                numbers = [round(float(v), 1) for v in levels if not isinstance(v, str)]
                self._surface.tell("/spectrum/output", *numbers)

    def _say(self, *messages: Message) -> None:
        if self._address is None:
            return
        try:
            self._osc.send_bundle(list(messages), self._address)
        except HostError:
            # Whoever drives it notices that it is gone, and says so.
            self._address = None
