"""What there is to choose from: sound devices, plugins, rigs, and what a host holds.

Each is listed on a thread of a pool, and told as JSON when it is there.
"""

import json
import subprocess
from concurrent.futures import Executor
from typing import Any

from bridge.audio.devices import list_devices
from bridge.commands import command_line
from bridge.control.latest_job import LatestJob
from bridge.control.surface import Surface
from bridge.errors import BridgeError, DeviceError
from bridge.hosts import discover, listing

_PLUGINS_S = 60.0
_OF_PLUGIN = ("id", "name", "kind", "installed", "model")


class Listings:
    """Lists on demand."""

    def __init__(self, surface: Surface, pool: Executor) -> None:
        self._surface = surface
        self._devices = LatestJob(pool, self._take_devices)
        self._discovered = LatestJob[str](pool, lambda told: surface.tell("/discovered", told))
        self._plugins = LatestJob(pool, self._take_plugins)

    @property
    def fault(self) -> str:
        """Why the plugins cannot be listed; empty where they can."""
        return self._plugins.fault

    def poll(self) -> None:
        """Tell what is there."""
        for job in (self._devices, self._discovered, self._plugins):
            job.poll()

    def list_devices(self) -> None:
        """Look for sound devices."""
        self._devices.order(_devices)

    def list_plugins(self) -> None:
        """List plugins and rigs."""
        self._plugins.order(_plugins)

    def discover(self, url: str) -> None:
        """List what the host at `url` holds."""

        def make() -> str:
            try:
                return json.dumps(listing(discover(url)))
            except BridgeError as error:
                return json.dumps({"error": str(error)})

        self._discovered.order(make)

    def _take_devices(self, told: tuple[str, str]) -> None:
        inputs, outputs = told
        self._surface.tell("/devices", inputs)
        self._surface.tell("/outputs", outputs)

    def _take_plugins(self, told: tuple[str, str]) -> None:
        plugins, rigs = told
        self._surface.tell("/plugins", plugins)
        self._surface.tell("/rigs", rigs)


def _devices() -> tuple[str, str]:
    """Those with inputs and those with outputs, each as JSON."""
    try:
        found = list_devices()
    except DeviceError as error:
        fault = json.dumps({"error": str(error)})
        return fault, fault
    return _with(found, "max_input_channels"), _with(found, "max_output_channels")


def _with(found: list[dict[str, Any]], channels: str) -> str:
    there = [device for device in found if device[channels] > 0]
    return json.dumps([{"name": d["name"], "channels": d[channels]} for d in there])


def _plugins() -> tuple[str, str]:
    """Plugins and rigs, each as JSON.

    In a process of its own: loading them all is slow, and one of them may crash.
    """
    command = command_line("plugins", "--json")
    done = subprocess.run(command, capture_output=True, text=True, timeout=_PLUGINS_S)
    if done.returncode:
        raise BridgeError("the plugins cannot be listed; run `dafx-bridge plugins` to see why")
    told = json.loads(done.stdout)
    plugins = [{name: plugin[name] for name in _OF_PLUGIN} for plugin in told["plugins"]]
    return json.dumps(plugins), json.dumps(told["rigs"])
