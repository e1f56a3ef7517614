"""Ardour's OSC surface: real values, indices from 1, out of range ignored."""

import contextlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from tests.fake_hosts.base import (
    FakeHost,
    FakeParameter,
    FakePlugin,
    RefusedError,
    item,
    require,
    require_inside,
)

_INPUT, _HIDDEN = 0x80, 0x100


class FakeArdour(FakeHost):
    scheme = "ardour"

    after_list: Callable[[], None] | None = None
    """What happens once, right after a list of plugins has been told."""

    defaults: Mapping[str, float] = MappingProxyType({"Depth": 0.5})
    """What an inserted plugin holds at first."""
    before_write: Callable[[], None] | None = None
    """What happens once, right before a value is written."""

    def forget(self) -> None:
        self._surface: Any = None
        self._reply = "#reply"

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.forget()
        super().__init__(*arguments, **options)

    def tell_moved(self) -> None:
        if self._surface:
            self.reply(self._surface, "/strip/list")

    def reply(self, to: Any, address: str, tags: str = "", *arguments: object) -> None:
        # Until someone has asked to be answered where it asks from, all answers go to port 8000.
        if self._surface:
            super().reply(to, address, tags, *arguments)

    def take(self, address: str, tags: str, arguments: tuple[Any, ...], sender: Any) -> None:
        match address:
            case "/set_surface":
                require(tags, "iiiiiii")
                if arguments[-1] != 0:
                    raise RefusedError("answers would go to a fixed port")
                self._surface = sender
                self._reply = "/reply" if arguments[2] & 16384 else "#reply"
            case "/strip/list":
                require(tags, "")
                self._list(sender)
            case "/strip/name":
                require(tags, "i")
                with contextlib.suppress(RefusedError):
                    self.reply(sender, address, "s", item(self.tracks, arguments[0], 1).name)
            case "/strip/plugin/list":
                require(tags, "i")
                plugins = item(self.tracks, arguments[0], 1).plugins
                listed = [x for n, p in enumerate(plugins, 1) for x in (n, p.name, int(p.enabled))]
                self.reply(sender, address, "i" + "isi" * len(plugins), arguments[0], *listed)
                happening, self.after_list = self.after_list, None
                if happening:
                    happening()
            case "/strip/plugin/descriptor":
                require(tags, "ii")
                # Asking for what has moved away is no mistake: nothing is answered.
                with contextlib.suppress(RefusedError):
                    self._describe(sender, *arguments)
            case "/strip/plugin/reset":
                require(tags, "ii")
                for parameter in self._plugin(*arguments).parameters:
                    parameter.value = self.defaults[parameter.name]
            case "/strip/plugin/parameter":
                require(tags, "iiif")
                happening, self.before_write = self.before_write, None
                if happening:
                    happening()
                parameter = self._parameter(*arguments[:3])
                require_inside(arguments[3], parameter.min, parameter.max)
                parameter.value = arguments[3]
            case "/strip/plugin/activate" | "/strip/plugin/deactivate":
                require(tags, "ii")
                self._plugin(*arguments).enabled = address.endswith("/activate")
            case _:
                raise RefusedError("unknown")

    def _list(self, to: Any) -> None:
        for number, track in enumerate(self.tracks, 1):
            self.reply(to, self._reply, "ssiiiiii", "AT", track.name, 1, 2, 0, 0, number, 0)
        self.reply(to, self._reply, "shhi", "end_route_list", 48_000, 480_000, 0)

    def _describe(self, to: Any, strip: int, number: int) -> None:
        # A latency output comes first and a hidden input last, as LV2 plugins have them.
        output, hidden = FakeParameter("latency", 0, 8192, 0), FakeParameter("freewheel", 0, 1, 0)
        rows = [(output, 0), *((p, _INPUT) for p in self._plugin(strip, number).parameters)]
        for index, (parameter, flags) in enumerate([*rows, (hidden, _INPUT | _HIDDEN)], 1):
            place = (strip, number, index, parameter.name, flags, "float")
            about = (parameter.min, parameter.max, "%f", 2, 0.0, "low", 1.0, "high")
            tags = "iiisis" + "ffsi" + "fsfs" + "d"
            self.reply(to, "/strip/plugin/descriptor", tags, *place, *about, parameter.value)
        self.reply(to, "/strip/plugin/descriptor_end", "ii", strip, number)

    def _plugin(self, strip: int, number: int) -> FakePlugin:
        plugin: FakePlugin = item(item(self.tracks, strip, 1).plugins, number, 1)
        return plugin

    def _parameter(self, strip: int, number: int, index: int) -> FakeParameter:
        found: FakeParameter = item(self._plugin(strip, number).parameters, index, 2)
        return found
