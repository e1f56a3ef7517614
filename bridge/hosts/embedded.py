"""The embedded effect host (`dafx-bridge host`), as its client sees it.

One address a parameter, `/PLUGIN-ID/SYMBOL`: with a real value it sets, without it asks, and the
answer comes to the sender's port with the same address; several questions in a bundle are answered
in a bundle. `/PLUGIN-ID/bypass` takes and answers 1, where the plugin is left out, or 0. `/listen`
takes matched, dry or reference, and `/reference` the file of the last. `/plugin` asks what there
is: `/plugin id name` is answered, and for every parameter `/parameter symbol name min max value`.
"""

from collections.abc import Mapping, Sequence

from typing_extensions import override

from bridge.hosts.base import Attachment, HostParameter, HostPlugin, HostTrack, Key, Profile, Ref
from bridge.hosts.osc_dialect import Gathering, OscDialect
from bridge.manifest import BYPASS, PluginSpec, Setting
from bridge.osc import Address, Message, OscSocket

PROFILE = Profile(
    scheme="embedded",
    name="embedded host",
    example="embedded://127.0.0.1:9001",
    remedy="start it with `dafx-bridge host --plugin ID --port PORT`",
    discovers=True,
    reads=True,
    follows=True,
    bypasses=True,
    tracks=False,
    tick_s=1 / 30,
)
WHAT = Message("/plugin")
"""The question what plugin there is."""
LISTEN, REFERENCE_FILE = "/listen", "/reference"
"""Where is told which sound to play, and which file is the reference."""
MATCHED, DRY, REFERENCE = CHOICES = ("matched", "dry", "reference")
"""The sounds: processed, as it came in, and the file."""


class Embedded(OscDialect):
    """A client of the embedded host."""

    def __init__(self, address: Address) -> None:
        super().__init__(PROFILE, address)
        self._ids: tuple[str, ...] = ()
        self._refs: dict[str, Ref] = {}

    @override
    def tracks(self) -> Sequence[HostTrack]:
        return [HostTrack(0, "")]

    @override
    def plugins(self, track: HostTrack) -> Sequence[HostPlugin]:
        return [self._describe()[0]]

    @override
    def parameters(self, track: HostTrack, plugin: HostPlugin) -> Sequence[HostParameter]:
        return self._describe()[1]

    @override
    def attach(self, attachments: Sequence[Attachment]) -> None:
        self._ids = tuple(str(attachment.plugin.key) for attachment in attachments)
        refs = [(number, key) for number, a in enumerate(attachments) for key in a.keys]
        self._refs = {self._address_of(ref): ref for ref in refs}

    @override
    def set(self, values: Mapping[Ref, float]) -> None:
        self._send_together(
            [Message(self._address_of(ref), (float(v),)) for ref, v in values.items()]
        )

    @override
    def bypass(self, number: int, on: bool) -> None:
        self._send(Message(self._address_of((number, BYPASS)), (int(on),)))

    @override
    def ask(self) -> None:
        switches = [self._address_of((number, BYPASS)) for number in range(len(self._ids))]
        self._send_together([*map(Message, [*self._refs, *switches])])

    @override
    def _hear(self, message: Message, news: Gathering) -> None:
        slot_id, _, symbol = message.address[1:].rpartition("/")
        match message.arguments:
            case (int() | float() as value,) if message.address in self._refs:
                news.values.append((self._refs[message.address], float(value)))
            case (int() as on,) if symbol == BYPASS and slot_id in self._ids:
                news.bypassed.append((self._ids.index(slot_id), bool(on)))

    def _address_of(self, ref: Ref) -> str:
        return address_of(self._ids[ref[0]], ref[1])

    def _describe(self) -> tuple[HostPlugin, list[HostParameter]]:
        plugins: list[HostPlugin] = []
        found: list[HostParameter] = []

        def take(message: Message) -> None:
            match message:
                case Message("/parameter", (str(symbol), str(name), low, high, value)):
                    found.append(HostParameter(symbol, name, float(low), float(high), float(value)))
                case Message("/plugin", (str(key), str(name))):
                    plugins.append(HostPlugin(key, name))

        self._request(lambda: [WHAT], take, lambda: bool(plugins))
        return plugins[-1], list({p.key: p for p in found}.values())


def listen(address: Address, choice: str, reference: str) -> None:
    """Have the embedded host there play `matched`, `dry` or `reference`, equally loud."""
    with OscSocket() as client:
        client.send(Message(REFERENCE_FILE, (reference,)), address)
        client.send(Message(LISTEN, (choice,)), address)


def description(plugin: PluginSpec, setting: Setting) -> list[Message]:
    """What the host answers to `WHAT`; the plugin comes last, when its parameters are known."""
    parameters = [
        Message("/parameter", (p.symbol, p.name, p.min, p.max, setting.values[p.symbol]))
        for p in plugin.parameters
    ]
    return [*parameters, Message("/plugin", (plugin.id, plugin.name))]


def address_of(plugin_id: str, symbol: Key) -> str:
    """The OSC address of a parameter, or of `BYPASS`, which is no parameter's symbol."""
    return f"/{plugin_id}/{symbol}"
