"""Bitwig Studio with DrivenByMoss: a device a controller, whole numbers, pages of eight parameters.

The extension shows the cursor device alone, so the device is selected, pinned, and checked by its
name whenever that is told. Every controller that is added in Bitwig has a cursor of its own: a
chain of several takes one controller a plugin, on ports that follow each other. Only parameters on
a device's Remote Controls pages can be reached, and those of one page at a time: what the bridge
drives must stand on one page. Floats would be cut to whole numbers and so to 0. Bypass only
toggles, so its last known state decides whether to press it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from typing_extensions import override

from bridge.errors import HostError
from bridge.hosts.base import (
    Attachment,
    Dialect,
    HostParameter,
    HostPlugin,
    HostTrack,
    Key,
    News,
    Profile,
    Ref,
)
from bridge.hosts.osc_dialect import Gathering, OscDialect
from bridge.manifest import BYPASS
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
_PAGE_LOOKS = 8
"""How often a page is looked at until it shows."""
_VALUE = re.compile(r"/device/param/(\d+)/value")


class Bitwig(Dialect):
    """Bitwig's tracks and devices; a parameter's key is `PAGE/NUMBER`, both from 1.

    Owns a socket for every controller.
    """

    def __init__(self, address: Address, reply_port: int) -> None:
        self.profile = PROFILE
        self._address, self._reply_port = address, reply_port
        self._controllers = [_Controller(address, reply_port)]
        self._unanswered: set[int] = set()
        """Controllers that have not said anything since they were asked."""

    @override
    def tracks(self) -> Sequence[HostTrack]:
        return self._controllers[0].tracks()

    @override
    def plugins(self, track: HostTrack) -> Sequence[HostPlugin]:
        return self._controllers[0].plugins(track)

    @override
    def parameters(self, track: HostTrack, plugin: HostPlugin) -> Sequence[HostParameter]:
        return self._controllers[0].parameters(track, plugin)

    @override
    def attach(self, attachments: Sequence[Attachment]) -> None:
        """Blocking where there are several, as every controller has its device to show."""
        host, port = self._address
        for number in range(len(self._controllers), len(attachments)):
            controller = _Controller((host, port + number), self._reply_port + number)
            self._controllers.append(controller)
        for controller, attachment in zip(self._controllers, attachments, strict=False):
            if len(attachments) > 1:
                self._show(controller, attachment, len(attachments))
            controller.attach([attachment])

    @override
    def set(self, values: Mapping[Ref, float]) -> None:
        for number in {number for number, _ in values}:
            own = {(0, key): value for (of, key), value in values.items() if of == number}
            self._controllers[number].set(own)

    @override
    def bypass(self, number: int, on: bool) -> None:
        self._controllers[number].bypass(0, on)

    @override
    def touch(self, refs: Iterable[Ref], on: bool) -> None:
        for number, key in refs:
            self._controllers[number].touch([(0, key)], on)

    @override
    def ask(self) -> None:
        self._unanswered = set(range(len(self._controllers)))
        for controller in self._controllers:
            controller.ask()

    @override
    def poll(self) -> News[Ref]:
        all_news = [controller.poll() for controller in self._controllers]
        heard = {number for number, news in enumerate(all_news) if news.answered}
        self._unanswered -= heard
        return News(
            tuple(((n, key), v) for n, news in enumerate(all_news) for (_, key), v in news.values),
            # One that is silent is missed, however much the others say.
            answered=bool(heard) and not self._unanswered,
            moved=any(news.moved for news in all_news),
            gone=any(news.gone for news in all_news),
        )

    @override
    def close(self) -> None:
        for controller in self._controllers:
            controller.close()

    def _show(self, controller: "_Controller", attachment: Attachment, count: int) -> None:
        try:
            controller.show(attachment)
        except HostError as error:
            _, port = self._address
            raise HostError(
                f"a chain of {count} plugins takes as many Open Sound Control controllers in"
                f" Bitwig, that receive on {port} to {port + count - 1} and send to"
                f" {self._reply_port} to {self._reply_port + count - 1} ({error})"
            ) from None


class _Controller(OscDialect):
    """One controller of the extension, which shows one device."""

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
        told = self._select(track)
        return [HostPlugin(n, name) for n, name in _names(told, "/device/sibling/{}")]

    @override
    def parameters(self, track: HostTrack, plugin: HostPlugin) -> Sequence[HostParameter]:
        told = self._pin(track, plugin)
        found = []
        for page, _ in _names(told, "/device/page/{}"):
            told = self._turn_to(page)
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

    def show(self, attachment: Attachment) -> None:
        """Blocking: pin the cursor to this device. Raises HostError where it is not shown."""
        told = self._pin(attachment.track, attachment.plugin)
        if told.get("/device/name") != attachment.plugin.name:
            raise HostError(
                f"Bitwig shows {told.get('/device/name')!r} and not {attachment.plugin.name!r}"
            )
        self._bypassed = told.get("/device/bypass") == 1

    @override
    def attach(self, attachments: Sequence[Attachment]) -> None:
        (attached,) = attachments
        pages = sorted({str(key).split("/")[0] for key in attached.keys})
        if len(pages) > 1:
            raise HostError(
                f"the parameters of {attached.plugin.name} stand on the Remote Controls pages"
                f" {', '.join(pages)}; put them on one page, as only one can be driven"
            )
        self._attached, self._page = attached, pages[0]
        self._names = {f"{_parameter(p.key)}/name": p.name for p in attached.parameters}
        self._turn_to(int(self._page))

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
                news.values.append(((0, BYPASS), float(self._bypassed)))
            case Message(address, (int(value),)) if parameter := _VALUE.fullmatch(address):
                news.values.append(((0, f"{self._page}/{parameter[1]}"), float(value)))

    def _pin(self, track: HostTrack, plugin: HostPlugin) -> dict[str, Argument]:
        """Have the cursor on this device, and stay there."""
        told, sibling = self._select(track), f"/device/sibling/{plugin.key}/selected"
        chosen = [] if told.get(sibling) == 1 else [Message(sibling, (1,))]
        return self._refresh(*chosen, Message("/device/pinned", (1,)))

    def _select(self, track: HostTrack) -> dict[str, Argument]:
        """Have the cursor on this track; one that is selected already would be unfolded."""
        # While a device is pinned, those of every other track are hidden.
        told = self._refresh(Message("/device/pinned", (0,)))
        if told.get(f"/track/{track.key}/selected") == 1:
            return told
        return self._refresh(Message(f"/track/{track.key}/select", (1,)))

    def _turn_to(self, page: int) -> dict[str, Argument]:
        """Have this page shown. Raises HostError where it never is.

        What is asked at once is still answered from the page before, so the page must say that it
        is chosen, and tell the same twice.
        """
        before: dict[str, Argument] = {}
        chosen = [Message(f"/device/page/{page}", (1,))]
        for _ in range(_PAGE_LOOKS):
            told = self._refresh(*chosen)
            chosen = []
            shown = {a: v for a, v in told.items() if a.startswith("/device/param/")}
            if shown == before and told.get(f"/device/page/{page}/selected", 1) == 1:
                return told
            before = shown
        raise HostError(f"Bitwig does not turn to page {page} of the device's Remote Controls")

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
