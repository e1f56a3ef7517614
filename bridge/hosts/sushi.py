"""SUSHI (Elk Audio OS): names for addresses, values from 0 to 1, nothing to be asked over OSC.

It answers nothing; with `enable_all_processor_outputs` in its configuration it tells changes, to a
fixed port, by the addresses that set them.
"""

import re
from collections.abc import Mapping, Sequence

from typing_extensions import override

from bridge.hosts.base import NEVER_S, HostParameter, HostPlugin, HostTrack, Key, Profile
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
    tracks=False,
    pushes=True,
    ask_s=NEVER_S,
    lost_s=NEVER_S,
    reply_port=24023,
)


class Sushi(OscDialect):
    """One processor of SUSHI."""

    def __init__(self, address: Address, reply_port: int) -> None:
        super().__init__(PROFILE, address, reply_port)
        self._processor = ""
        self._keys: dict[str, Key] = {}

    @override
    def assumed(
        self, track: HostTrack, plugin: HostPlugin, spec: PluginSpec
    ) -> Sequence[HostParameter]:
        return [
            HostParameter(_plain(p.name), p.name, 0.0, 1.0, normalised=True)
            for p in spec.parameters
        ]

    @override
    def attach(self, track: HostTrack, plugin: HostPlugin, keys: Sequence[Key]) -> None:
        self._processor = _plain(plugin.name)
        self._keys = {self._parameter(key): key for key in keys}

    @override
    def set(self, values: Mapping[Key, float]) -> None:
        # SUSHI matches address and type tags of single messages.
        self._send(*(Message(self._parameter(k), (float(v),)) for k, v in values.items()))

    @override
    def bypass(self, on: bool) -> None:
        self._send(Message(self._bypass, (int(on),)))

    @override
    def _hear(self, message: Message, news: Gathering) -> None:
        match message:
            case Message(address, (float() as value,)) if address in self._keys:
                news.values.append((self._keys[address], value))
            case Message(self._bypass, (int() | float() as on,)):
                news.bypassed.append(on >= 0.5)

    @property
    def _bypass(self) -> str:
        return f"/bypass/{self._processor}"

    def _parameter(self, key: Key) -> str:
        return f"/parameter/{self._processor}/{key}"


def _plain(name: str) -> str:
    """A name as SUSHI writes it into an address."""
    return re.sub(r'[#*./?\[\]{}"\\]', "", name).replace(" ", "_")
