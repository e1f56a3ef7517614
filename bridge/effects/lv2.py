"""LV2 plugins, hosted in this process through lilv."""

import ctypes as c

import numpy as np
from typing_extensions import override

from bridge.arrays import Audio
from bridge.effects import lilv as api
from bridge.effects.base import BLOCK_FRAMES, Effect, EffectStream
from bridge.effects.groups import GroupedStream, Instance
from bridge.effects.lilv import lilv
from bridge.effects.lv2_features import CORE, LOAD_DEFAULT_STATE, AtomPort, HostFeatures
from bridge.effects.lv2_ports import Port, read_ports
from bridge.errors import EffectError
from bridge.manifest import PluginSpec, Setting

_FLOAT_BYTES = 4
_MDA = "http://drobilla.net/plugins/mda/"


class Lv2Effect(Effect):
    """An installed LV2 plugin, by the URI in the manifest."""

    def __init__(self, plugin: PluginSpec) -> None:
        """Raises EffectError where it is not installed or its ports differ from the manifest."""
        super().__init__(plugin)
        uri = plugin.formats.lv2 or ""
        found = find_lv2(plugin)
        self._plugin: int = found
        self._ports = read_ports(found)
        features = (
            feature
            for kind in ("requiredFeature", "optionalFeature")
            for feature in lilv().values(found, CORE + kind)
        )
        self.starts_with_state = LOAD_DEFAULT_STATE in features
        """Whether it wants the state that its description says it starts with."""
        # Some crash when they are freed before they have run, so an unknown one is not tried here.
        if not plugin.isolated and not lilv().opens(found):
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
        # Where nothing is said, anything goes; where it hangs on the rate, it is held inside later.
        its_low, its_high = np.float32(port.minimum), np.float32(port.maximum)
        if not port.has("sampleRate") and (low < its_low or high > its_high):
            raise EffectError(
                f"{self.plugin.id}: {symbol} is {its_low:g}..{its_high:g} in the plugin but"
                f" {low:g}..{high:g} in the manifest; correct the manifest"
            )

    @override
    def reset_is_fresh(self, audio: Audio, sample_rate: float, setting: Setting) -> bool:
        rows = np.repeat(audio[:1], len(self._ports.audio_in), axis=0)
        with _Lv2Instance(self, sample_rate, setting) as instance:
            fresh = instance.process(rows)
            instance.reset(setting)
            return np.array_equal(fresh, instance.process(rows))

    def _open(self, sample_rate: float, channels: int, setting: Setting) -> EffectStream:
        return GroupedStream(
            lambda: _Lv2Instance(self, sample_rate, setting),
            channels,
            len(self._ports.audio_in),
            len(self._ports.audio_out),
        )


def find_lv2(plugin: PluginSpec) -> int:
    """The installed plugin, of which no code runs yet. Raises EffectError where there is none."""
    uri = plugin.formats.lv2 or ""
    found = lilv().plugin(uri)
    if found is None:
        raise EffectError(
            f"{plugin.id}: the LV2 plugin {uri} is not installed; on Debian, `apt install"
            " mda-lv2` brings the mda suite"
        )
    return found


class _Lv2Instance(Instance):
    """One plugin instance with its controls connected to one array of floats."""

    def __init__(self, effect: Lv2Effect, sample_rate: float, setting: Setting) -> None:
        self._ports = effect._ports
        self._applies_changes_alone = (effect.plugin.formats.lv2 or "").startswith(_MDA)
        self._features = HostFeatures(sample_rate, BLOCK_FRAMES)
        instance = lilv().instantiate(effect._plugin, sample_rate, self._features)
        if instance is None:
            raise EffectError(
                f"{effect.plugin.id}: the plugin cannot be opened at {sample_rate:g} Hz"
            )
        self._instance: c._Pointer[api.Instance] | None = instance
        self._plugin = instance.contents.descriptor.contents
        # Looked up once: ctypes makes a new object each time.
        self._connect_port, self._run_block = self._plugin.connect_port, self._plugin.run
        self._handle = instance.contents.handle
        ranges = np.array([port.range_at(sample_rate) for port in self._ports.all], np.float32)
        self._minimum, self._maximum, self._controls = ranges.T.copy()
        self._atoms: list[AtomPort] = []
        # A run, even of no frames, needs every port connected.
        self._silence = np.zeros(BLOCK_FRAMES, np.float32)
        self._scratch = np.zeros(BLOCK_FRAMES, np.float32)
        for port in self._ports.all:
            self._connect_port(self._handle, port.number, self._place_of(port))
        if effect.starts_with_state:
            lilv().restore_default(effect._plugin, instance, self._features)
        self._begin(setting)
        if self._ports.latency is not None:
            self.latency_frames = max(round(float(self._controls[self._ports.latency])), 0)

    def reset(self, setting: Setting) -> None:
        """Deactivate and activate it, as hosts do between two songs."""
        if self._plugin.deactivate:
            self._plugin.deactivate(self._handle)
        self._begin(setting)

    def _place_of(self, port: Port) -> int | None:
        """Where a port's data lies until it is connected to something else."""
        match port.kind:
            case "control":
                return int(self._controls.ctypes.data) + _FLOAT_BYTES * port.number
            case "audio" | "cv":
                buffer = self._silence if port.is_input else self._scratch
                return int(buffer.ctypes.data)
            case "atom" | "event":
                self._atoms.append(AtomPort(port.is_input))
                return self._atoms[-1].address
            case "unknown":
                return None

    def _run(self, frames: int) -> None:
        for atom in self._atoms:
            atom.clear()
        self._run_block(self._handle, frames)
        self._features.worker.answer()

    def _begin(self, setting: Setting) -> None:
        """Set the controls, then activate the plugin, as hosts do."""
        self.set(setting)
        if self._plugin.activate:
            self._plugin.activate(self._handle)
        if self._applies_changes_alone:
            self._change_all()
        elif self._ports.latency is not None or self._features.worker.is_wanted:
            # Latency is told by a run, and what a run schedules must be there for the next one.
            self._run(0)

    def _change_all(self) -> None:
        """Make the plugin compute every control for this sample rate.

        mda plugins apply a control only when it changes, and their constructors assume 44.1 kHz;
        so each control goes to its far end and back, with an empty run between.
        """
        wanted = self._controls.copy()
        for port in (control.number for control in self._ports.controls.values()):
            ends = self._minimum[port], self._maximum[port]
            self._controls[port] = ends[0 if wanted[port] > sum(ends) / 2 else 1]
        self._run(0)
        self._controls[:] = wanted
        self._run(0)

    def set(self, setting: Setting) -> None:
        for symbol, value in setting.values.items():
            port = self._ports.controls[symbol].number
            self._controls[port] = min(max(value, self._minimum[port]), self._maximum[port])

    def process(self, audio: Audio) -> Audio:
        frames = audio.shape[1]
        source = np.ascontiguousarray(audio, np.float32)
        result = np.empty((len(self._ports.audio_out), frames), np.float32)
        places = [
            (port, int(buffer.ctypes.data) + _FLOAT_BYTES * row * frames)
            for buffer, ports in ((source, self._ports.audio_in), (result, self._ports.audio_out))
            for row, port in enumerate(ports)
        ]
        connect, handle = self._connect_port, self._handle
        for start in range(0, frames, BLOCK_FRAMES):
            for port, place in places:
                connect(handle, port, place + _FLOAT_BYTES * start)
            self._run(min(BLOCK_FRAMES, frames - start))
        return result

    def close(self) -> None:
        if self._instance is None:
            return
        if self._plugin.deactivate:
            self._plugin.deactivate(self._handle)
        lilv().call("instance_free", self._instance)
        self._instance = None
