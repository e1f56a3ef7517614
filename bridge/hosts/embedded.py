"""The embedded effect host (`dafx-bridge host`), as its client sees it.

One address a parameter, `/SLOT/SYMBOL`: with a real value it sets, without it asks, and the answer
comes to the sender's port with the same address; several questions in a bundle are answered in a
bundle. `/SLOT/bypass` takes and answers 1, where the slot's plugin is left out, or 0. `/listen`
takes matched, dry or reference, and `/reference` the file of the last. `/chain TEXT` exchanges the
chain. `/chain` asks what there is, and is answered slot by slot, one message a packet: for every
parameter `/parameter slot symbol name min max value`, then `/slot slot plugin-id name bypass`; at
last `/chain id name slots`, with their number. Who has asked is told that last one anew when the
chain has been exchanged.
"""

from collections.abc import Iterator, Mapping, Sequence

from typing_extensions import override

from bridge.chain import Chain, ChainSetting
from bridge.hosts.base import Attachment, HostParameter, HostPlugin, HostTrack, Profile, Ref
from bridge.hosts.osc_dialect import Gathering, OscDialect
from bridge.manifest import BYPASS
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
CHAIN = "/chain"
"""Asks what chain there is, or exchanges it."""
REFUSED = "/chain/refused"
"""Tells whoever has asked for the chain which text it could not be exchanged for."""
LISTEN, REFERENCE_FILE = "/listen", "/reference"
"""Where is told which sound to play, and which file is the reference."""
MATCHED, DRY, REFERENCE = CHOICES = ("matched", "dry", "reference")
"""The sounds: processed, as it came in, and the file."""


class Embedded(OscDialect):
    """A client of the embedded host; a slot's id is the key of its plugin."""

    def __init__(self, address: Address) -> None:
        super().__init__(PROFILE, address)
        self._refs: dict[str, Ref] = {}
        self._switches: dict[str, int] = {}
        self._addresses: dict[Ref, str] = {}

    @override
    def tracks(self) -> Sequence[HostTrack]:
        return [HostTrack(0, "")]

    @override
    def plugins(self, track: HostTrack) -> Sequence[HostPlugin]:
        return [plugin for plugin, _ in self._described().values()]

    @override
    def parameters(self, track: HostTrack, plugin: HostPlugin) -> Sequence[HostParameter]:
        described = self._described().get(str(plugin.key))
        return described[1] if described else []

    @override
    def attach(self, attachments: Sequence[Attachment]) -> None:
        self._refs = {
            address_of(attachment.plugin.key, key): (number, key)
            for number, attachment in enumerate(attachments)
            for key in attachment.keys
        }
        self._addresses = {ref: address for address, ref in self._refs.items()}
        self._switches = {
            address_of(attachment.plugin.key, BYPASS): number
            for number, attachment in enumerate(attachments)
        }

    @override
    def set(self, values: Mapping[Ref, float]) -> None:
        self._send_together([Message(self._addresses[r], (float(v),)) for r, v in values.items()])

    @override
    def bypass(self, number: int, on: bool) -> None:
        self._send(Message(list(self._switches)[number], (int(on),)))

    @override
    def ask(self) -> None:
        self._send_together([*map(Message, [*self._refs, *self._switches])])

    @override
    def _hear(self, message: Message, news: Gathering) -> None:
        match message:
            case Message(address, (int() | float() as value,)) if address in self._refs:
                news.values.append((self._refs[address], float(value)))
            case Message(address, (int() as on,)) if address in self._switches:
                news.values.append(((self._switches[address], BYPASS), float(bool(on))))
            case Message("/chain", (str(), str(), int())):
                news.moved = True

    def _described(self) -> dict[str, tuple[HostPlugin, list[HostParameter]]]:
        """Blocking: plugins and their parameters by slot, in order."""
        slots: dict[str, HostPlugin] = {}
        found: dict[tuple[str, str], HostParameter] = {}
        counts: list[int] = []

        def ask() -> list[Message]:
            slots.clear()
            found.clear()
            counts.clear()
            return [Message(CHAIN)]

        def take(message: Message) -> None:
            match message:
                case Message("/parameter", (str(slot), str(key), str(name), low, high, value)):
                    numbers = float(low), float(high), float(value)
                    found[slot, key] = HostParameter(key, name, *numbers)
                case Message("/slot", (str(slot), str(), str(name), int(on))):
                    slots[slot] = HostPlugin(slot, name, bool(on))
                case Message("/chain", (str(), str(), int(count))):
                    counts.append(count)

        self._request(ask, take, lambda: len(slots) in counts)
        return {
            slot: (plugin, [p for (of, _), p in found.items() if of == slot])
            for slot, plugin in slots.items()
        }


def listen(address: Address, choice: str, reference: str) -> None:
    """Have the embedded host there play `matched`, `dry` or `reference`, equally loud."""
    with OscSocket() as client:
        client.send(Message(REFERENCE_FILE, (reference,)), address)
        client.send(Message(LISTEN, (choice,)), address)


def exchange(address: Address, chain: str) -> None:
    """Have the embedded host there play another chain, as `chain_of` understands it."""
    with OscSocket() as client:
        client.send(Message(CHAIN, (chain,)), address)


def description(setting: ChainSetting) -> Iterator[Message]:
    """What the host answers to `CHAIN`: each slot after its parameters, and the chain last."""
    slots = zip(setting.chain.slots, setting.settings, strict=True)
    for slot, its_setting in slots:
        for p in slot.plugin.parameters:
            value = its_setting.values[p.symbol]
            yield Message("/parameter", (slot.id, p.symbol, p.name, p.min, p.max, value))
        is_bypassed = int(slot.id in setting.bypassed)
        yield Message("/slot", (slot.id, slot.plugin.id, slot.plugin.name, is_bypassed))
    yield summary(setting.chain)


def summary(chain: Chain) -> Message:
    """Which chain there is, and of how many slots."""
    return Message(CHAIN, (chain.id, chain.name, len(chain.slots)))


def address_of(slot: int | str, symbol: int | str) -> str:
    """The OSC address of a parameter, or of `BYPASS`, which is no parameter's symbol."""
    return f"/{slot}/{symbol}"


def name_of(address: str) -> str:
    """The address in the chain, `SLOT/SYMBOL`, of an OSC address."""
    return address.removeprefix("/")
