"""DrivenByMoss in Bitwig: the cursor device's page of eight, whole numbers, bypass that toggles.

As the real one: names come in ASCII, to select a track that is selected unfolds a group, and a page
that was asked for reaches the values a little later than the answer to a refresh.

For a chain of several there are as many controllers, each with a cursor of its own, on ports that
follow each other.
"""

import time
from typing import Any

from bridge.chain import Chain
from tests.fake_hosts.base import (
    FakeHost,
    FakeParameter,
    FakePlugin,
    FakeTrack,
    RefusedError,
    free_ports,
    item,
    require,
    require_inside,
)

MOST = 16_383
_PER_PAGE = 8
_PER_BUNDLE = 101
_PAGE_S = 0.1
_ASCII = str.maketrans(
    {"Ä": "Ae", "ä": "ae", "Ö": "Oe", "ö": "oe", "Ü": "Ue", "ü": "ue", "ß": "ss"}
)


class FakeBitwig(FakeHost):
    scheme = "bitwig"
    path = "guitar/{plugins}?reply={reply}"
    normalised = True
    ranged = False
    step = 1 / MOST

    def forget(self) -> None:
        self._track: FakeTrack | None = None
        self._device: FakePlugin | None = None
        self._page = self._shown_page = 1
        self._shown_s = 0.0
        self._pinned = False
        self.touched: set[str] = set()

    def __init__(
        self, chain: Chain, tick_s: float = 0.0, first: "FakeBitwig | None" = None
    ) -> None:
        """`first`: the controller that this one is added to."""
        self._first = first
        self._others: list[FakeBitwig] = []
        self._number = len(first._others) + 1 if first else 0
        self.forget()
        super().__init__(chain, tick_s)
        for _ in chain.slots[1:] if first is None else ():
            self._others.append(FakeBitwig(chain, tick_s, self))

    def deafen_others(self) -> None:
        """As where one controller alone was added."""
        for other in self._others:
            other.deaf = True

    def quit(self) -> None:
        for other in self._others:
            other.quit()
        super().quit()

    def start_again(self) -> None:
        super().start_again()
        for other in self._others:
            other.start_again()

    def _load(self) -> None:
        if self._first is None:
            super()._load()
        else:
            self.tracks, self.plugins = self._first.tracks, self._first.plugins

    def _open(self, port: int = 0) -> None:
        if self._first is not None:
            first, number = self._first, self._number
            self._lock, self.mistakes, self.received = first._lock, first.mistakes, first.received
            self.listener = ("127.0.0.1", first.reply_port + number)
            super()._open(port or first.port + number)
            return
        if not port:
            self.reply_port = free_ports(len(self.chain.slots))
            self.listener = ("127.0.0.1", self.reply_port)
        super()._open(port or free_ports(len(self.chain.slots)))

    def tell(self, parameter: FakeParameter) -> None:
        for controller in (self, *self._others):
            for address, tags, value, shown in controller._state():
                if shown is parameter and tags == "i":
                    controller.reply_bundle(controller.listener, (address, tags, value))

    def move_track(self) -> None:
        """What a musician does: click on another device, unpinned."""
        with self._lock:
            self._pinned = False
            self._track = self.tracks[0]
            self._device = self._track.plugins[0]
            self._dump()

    def tell_inserted(self) -> None:
        for controller in (self, *self._others):
            controller._dump()

    def take(self, address: str, tags: str, arguments: tuple[Any, ...], sender: Any) -> None:
        require(tags, "i")
        (value,) = arguments
        match address.split("/")[1:]:
            case ["refresh"]:
                self._dump()
            case ["track", number, "select"]:
                track = item(self.tracks, int(number), 1)
                if track is self._track:
                    raise RefusedError("the track is selected; a group would be unfolded")
                self._track = track
                if not self._pinned:
                    self._device = self._track.plugins[0]
                    self._turn_to(1)
            case ["device", "sibling", number, "selected"]:
                self._device = item(self._siblings, int(number), 1)
                self._turn_to(1)
            case ["device", "pinned"]:
                self._pinned = bool(value)
            case ["device", "page", number]:
                item(self._pages, int(number), 1)
                self._turn_to(int(number))
            case ["device", "bypass"]:
                self._cursor.enabled = not self._cursor.enabled
                self.reply_bundle(
                    self.listener, ("/device/bypass", "i", int(not self._cursor.enabled))
                )
            case ["device", "param", number, "value"]:
                if not self._pinned:
                    raise RefusedError("the device is not pinned")
                require_inside(value, 0, MOST)
                parameter = item(self._shown, int(number), 1)
                parameter.value = value / MOST
                self.tell(parameter)
            case ["device", "param", number, "touched"]:
                name = item(self._shown, int(number), 1).name
                (self.touched.add if value else self.touched.discard)(name)
            case _:
                raise RefusedError("unknown")

    def _turn_to(self, page: int) -> None:
        self._shown_page, self._page = self._page, page
        self._shown_s = time.monotonic() + _PAGE_S

    def tell_switched(self, plugin: FakePlugin) -> None:
        for controller in (self, *self._others):
            if controller._device is plugin:
                row = ("/device/bypass", "i", int(not plugin.enabled))
                controller.reply_bundle(controller.listener, row)

    @property
    def _cursor(self) -> FakePlugin:
        if self._device is None:
            raise RefusedError("no device is selected")
        return self._device

    @property
    def _siblings(self) -> list[FakePlugin]:
        return next((t.plugins for t in self.tracks if self._device in t.plugins), [])

    @property
    def _pages(self) -> list[list[FakeParameter]]:
        all_of_them = self._device.parameters if self._device else []
        starts = range(0, len(all_of_them), _PER_PAGE)
        return [all_of_them[start : start + _PER_PAGE] for start in starts]

    @property
    def _shown(self) -> list[FakeParameter]:
        page = self._shown_page if time.monotonic() < self._shown_s else self._page
        return self._pages[min(page, len(self._pages)) - 1] if self._pages else []

    def _state(self) -> list[tuple[str, str, Any, Any]]:
        told: list[tuple[str, str, Any, Any]] = []
        for n in range(8):
            track = self.tracks[n] if n < len(self.tracks) else None
            told.append((f"/track/{n + 1}/exists", "i", int(track is not None), None))
            told.append((f"/track/{n + 1}/name", "s", track.name if track else "", None))
            selected = int(track is not None and track is self._track)
            told.append((f"/track/{n + 1}/selected", "i", selected, None))
        told.append(("/device/exists", "i", int(self._device is not None), None))
        if self._device:
            told.append(("/device/name", "s", self._device.name, None))
            told.append(("/device/bypass", "i", int(not self._device.enabled), None))
            for n, sibling in enumerate(self._siblings, 1):
                told.append((f"/device/sibling/{n}/exists", "i", 1, None))
                told.append((f"/device/sibling/{n}/name", "s", sibling.name, None))
                chosen = int(sibling is self._device)
                told.append((f"/device/sibling/{n}/selected", "i", chosen, None))
            for n in range(len(self._pages)):
                told.append((f"/device/page/{n + 1}/name", "s", f"Page {n + 1}", None))
                chosen = int(n + 1 == self._page)
                told.append((f"/device/page/{n + 1}/selected", "i", chosen, None))
        for n in range(8):
            one, parameter = f"/device/param/{n + 1}", dict(enumerate(self._shown)).get(n)
            told.append((f"{one}/exists", "i", int(parameter is not None), None))
            told.append((f"{one}/name", "s", parameter.name if parameter else "", None))
            value = round(parameter.value * MOST) if parameter else 0
            told.append((f"{one}/value", "i", value, parameter))
        return [(a, t, v.translate(_ASCII) if t == "s" else v, of) for a, t, v, of in told]

    def _dump(self) -> None:
        told = [tuple(row[:3]) for row in self._state()]
        self.reply_bundle(self.listener, ("/update", "i", 1))
        for start in range(0, len(told), _PER_BUNDLE):
            self.reply_bundle(self.listener, *told[start : start + _PER_BUNDLE])
            time.sleep(0.01)
        self.reply_bundle(self.listener, ("/update", "i", 0))
