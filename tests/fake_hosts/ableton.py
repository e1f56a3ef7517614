"""AbletonOSC in Live: exact integers for indices, its own ranges, every answer to one port.

As the real one: what raises ends the tick, and what came in after it waits for the next; a listener
belongs to the parameter it was put on, wherever that is moved, and tells under the old number; to
stop one that is not there, or start one where another was put, raises.
"""

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
        self._listeners: dict[tuple[int, int, int], FakeParameter] = {}
        self._switches: dict[FakePlugin, FakeParameter] = {}
        self.raised: list[str] = []
        self.busy_ticks = 0
        """In how many something had come in."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.forget()
        super().__init__(*arguments, **options)

    def start_again(self) -> None:
        super().start_again()
        self.reply(self.listener, "/live/startup")

    def tell(self, parameter: FakeParameter) -> None:
        for place, listened in self._listeners.items():
            if listened is parameter:
                told = "/live/device/get/parameter/value"
                self.reply(self.listener, told, "iiif", *place, parameter.value)
                told = "/live/device/get/parameter/value_string"
                self.reply(self.listener, told, "iiis", *place, f"{parameter.value:.2f}")

    def tell_switched(self, plugin: FakePlugin) -> None:
        self.tell(self._switch(plugin))

    def _drain(self, queue: list[tuple[bytes, Any]]) -> list[tuple[bytes, Any]]:
        self.busy_ticks += bool(queue)
        for number, (packet, sender) in enumerate(queue, 1):
            try:
                self._packet(packet, sender)
            except RaisedError as error:
                self.raised.append(str(error))
                self.reply(self.listener, "/live/error", "s", str(error))
                return queue[number:]
        return []

    def take(self, address: str, tags: str, arguments: tuple[Any, ...], sender: Any) -> None:
        match address.removeprefix("/live/").split("/"):
            case ["application", "get", "version"]:
                require(tags, "")
                self._answer(address, 12, 1)
            case ["song", "get", "track_names"]:
                require(tags, "")
                self._answer(address, *(track.name for track in self.tracks))
            case ["track", "get", "devices", "name"]:
                require(tags, "i")
                plugins = self._there(self.tracks, arguments[0]).plugins
                self._answer(address, *arguments, *(plugin.name for plugin in plugins))
            case ["device", "get", "parameters", what]:
                require(tags, "ii")
                shown = self._shown(self._plugin(*arguments))
                self._answer(address, *arguments, *(getattr(p, what) for p in shown))
            case ["device", "set", "parameter", "value"]:
                require(tags, "iiif")
                self._set(self._plugin(*arguments[:2]), *arguments[2:])
            case ["device", "start_listen", "parameter", "value"]:
                require(tags, "iii")
                parameter = self._parameter(*arguments)
                if self._listeners.get(arguments, parameter) is not parameter:
                    raise RaisedError("observer not connected")
                self._listeners[arguments] = parameter
                self.tell(parameter)
            case ["device", "stop_listen", "parameter", "value"]:
                require(tags, "iii")
                if self._listeners.get(arguments) is not self._parameter(*arguments):
                    raise RaisedError("name 'prop' is not defined")
                del self._listeners[arguments]
            case _:
                raise RefusedError("unknown")

    def _set(self, plugin: FakePlugin, number: int, value: float) -> None:
        shown = self._there(self._shown(plugin), number)
        require_inside(value, shown.min, shown.max)
        if number == 0:
            plugin.enabled = value >= 0.5
            shown = self._switch(plugin)
        shown.value = value
        self.tell(shown)

    def _answer(self, address: str, *arguments: Any) -> None:
        tags = "".join({int: "i", float: "f", str: "s"}[type(a)] for a in arguments)
        self.reply(self.listener, address, tags, *arguments)

    def _shown(self, plugin: FakePlugin) -> list[FakeParameter]:
        return [self._switch(plugin), *plugin.parameters]

    def _switch(self, plugin: FakePlugin) -> FakeParameter:
        switch = self._switches.setdefault(plugin, FakeParameter("Device On", 0.0, 1.0, 1.0))
        switch.value = float(plugin.enabled)
        return switch

    def _plugin(self, track: int, device: int) -> FakePlugin:
        found: FakePlugin = self._there(self._there(self.tracks, track).plugins, device)
        return found

    def _parameter(self, track: int, device: int, number: int) -> FakeParameter:
        found: FakeParameter = self._there(self._shown(self._plugin(track, device)), number)
        return found

    def _there(self, items: list[Any], index: int) -> Any:
        """The item of that index; what is not there any more raises in Live itself."""
        if index >= len(items):
            raise RaisedError(f"index {index} out of range")
        return item(items, index)


class RaisedError(Exception):
    """An exception inside Live."""
