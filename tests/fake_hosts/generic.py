"""Two hosts that the bridge has no file for, and the profiles a user would write for them."""

import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.fake_hosts.base import FakeHost, FakePlugin, RefusedError, item, require, require_inside


class _FakeProfiled(FakeHost):
    scheme = "generic"
    discovers = False
    profile: str

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._file = Path(self._folder.name) / "host.yaml"
        self._file.write_text(self.profile)
        super().__init__(*arguments, **options)

    def __exit__(self, kind: object, *more: object) -> None:
        self._folder.cleanup()
        super().__exit__(kind, *more)

    @property
    def url(self) -> str:
        return f"{super().url}?profile={quote(str(self._file))}"


class FakeNamed(_FakeProfiled):
    """Addresses of names and real values, as in Non-Mixer; no argument asks."""

    path = "guitar/{plugins}"
    profile = """\
name: a mixer
set: /strip/{track}/{plugin}/{symbol}/unscaled
ask: /strip/{track}/{plugin}/{symbol}/unscaled
bypass: {address: "/strip/{track}/{plugin}/dsp/bypass", bypassed: 1.0, active: 0.0}
bundles: true
"""

    def take(self, address: str, tags: str, arguments: tuple[Any, ...], sender: Any) -> None:
        modules = {
            f"/strip/guitar/{slot.plugin.name.replace(' ', '_')}": slot for slot in self.chain.slots
        }
        module, _, what = address.removesuffix("/bypass").rpartition("/")
        if what == "dsp" and module in modules:
            require(tags, "f")
            self.plugins[modules[module].id].enabled = arguments[0] < 0.5
            return
        addresses = {
            f"{module}/{spec.symbol}/unscaled": shown
            for module, slot in modules.items()
            for spec, shown in zip(
                slot.plugin.parameters, self.plugins[slot.id].parameters, strict=True
            )
        }
        if address not in addresses:
            raise RefusedError("unknown")
        parameter = addresses[address]
        if tags == "":
            self.reply(sender, address, "f", parameter.value)
            return
        require(tags, "f")
        require_inside(arguments[0], parameter.min, parameter.max)
        parameter.value = arguments[0]


class FakeNumbered(_FakeProfiled):
    """Everything by number from 1, in whole steps; it tells the names of its numbers."""

    path = "2/{numbers}"
    normalised = True
    takes_bundles = False
    step = 1 / 1023
    profile = """\
name: a rack
set: /param/set
arguments: [track, plugin, number]
value: integer
steps: 1024
index_base: 1
ask: /param/get
ask_name: /param/name
bypass: {address: /device/active, arguments: [track, plugin], bypassed: 0, active: 1}
"""

    def take(self, address: str, tags: str, arguments: tuple[Any, ...], sender: Any) -> None:
        match address:
            case "/param/set":
                require(tags, "iiii")
                require_inside(arguments[3], 0, 1023)
                item(self._at(*arguments[:2]).parameters, arguments[2], 1).value = (
                    arguments[3] / 1023
                )
            case "/param/get" | "/param/name":
                require(tags, "iii")
                parameter = item(self._at(*arguments[:2]).parameters, arguments[2], 1)
                if address == "/param/name":
                    self.reply(sender, address, "iiis", *arguments, parameter.name)
                else:
                    self.reply(sender, address, "iiii", *arguments, round(parameter.value * 1023))
            case "/device/active":
                require(tags, "iii")
                self._at(*arguments[:2]).enabled = bool(arguments[2])
            case _:
                raise RefusedError("unknown")

    def _at(self, track: int, plugin: int) -> FakePlugin:
        found: FakePlugin = item(item(self.tracks, track, 1).plugins, plugin, 1)
        return found
