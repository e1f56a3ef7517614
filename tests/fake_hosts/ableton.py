"""AbletonOSC in Live: exact integers for indices, its own ranges, every answer to one port."""

import contextlib
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


class FakeLive(FakeHost):
    scheme = "live"
    path = "guitar/{plugins}?reply={reply}"
    ranged = False
    """Its plugins' ranges are all 0 to 1, which is how Live counts."""
    normalised = True
    tells_moves = False

    def forget(self) -> None:
        self._watched: set[tuple[int, int, int]] = set()

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.forget()
        super().__init__(*arguments, **options)

    def start_again(self) -> None:
        super().start_again()
        self.reply(self.listener, "/live/startup")

    def tell(self, parameter: FakeParameter) -> None:
        for track, device, number in self._watched:
            with contextlib.suppress(RefusedError):
                if self._parameter(track, device, number) is parameter:
                    place = (track, device, number)
                    told = "/live/device/get/parameter/value"
                    self.reply(self.listener, told, "iiif", *place, parameter.value)
                    told = "/live/device/get/parameter/value_string"
                    self.reply(self.listener, told, "iiis", *place, f"{parameter.value:.2f}")

    def take(self, address: str, tags: str, arguments: tuple[Any, ...], sender: Any) -> None:
        match address.removeprefix("/live/").split("/"):
            case ["song", "get", "track_names"]:
                require(tags, "")
                self._answer(address, *(track.name for track in self.tracks))
            case ["track", "get", "devices", "name"]:
                require(tags, "i")
                plugins = item(self.tracks, arguments[0]).plugins
                self._answer(address, *arguments, *(plugin.name for plugin in plugins))
            case ["device", "get", "parameters", what]:
                require(tags, "ii")
                # Asking for what has moved away is answered on /live/error.
                with contextlib.suppress(RefusedError):
                    shown = self._shown(self._plugin(*arguments))
                    self._answer(address, *arguments, *(getattr(p, what) for p in shown))
            case ["device", "set", "parameter", "value"]:
                require(tags, "iiif")
                self._set(self._plugin(*arguments[:2]), *arguments[2:])
            case ["device", "start_listen" | "stop_listen" as what, "parameter", "value"]:
                require(tags, "iii")
                change = self._watched.add if what == "start_listen" else self._watched.discard
                change(arguments)
            case _:
                raise RefusedError("unknown")

    def _set(self, plugin: FakePlugin, number: int, value: float) -> None:
        if number == 0:
            require_inside(value, 0, 1)
            plugin.enabled = value >= 0.5
            return
        parameter: FakeParameter = item(plugin.parameters, number, 1)
        require_inside(value, parameter.min, parameter.max)
        parameter.value = value
        self.tell(parameter)

    def _answer(self, address: str, *arguments: Any) -> None:
        tags = "".join({int: "i", float: "f", str: "s"}[type(a)] for a in arguments)
        self.reply(self.listener, address, tags, *arguments)

    def _shown(self, plugin: FakePlugin) -> list[FakeParameter]:
        return [FakeParameter("Device On", 0.0, 1.0, float(plugin.enabled)), *plugin.parameters]

    def _plugin(self, track: int, device: int) -> FakePlugin:
        found: FakePlugin = item(item(self.tracks, track).plugins, device)
        return found

    def _parameter(self, track: int, device: int, number: int) -> FakeParameter:
        found: FakeParameter = item(self._shown(self._plugin(track, device)), number)
        return found
