"""REAPER's OSC surface with the bridge's pattern file: 0 to 1, from 1, told in bundles of 1024.

As the real one: a refresh tells every slot of the banks, empty ones too, a packet each 10 ms; a
track without a name is "Track N", and so is one that does not exist; the master is told nowhere;
what came over OSC is not told back, and what has not changed is not told again; tracks are numbered
from the bank's first.
"""

import re
import struct
import time
from pathlib import Path
from typing import Any

from tests.fake_hosts.base import (
    FakeHost,
    FakeParameter,
    FakePlugin,
    FakeTrack,
    RefusedError,
    item,
    require,
    require_inside,
)

PATTERNS = Path(__file__).parents[2] / "docs" / "hosts" / "DafxBridge.ReaperOSC"
_PARAMETER = re.compile(r"/track/(\d+)/fx/(\d+)/fxparam/(\d+)/value")
_BYPASS = re.compile(r"/track/(\d+)/fx/(\d+)/bypass")
_COUNTS = {
    "DEVICE_TRACK_COUNT": "track",
    "DEVICE_FX_COUNT": "fx",
    "DEVICE_FX_PARAM_COUNT": "fxparam",
}
_PACKETS_APART_S = 0.01
_Row = tuple[str, str, Any]


class FakeReaper(FakeHost):
    scheme = "reaper"
    path = "guitar/{plugins}?reply={reply}"
    normalised = True
    ranged = False
    tells_moves = False
    """It tells, but up to a packet later than the bridge may write."""

    def forget(self) -> None:
        lines = [line.split() for line in PATTERNS.read_text().splitlines() if line]
        self._banks = {
            _COUNTS[words[0]]: int(words[1])
            for words in lines
            if words[0] in _COUNTS and words[1].isdecimal()
        }
        patterns = {word[1:] for words in lines for word in words[1:]}
        self._tells_text = "/track/@/fx/@/fxparam/@/value/str" in patterns
        self._first = 0
        self._last: dict[str, Any] = {}
        self._outgoing: list[list[_Row]] = []
        self._sent_s = 0.0
        self.packets = 0
        self.ended: list[str] = []
        """Parameters whose edit gesture was ended."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.forget()
        super().__init__(*arguments, **options)

    def start_again(self) -> None:
        super().start_again()
        with self._lock:
            self._tell(self._state())

    def tell(self, parameter: FakeParameter) -> None:
        self._tell_changed()

    def tell_switched(self, plugin: FakePlugin) -> None:
        self._tell_changed()

    def tell_moved(self) -> None:
        self._tell_changed()

    def tell_inserted(self) -> None:
        self._tell_changed()

    def idle(self) -> None:
        with self._lock:
            if self._outgoing and time.monotonic() - self._sent_s >= _PACKETS_APART_S:
                self._socket.sendto(_packed(self._outgoing.pop(0)), self.listener)
                self._sent_s = time.monotonic()
                self.packets += 1

    def take(self, address: str, tags: str, arguments: tuple[Any, ...], sender: Any) -> None:
        if address == "/action/41743":
            require(tags, "")
            self._tell(self._state())
        elif address == "/device/track/bank/select":
            require(tags, "i")
            self._first = (arguments[0] - 1) * self._banks["track"]
        elif address.startswith("/device/"):
            require(tags, "i")
            self._banks[address.split("/")[2]] = arguments[0]
        elif match := _BYPASS.fullmatch(address):
            require(tags, "f")
            self._plugin(*map(int, match.groups())).enabled = arguments[0] >= 0.5
            self._last[address] = arguments[0]
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
            self._last[address] = arguments[0]
        else:
            raise RefusedError("unknown")

    def _state(self) -> list[_Row]:
        told: list[_Row] = []
        for t in range(1, self._banks["track"] + 1):
            number = self._first + t
            track = _at(self.tracks, number) or FakeTrack("")
            told.append((f"/track/{t}/name", "s", track.name or f"Track {number}"))
            for f in range(1, self._banks["fx"] + 1):
                plugin = _at(track.plugins, f) or FakePlugin("", [])
                place = f"/track/{t}/fx/{f}"
                told.append((f"{place}/name", "s", plugin.name))
                told.append((f"{place}/bypass", "f", float(bool(plugin.name) and plugin.enabled)))
                for p in range(1, self._banks["fxparam"] + 1):
                    parameter = _at(plugin.parameters, p) or FakeParameter("", 0, 1, 0.0)
                    one = f"{place}/fxparam/{p}"
                    told.append((f"{one}/name", "s", parameter.name))
                    told.append((f"{one}/value", "f", parameter.value))
                    told.append((f"{one}/value/str", "s", f"{parameter.value:.2f}"))
        return [row for row in told if row[0].split("/")[-1] != "str" or self._tells_text]

    def _tell_changed(self) -> None:
        self._tell([row for row in self._state() if self._last.get(row[0]) != row[2]])

    def _tell(self, rows: list[_Row]) -> None:
        bundle: list[_Row] = []
        size = 16
        for row in rows:
            self._last[row[0]] = row[2]
            length = _length(row)
            if bundle and size + length > 1024:
                self._outgoing.append(bundle)
                bundle, size = [], 16
            bundle.append(row)
            size += length
        if bundle:
            self._outgoing.append(bundle)

    def _plugin(self, track: int, fx: int) -> FakePlugin:
        found: FakePlugin = item(item(self.tracks, self._first + track, 1).plugins, fx, 1)
        return found


def _packed(rows: list[_Row]) -> bytes:
    """A bundle of messages with one argument each; by hand, as there are thousands."""
    packed = b"#bundle\0" + struct.pack(">q", 1)
    for address, tags, value in rows:
        argument = _string(value) if tags == "s" else struct.pack(">f", value)
        part = _string(address) + _string("," + tags) + argument
        packed += struct.pack(">i", len(part)) + part
    return packed


def _string(text: str) -> bytes:
    packed = text.encode()
    return packed + bytes(4 - len(packed) % 4)


def _length(row: _Row) -> int:
    """How many bytes a message with one argument takes in a bundle."""
    address, tags, value = row
    return 4 + _padded(address) + 4 + (_padded(value) if tags == "s" else 4)


def _padded(text: str) -> int:
    return 4 * (len(text.encode()) // 4 + 1)


def _at(items: list[Any], number: int) -> Any:
    """The item of that number from 1, or None."""
    return items[number - 1] if number <= len(items) else None
