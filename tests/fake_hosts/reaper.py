"""REAPER's OSC surface with the bridge's pattern file: 0 to 1, from 1, told in bundles of 1024."""

import re
import time
from typing import Any

from tests.fake_hosts.base import (
    FakeHost,
    FakeParameter,
    FakePlugin,
    RefusedError,
    item,
    message,
    require,
    require_inside,
)

_PARAMETER = re.compile(r"/track/(\d+)/fx/(\d+)/fxparam/(\d+)/value")
_BYPASS = re.compile(r"/track/(\d+)/fx/(\d+)/bypass")
_PACKETS_APART_S = 0.01


class FakeReaper(FakeHost):
    scheme = "reaper"
    path = "guitar/{plugins}?reply={reply}"
    normalised = True
    ranged = False

    def forget(self) -> None:
        self._banks = {"track": 8, "fx": 8, "fxparam": 16}
        self.ended: list[str] = []
        """Parameters whose edit gesture was ended."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.forget()
        super().__init__(*arguments, **options)

    def start_again(self) -> None:
        super().start_again()
        with self._lock:
            self._dump()

    def tell(self, parameter: FakeParameter) -> None:
        for address, tags, value, shown in self._state():
            if shown is parameter and tags == "f":
                self.reply(self.listener, address, tags, value)

    def tell_moved(self) -> None:
        self._dump()

    def tell_inserted(self) -> None:
        self._dump()

    def take(self, address: str, tags: str, arguments: tuple[Any, ...], sender: Any) -> None:
        if address == "/action/41743":
            require(tags, "")
            self._dump()
        elif address.startswith("/device/"):
            require(tags, "i")
            self._banks[address.split("/")[2]] = arguments[0]
        elif match := _BYPASS.fullmatch(address):
            require(tags, "f")
            self._plugin(*map(int, match.groups())).enabled = arguments[0] >= 0.5
        elif match := _PARAMETER.fullmatch(address):
            track, fx, number = map(int, match.groups())
            parameter: FakeParameter = item(self._plugin(track, fx).parameters, number, 1)
            if (tags, arguments) == ("i", (-1,)):
                self.ended.append(parameter.name)
                return
            require(tags, "f")
            require_inside(arguments[0], 0, 1)
            # What comes from the device is not told back to it.
            parameter.value = arguments[0]
        else:
            raise RefusedError("unknown")

    def _state(self) -> list[tuple[str, str, Any, Any]]:
        told: list[tuple[str, str, Any, Any]] = [("/track/0/name", "s", "MASTER", None)]
        for t, track in enumerate(self.tracks[: self._banks["track"]], 1):
            told.append((f"/track/{t}/name", "s", track.name, track))
            for f, plugin in enumerate(track.plugins[: self._banks["fx"]], 1):
                place = f"/track/{t}/fx/{f}"
                told.append((f"{place}/name", "s", plugin.name, plugin))
                told.append((f"{place}/bypass", "f", float(plugin.enabled), plugin))
                for p, parameter in enumerate(plugin.parameters[: self._banks["fxparam"]], 1):
                    one = f"{place}/fxparam/{p}"
                    told.append((f"{one}/name", "s", parameter.name, parameter))
                    told.append((f"{one}/value", "f", parameter.value, parameter))
                    text = f"{parameter.value:.2f}"
                    told.append((f"{one}/value/str", "s", text, parameter))
        return told

    def _dump(self) -> None:
        bundle: list[tuple[Any, ...]] = []
        size = 16
        for address, tags, value, _ in self._state():
            size += 4 + len(message(address, tags, value))
            if size > 1024:
                self.reply_bundle(self.listener, *bundle)
                time.sleep(_PACKETS_APART_S)
                bundle, size = [], 16 + 4 + len(message(address, tags, value))
            bundle.append((address, tags, value))
        self.reply_bundle(self.listener, *bundle)

    def _plugin(self, track: int, fx: int) -> FakePlugin:
        found: FakePlugin = item(item(self.tracks, track, 1).plugins, fx, 1)
        return found
