"""SuperCollider's server: synths on the node tree, controls by name, in real values.

It knows no ranges, so names alone are checked. A control is asked for with /s_get and answered
with /n_set; once told to notify, the server says which synths end or move. Bypass pauses the synth:
right for one that replaces what is on its bus, and silence for one that writes to another.
"""

from collections.abc import Iterator, Mapping, Sequence

from typing_extensions import override

from bridge.hosts.base import (
    Attachment,
    HostParameter,
    HostPlugin,
    HostTrack,
    Profile,
    Progress,
    Ref,
    silently,
)
from bridge.hosts.osc_dialect import Gathering, OscDialect
from bridge.manifest import BYPASS
from bridge.osc import Address, Argument, Message

PROFILE = Profile(
    scheme="supercollider",
    name="SuperCollider server",
    example="supercollider://127.0.0.1:57110/SYNTH",
    remedy="start scsynth with -u and this port",
    discovers=True,
    reads=True,
    follows=True,
    bypasses=True,
    tracks=False,
    tick_s=1 / 30,
)


class SuperCollider(OscDialect):
    """The synths of a server, by node number or the name of their definition."""

    def __init__(self, address: Address) -> None:
        super().__init__(PROFILE, address)
        self._attached: tuple[Attachment, ...] = ()

    @override
    def tracks(self) -> Sequence[HostTrack]:
        return [HostTrack(0, "server")]

    @override
    def plugins(self, track: HostTrack) -> Sequence[HostPlugin]:
        return [plugin for plugin, _ in self._synths()]

    @override
    def parameters(self, track: HostTrack, plugin: HostPlugin) -> Sequence[HostParameter]:
        return dict(self._synths()).get(plugin, [])

    @override
    def parameters_of(
        self, places: Sequence[tuple[HostTrack, HostPlugin]], told: Progress = silently
    ) -> Sequence[Sequence[HostParameter]]:
        # One answer tells all; of hundreds of synths it is long.
        synths = dict(self._synths())
        told(len(places), len(places))
        return [synths.get(plugin, []) for _, plugin in places]

    @override
    def attach(self, attachments: Sequence[Attachment]) -> None:
        self._attached = tuple(attachments)
        self._send(Message("/notify", (1,)))

    @override
    def set(self, values: Mapping[Ref, float]) -> None:
        for number, attachment in enumerate(self._attached):
            pairs: list[Argument] = []
            for (of, key), value in values.items():
                pairs += [key, float(value)] if of == number else []
            if pairs:
                write = Message("/n_set", (attachment.plugin.key, *pairs))
                # In one packet, so that no hand comes between unseen.
                self._send_together([_question(attachment), write])

    @override
    def bypass(self, number: int, on: bool) -> None:
        self._send(Message("/n_run", (self._attached[number].plugin.key, int(not on))))

    @override
    def ask(self) -> None:
        self._send(*map(_question, self._attached))

    @override
    def close(self) -> None:
        self._send(Message("/notify", (0,)))
        super().close()

    @override
    def _hear(self, message: Message, news: Gathering) -> None:
        nodes = [attachment.plugin.key for attachment in self._attached]
        match message:
            case Message("/n_set", (int(node), *pairs)) if node in nodes:
                number = nodes.index(node)
                news.values += [
                    ((number, key), float(value))
                    for key, value in zip(pairs[::2], pairs[1::2], strict=False)
                    if key in self._attached[number].keys and not isinstance(key, float)
                ]
            case Message("/n_off" | "/n_on", (int(node), *_)) if node in nodes:
                off = float(message.address == "/n_off")
                news.values.append(((nodes.index(node), BYPASS), off))
            case Message("/n_end" | "/n_move", (int(node), *_)) if node in nodes:
                news.moved = True
            case Message("/fail", ("/s_get" | "/n_set", *_)):
                news.moved = True

    def _synths(self) -> list[tuple[HostPlugin, list[HostParameter]]]:
        answers: list[list[tuple[HostPlugin, list[HostParameter]]]] = []

        def take(message: Message) -> None:
            if message.address == "/g_queryTree.reply":
                answers.append(list(_synths(message.arguments)))

        self._request(lambda: [Message("/g_queryTree", (0, 1))], take, lambda: bool(answers))
        return answers[-1]


def _question(attachment: Attachment) -> Message:
    """The values of a synth's controls."""
    return Message("/s_get", (attachment.plugin.key, *attachment.keys))


def _synths(tree: Sequence[Argument]) -> Iterator[tuple[HostPlugin, list[HostParameter]]]:
    """Of `flag`, then depth first `node children`, where -1 children is a synth.

    A synth's `name n (control value)*` follow. A control that is mapped to a bus has a bus name for
    a value; it cannot be set and is left out.
    """
    rest = iter(tree[1:])
    for node in rest:
        if next(rest) != -1:
            continue
        plugin = HostPlugin(int(node), str(next(rest)))
        controls = [(next(rest), next(rest)) for _ in range(int(next(rest)))]
        yield (
            plugin,
            [
                HostParameter(str(name), str(name), value=float(value))
                for name, value in controls
                if not isinstance(value, str)
            ],
        )
