"""Bitwig Studio with DrivenByMoss: one device at a time, whole numbers, pages of eight parameters.

The extension shows the cursor device alone, so the device is selected, pinned, and checked by its
name whenever that is told. Only parameters on its Remote Controls pages can be reached, and those
of one page at a time: what the bridge drives must stand on one page. Floats would be cut to whole
numbers and so to 0. Bypass only toggles, so its last known state decides whether to press it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from typing_extensions import override

from bridge.errors import HostError
from bridge.hosts.base import Attachment, HostParameter, HostPlugin, HostTrack, Key, Profile, Ref
from bridge.hosts.osc_dialect import Gathering, OscDialect
from bridge.osc import Address, Argument, Message

PROFILE = Profile(
    scheme="bitwig",
    name="Bitwig Studio (DrivenByMoss)",
    example="bitwig://127.0.0.1:8000/TRACK/DEVICE?reply=9000",
    remedy="add the controller Open Sound Control, see docs/hosts",
    discovers=True,
    reads=True,
    follows=True,
    bypasses=True,
    pushes=True,
    tick_s=1 / 30,
    ask_s=2.0,
    lost_s=5.0,
    step=1 / 16_383,
    reply_port=9000,
)
_MOST = 16_383
"""The largest value at the resolution `High`."""
_VALUE = re.compile(r"/device/param/(\d+)/value")


class Bitwig(OscDialect):
    """Bitwig's tracks and devices; a parameter's key is `PAGE/NUMBER`, both from 1."""

    def __init__(self, address: Address, reply_port: int) -> None:
        super().__init__(PROFILE, address, reply_port)
        self._attached: Attachment | None = None
        self._page = ""
        self._names: dict[str, str] = {}
        """What the driven parameters are called, by address."""
        self._bypassed = False

    @override
    def tracks(self) -> Sequence[HostTrack]:
        told = self._refresh()
        return [HostTrack(n, name) for n, name in _names(told, "/track/{}")]

    @override
    def plugins(self, track: HostTrack) -> Sequence[HostPlugin]:
        # While a device is pinned, those of every other track are hidden.
        told = self._refresh(*self._select(track))
        return [HostPlugin(n, name) for n, name in _names(told, "/device/sibling/{}")]

    @override
    def parameters(self, track: HostTrack, plugin: HostPlugin) -> Sequence[HostParameter]:
        told = self._refresh(
            *self._select(track),
            Message(f"/device/sibling/{plugin.key}/selected", (1,)),
            Message("/device/pinned", (1,)),
        )
        found = []
        for page, _ in _names(told, "/device/page/{}"):
            told = self._refresh(Message(f"/device/page/{page}", (1,)))
            for n, name in _names(told, "/device/param/{}"):
                value = told.get(f"/device/param/{n}/value")
                found.append(
                    HostParameter(
                        f"{page}/{n}",
                        name,
                        0.0,
                        float(_MOST),
                        float(value) if isinstance(value, int) else None,
                        normalised=True,
                        integer=True,
                    )
                )
        self._bypassed = told.get("/device/bypass") == 1
        return found

    @override
    def attach(self, attachments: Sequence[Attachment]) -> None:
        if len(attachments) > 1:
            raise HostError(
                "Bitwig shows the bridge one device at a time, so a chain of several cannot be"
                " driven in it; choose one of its plugins"
            )
        (attached,) = attachments
        pages = sorted({str(key).split("/")[0] for key in attached.keys})
        if len(pages) > 1:
            raise HostError(
                f"the parameters of {attached.plugin.name} stand on the Remote Controls pages"
                f" {', '.join(pages)}; put them on one page, as only one can be driven"
            )
        self._attached, self._page = attached, pages[0]
        self._names = {f"{_parameter(p.key)}/name": p.name for p in attached.parameters}
        self._send(Message(f"/device/page/{self._page}", (1,)))

    @override
    def set(self, values: Mapping[Ref, float]) -> None:
        self._send_together(
            [Message(f"{_parameter(key)}/value", (round(v),)) for (_, key), v in values.items()]
        )

    @override
    def bypass(self, number: int, on: bool) -> None:
        if on is not self._bypassed:
            self._send(Message("/device/bypass", (1,)))
            self._bypassed = on

    @override
    def touch(self, refs: Iterable[Ref], on: bool) -> None:
        self._send(*(Message(f"{_parameter(key)}/touched", (int(on),)) for _, key in refs))

    @override
    def ask(self) -> None:
        self._send(Message("/refresh", (1,)))

    @override
    def _hear(self, message: Message, news: Gathering) -> None:
        match message:
            case Message("/device/name", (str(name),)):
                news.moved |= self._attached is None or name != self._attached.plugin.name
            case Message(address, (str(name),)) if address in self._names:
                news.moved |= name != self._names[address]
            case Message("/device/exists", (int(there),)):
                news.moved |= not there
            case Message("/device/bypass", (int(on),)):
                self._bypassed = bool(on)
                news.bypassed.append((0, self._bypassed))
            case Message(address, (int(value),)) if parameter := _VALUE.fullmatch(address):
                news.values.append(((0, f"{self._page}/{parameter[1]}"), float(value)))

    def _select(self, track: HostTrack) -> list[Message]:
        return [Message("/device/pinned", (0,)), Message(f"/track/{track.key}/select", (1,))]

    def _refresh(self, *before: Message) -> dict[str, Argument]:
        """All that the extension shows after these messages, by address."""
        return self._request_all(*before, Message("/refresh", (1,)))


def _names(told: Mapping[str, Argument], address: str) -> list[tuple[int, str]]:
    """Number and name of everything below this address that exists."""
    pattern = re.compile(address.format(r"(\d+)") + "/name")
    matches = ((pattern.fullmatch(told_of), name) for told_of, name in told.items())
    return sorted(
        (int(m[1]), str(name))
        for m, name in matches
        if m and name and told.get(f"{address.format(m[1])}/exists", 1)
    )


def _parameter(key: Key) -> str:
    return f"/device/param/{str(key).split('/')[1]}"
