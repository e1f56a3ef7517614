"""SUSHI (Elk Audio OS): names for addresses, values from 0 to 1, nothing to be asked over OSC.

It answers nothing; with `enable_all_processor_outputs` in its configuration it tells changes of
parameters, to a fixed port, by the addresses that set them. It never tells a bypass.
"""

import re
from collections.abc import Mapping, Sequence

from typing_extensions import override

from bridge.hosts.base import (
    NEVER_S,
    Attachment,
    HostParameter,
    HostPlugin,
    HostTrack,
    Profile,
    Ref,
)
from bridge.hosts.osc_dialect import Gathering, OscDialect
from bridge.manifest import PluginSpec
from bridge.osc import Address, Message

PROFILE = Profile(
    scheme="sushi",
    name="SUSHI",
    example="sushi://127.0.0.1:24024/PROCESSOR?reply=24023",
    remedy="start it with its OSC control on",
    discovers=False,
    reads=False,
    follows=True,
    bypasses=True,
    follows_bypass=False,
    tracks=False,
    pushes=True,
    ask_s=NEVER_S,
    lost_s=NEVER_S,
    reply_port=24023,
)


class Sushi(OscDialect):
    """Processors of SUSHI, by their names."""

    def __init__(self, address: Address, reply_port: int) -> None:
        super().__init__(PROFILE, address, reply_port)
        self._processors: tuple[str, ...] = ()
        self._refs: dict[str, Ref] = {}

    @override
    def assumed(
        self, track: HostTrack, plugin: HostPlugin, spec: PluginSpec
    ) -> Sequence[HostParameter]:
        return [
            HostParameter(_plain(p.name), p.name, 0.0, 1.0, normalised=True)
            for p in spec.parameters
        ]

    @override
    def attach(self, attachments: Sequence[Attachment]) -> None:
        self._processors = tuple(_plain(attachment.plugin.name) for attachment in attachments)
        refs = [(number, key) for number, a in enumerate(attachments) for key in a.keys]
        self._refs = {self._parameter(ref): ref for ref in refs}

    @override
    def set(self, values: Mapping[Ref, float]) -> None:
        # SUSHI matches address and type tags of single messages.
        self._send(*(Message(self._parameter(r), (float(v),)) for r, v in values.items()))

    @override
    def bypass(self, number: int, on: bool) -> None:
        self._send(Message(f"/bypass/{self._processors[number]}", (int(on),)))

    @override
    def _hear(self, message: Message, news: Gathering) -> None:
        match message:
            case Message(address, (float() as value,)) if address in self._refs:
                news.values.append((self._refs[address], value))

    def _parameter(self, ref: Ref) -> str:
        number, key = ref
        return f"/parameter/{self._processors[number]}/{key}"


def _plain(name: str) -> str:
    """A name as SUSHI writes it into an address."""
    return re.sub(r'[#*./?\[\]{}"\\]', "", name).replace(" ", "_")
