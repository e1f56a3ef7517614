"""LV2 plugins, hosted in this process through lilv."""

import ctypes as c
from dataclasses import dataclass

import numpy as np

from bridge.arrays import Audio
from bridge.effects import lilv as api
from bridge.effects.base import BLOCK_FRAMES, Effect, EffectStream
from bridge.effects.groups import GroupedStream, Instance
from bridge.effects.lilv import lilv
from bridge.errors import EffectError
from bridge.manifest import PluginSpec, Setting

_FLOAT_BYTES = 4


@dataclass(frozen=True)
class _Ports:
    """Port numbers of a plugin by what they carry, with the controls' ranges."""

    controls: dict[str, int]
    control_outputs: tuple[int, ...]
    audio_in: tuple[int, ...]
    audio_out: tuple[int, ...]
    latency: int | None
    minimum: Audio
    maximum: Audio
    default: Audio


class Lv2Effect(Effect):
    """An installed LV2 plugin, by the URI in the manifest."""

    def __init__(self, plugin: PluginSpec) -> None:
        """Raises EffectError where it is not installed or its ports differ from the manifest."""
        super().__init__(plugin)
        uri = plugin.formats.lv2 or ""
        found = lilv().plugin(uri)
        if found is None:
            raise EffectError(
                f"{plugin.id}: the LV2 plugin {uri} is not installed; on Debian, `apt install"
                " mda-lv2` brings the mda suite"
            )
        self._plugin: int = found
        self._ports = _read_ports(found)
        if not lilv().opens(found):
            raise EffectError(
                f"{plugin.id}: the LV2 plugin {uri} cannot be opened; its files are broken or it"
                " needs what this host does not give; install it again, or name another plugin"
            )
        if not (self._ports.audio_in and self._ports.audio_out):
            raise EffectError(
                f"{plugin.id}: {uri} takes no audio or gives none; name an effect in the manifest"
            )
        for parameter in plugin.parameters:
            self._check_range(parameter.symbol, parameter.min, parameter.max)

    def _check_range(self, symbol: str, low: float, high: float) -> None:
        port = self._ports.controls.get(symbol)
        if port is None:
            known = ", ".join(self._ports.controls)
            raise EffectError(
                f"{self.plugin.id}: the plugin has no control {symbol!r}, it has {known};"
                " correct the manifest"
            )
        its_low, its_high = self._ports.minimum[port], self._ports.maximum[port]
        if low < its_low or high > its_high:
            raise EffectError(
                f"{self.plugin.id}: {symbol} is {its_low:g}..{its_high:g} in the plugin but"
                f" {low:g}..{high:g} in the manifest; correct the manifest"
            )

    def _open(self, sample_rate: float, channels: int, setting: Setting) -> EffectStream:
        return GroupedStream(
            lambda: _Lv2Instance(self, sample_rate, setting),
            channels,
            len(self._ports.audio_in),
            len(self._ports.audio_out),
        )


class _Lv2Instance(Instance):
    """One plugin instance with its controls connected to one array of floats."""

    def __init__(self, effect: Lv2Effect, sample_rate: float, setting: Setting) -> None:
        self._ports = effect._ports
        instance = lilv().instantiate(effect._plugin, sample_rate, BLOCK_FRAMES)
        if instance is None:
            raise EffectError(f"{effect.plugin.id}: the plugin refuses {sample_rate:g} Hz")
        self._instance: c._Pointer[api.Instance] | None = instance
        self._plugin = instance.contents.descriptor.contents
        self._handle = instance.contents.handle
        self._controls = self._ports.default.copy()
        for port in (*self._ports.controls.values(), *self._ports.control_outputs):
            self._connect(port, self._controls.ctypes.data + _FLOAT_BYTES * port)
        # A run, even of no frames, needs every port connected.
        self._scratch = np.zeros(BLOCK_FRAMES, np.float32)
        for port in (*self._ports.audio_in, *self._ports.audio_out):
            self._connect(port, self._scratch.ctypes.data)
        if self._plugin.activate:
            self._plugin.activate(self._handle)
        self._apply_from_scratch(setting)
        if self._ports.latency is not None:
            self.latency_frames = round(float(self._controls[self._ports.latency]))

    def _connect(self, port: int, address: int) -> None:
        self._plugin.connect_port(self._handle, port, address)

    def _apply_from_scratch(self, setting: Setting) -> None:
        """Make the plugin compute every control for this sample rate.

        mda plugins apply a control only when it changes, and their constructors assume 44.1 kHz;
        so each control goes to its far end and back, with an empty run between.
        """
        self.set(setting)
        wanted = self._controls.copy()
        middle = (self._ports.minimum + self._ports.maximum) / 2
        for port in self._ports.controls.values():
            ends = self._ports.minimum, self._ports.maximum
            self._controls[port] = ends[0 if wanted[port] > middle[port] else 1][port]
        self._plugin.run(self._handle, 0)
        self._controls[:] = wanted
        self._plugin.run(self._handle, 0)

    def set(self, setting: Setting) -> None:
        for symbol, value in setting.values.items():
            self._controls[self._ports.controls[symbol]] = value

    def process(self, audio: Audio) -> Audio:
        frames = audio.shape[1]
        source = np.ascontiguousarray(audio, np.float32)
        result = np.empty((len(self._ports.audio_out), frames), np.float32)
        for start in range(0, frames, BLOCK_FRAMES):
            for buffer, ports in ((source, self._ports.audio_in), (result, self._ports.audio_out)):
                for row, port in enumerate(ports):
                    self._connect(port, buffer.ctypes.data + _FLOAT_BYTES * (row * frames + start))
            self._plugin.run(self._handle, min(BLOCK_FRAMES, frames - start))
        return result

    def close(self) -> None:
        if self._instance is None:
            return
        if self._plugin.deactivate:
            self._plugin.deactivate(self._handle)
        lilv().call("instance_free", self._instance)
        self._instance = None


def _read_ports(plugin: int) -> _Ports:
    world = lilv()
    count = world.call("plugin_get_num_ports", plugin)
    ranges = [np.zeros(count, np.float32) for _ in range(3)]
    world.call("plugin_get_port_ranges_float", plugin, *(r.ctypes.data for r in ranges))
    controls: dict[str, int] = {}
    control_outputs: list[int] = []
    audio_in: list[int] = []
    audio_out: list[int] = []
    for number in range(count):
        port = world.call("plugin_get_port_by_index", plugin, number)
        is_input = world.is_a(plugin, port, "InputPort")
        if world.is_a(plugin, port, "AudioPort"):
            (audio_in if is_input else audio_out).append(number)
        elif world.is_a(plugin, port, "ControlPort"):
            if is_input:
                controls[world.symbol(plugin, port)] = number
            else:
                control_outputs.append(number)
    latency = (
        world.call("plugin_get_latency_port_index", plugin)
        if world.call("plugin_has_latency", plugin)
        else None
    )
    return _Ports(
        controls, tuple(control_outputs), tuple(audio_in), tuple(audio_out), latency, *ranges
    )
