"""VST3 plugins, hosted in this process through pedalboard.

Threads: pedalboard loads and resets a VST3 on the main thread only, so streams are opened there; an
open stream may be used from any one thread.

Loading takes 27 ms for a small plugin, and 0.5 MB of it never come back. So a plugin goes back to a
pool when its stream is closed (`bridge.effects.pool`), where it is as new once it has got its first
state back and is reset, which takes 0.3 ms. The first stream of all makes a trial of that: it loads
the plugin three times more and renders some seconds.
"""

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from typing_extensions import override

from bridge.arrays import Audio
from bridge.effects import pool
from bridge.effects.base import BLOCK_FRAMES, Effect, EffectStream
from bridge.effects.groups import GroupedStream, Instance
from bridge.effects.pedalboard_library import VST3Plugin, load_pedalboard, pedalboard_version
from bridge.effects.vst3_files import find
from bridge.errors import EffectError
from bridge.manifest import ParamSpec, PluginSpec, Setting

_SHOWN_TOLERANCE = 0.01
"""How far a value that the plugin shows may lie from the one it was given, as part of the range."""
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_PROBE_RATE_HZ = 48_000.0


@dataclass(frozen=True)
class _Trial:
    """A render by a plugin that has played before, compared with that by a new one."""

    rate_hz: float
    rate_before_hz: float
    seconds: float
    drawn: float
    """The share of parameters that are drawn; the others are at their defaults, which a plugin may
    hold more exactly than it can be told them."""


@dataclass(frozen=True)
class _Loaded:
    """A plugin, and the state it was loaded with."""

    plugin: VST3Plugin
    first_state: bytes

    def restored(self) -> Self:
        """The same with that state, as far as it takes it."""
        self.plugin.raw_state = self.first_state
        return self


_TRIALS = (
    # Long enough for what a delay has kept to come out.
    _Trial(48_000.0, 44_100.0, 3.0, drawn=1.0),
    _Trial(44_100.0, 48_000.0, 0.5, drawn=0.5),
    _Trial(96_000.0, 96_000.0, 0.5, drawn=0.0),
)


class _Control(Protocol):
    """The part used here of pedalboard's AudioProcessorParameter."""

    raw_value: float

    def get_raw_value_for_text(self, text: str, /) -> float: ...

    def get_text_for_raw_value(self, raw_value: float, /) -> str: ...


class Vst3Effect(Effect):
    """An installed VST3 plugin, by its file's name or path in the manifest."""

    def __init__(self, plugin: PluginSpec) -> None:
        """Raises EffectError where it is not installed, is broken or differs from the manifest."""
        super().__init__(plugin)
        self._path = find(plugin)
        loaded = self._load_new()
        for parameter in plugin.parameters:
            _check(plugin, _controls(loaded.plugin), parameter)
        self._channels = self._measure_channels(loaded.plugin)
        host = f"{pedalboard_version()} {plugin.formats.vst3_plugin or ''}"
        self._fingerprint = pool.fingerprint(plugin, self._path, host)
        self._idle = pool.idle(self._fingerprint)
        self._spare: _Loaded | None = loaded

    def _load(self) -> VST3Plugin:
        self._require_main_thread()
        pedalboard = load_pedalboard()
        try:
            loaded: VST3Plugin = pedalboard.VST3Plugin(
                str(self._path), plugin_name=self.plugin.formats.vst3_plugin
            )
        except (ImportError, RuntimeError, ValueError) as error:
            reason = " ".join(str(error).split())
            raise EffectError(
                f"{self.plugin.id}: {self._path} cannot be loaded ({reason}); install it again, as"
                " built for this system and processor"
            ) from None
        return loaded

    def _require_main_thread(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            raise EffectError(
                f"{self.plugin.id}: VST3 plugins load on the main thread only; open the stream"
                " there, then use it anywhere"
            )

    def _measure_channels(self, loaded: VST3Plugin) -> int:
        for channels in (2, 1):
            silence = np.zeros((channels, BLOCK_FRAMES), np.float32)
            try:
                loaded.process(silence, _PROBE_RATE_HZ, BLOCK_FRAMES, reset=False)
            except ValueError:
                continue
            return channels
        raise EffectError(
            f"{self.plugin.id}: {self._path} takes neither stereo nor mono; name an effect that"
            " does in the manifest"
        )

    @override
    def reset_is_fresh(self, audio: Audio, sample_rate: float, setting: Setting) -> bool:
        return pool.reset_is_fresh(self._fingerprint, self._reset_is_fresh)

    @override
    def _open(self, sample_rate: float, channels: int, setting: Setting) -> EffectStream:
        self._require_main_thread()
        give_back = None
        if pool.reset_is_fresh(self._fingerprint, self._reset_is_fresh):
            give_back = self._idle.append
            if self._spare is not None:
                self._idle.append(self._spare)
        self._spare = None
        return GroupedStream(
            lambda: _Vst3Instance(self._take(), self._channels, sample_rate, setting, give_back),
            channels,
            self._channels,
            self._channels,
        )

    def _take(self) -> _Loaded:
        """An idle plugin, or a new one."""
        try:
            loaded: _Loaded = self._idle.pop()
        except IndexError:
            return self._load_new()
        return loaded.restored()

    def _load_new(self) -> _Loaded:
        plugin = self._load()
        return _Loaded(plugin, plugin.raw_state)

    def _reset_is_fresh(self) -> bool:
        """Whether a plugin that has played other sound at another setting renders as a new one."""
        used = self._spare or self._load_new()
        draw = np.random.default_rng(0)
        try:
            return all(self._renders_as_new(used, trial, draw) for trial in _TRIALS)
        except (RuntimeError, ValueError):
            # It does not take its state back.
            return False

    def _renders_as_new(self, used: _Loaded, trial: _Trial, draw: np.random.Generator) -> bool:
        def instance(loaded: _Loaded, rate: float, setting: Setting) -> _Vst3Instance:
            return _Vst3Instance(loaded, self._channels, rate, setting)

        default = Setting.default(self.plugin).normalised
        before, values = draw.random((2, len(default)))
        values = np.where(draw.random(len(default)) < trial.drawn, values, default)
        setting = Setting(self.plugin, tuple(values.tolist()))
        frames = round(trial.seconds * trial.rate_hz)
        audio = (0.3 * draw.standard_normal((self._channels, frames))).astype(np.float32)

        other = Setting(self.plugin, tuple(before.tolist()))
        instance(used, trial.rate_before_hz, other).process(audio)
        again = instance(used.restored(), trial.rate_hz, setting)
        new = instance(self._load_new(), trial.rate_hz, setting)
        if again.latency_frames != new.latency_frames:
            return False
        return np.array_equal(again.process(audio), new.process(audio))


class _Vst3Instance(Instance):
    """One plugin that is new, or as new."""

    def __init__(
        self,
        loaded: _Loaded,
        channels: int,
        sample_rate: float,
        setting: Setting,
        give_back: Callable[[_Loaded], None] | None = None,
    ) -> None:
        """`give_back` takes the plugin when the instance is closed; without it, it is unloaded."""
        self._loaded = loaded
        self._plugin = plugin = loaded.plugin
        self._rate = sample_rate
        self._give_back = give_back
        self.set(setting)
        # pedalboard clears a plugin that gets a longer block than ever before, so it gets the
        # longest first. That also tells which axis is which, and what the latency is.
        silence = np.zeros((channels, BLOCK_FRAMES), np.float32)
        plugin.process(silence, sample_rate, BLOCK_FRAMES, reset=True)
        self.latency_frames = plugin.reported_latency_samples

    def set(self, setting: Setting) -> None:
        controls = _controls(self._plugin)
        for parameter in setting.plugin.parameters:
            control = controls[parameter.symbol]
            control.raw_value = _position(control, parameter, setting.values[parameter.symbol])

    def process(self, audio: Audio) -> Audio:
        return self._plugin.process(audio, self._rate, BLOCK_FRAMES, reset=False)

    @override
    def close(self) -> None:
        if self._give_back is not None:
            self._give_back(self._loaded)
            self._give_back = None


def _controls(plugin: VST3Plugin) -> dict[str, _Control]:
    """The plugin's parameters by symbol."""
    # pedalboard adds `parameters` when it is imported, which type checkers do not see.
    controls: dict[str, _Control] = plugin.parameters  # type: ignore[attr-defined]
    return controls


def _position(control: _Control, parameter: ParamSpec, value: float) -> float:
    """Where a real value lies on the plugin's own 0..1, which need not be linear.

    The plugin is asked for it, except for choices and switches, which it may spell as words, and
    where the manifest says that the plugin's texts are of no use.
    """
    if parameter.raw or parameter.scale in ("enum", "toggle"):
        return (value - parameter.min) / (parameter.max - parameter.min)
    return float(control.get_raw_value_for_text(f"{value:.9g}"))


def _check(plugin: PluginSpec, controls: dict[str, _Control], parameter: ParamSpec) -> None:
    """Raise EffectError unless the plugin has the parameter and shows the values it is given."""
    control = controls.get(parameter.symbol)
    if control is None:
        known = ", ".join(controls)
        raise EffectError(
            f"{plugin.id}: the plugin has no parameter {parameter.symbol!r}, it has {known};"
            " correct the manifest"
        )
    if parameter.raw or parameter.scale in ("enum", "toggle"):
        return
    for value in (parameter.min, parameter.default, parameter.max):
        shown = control.get_text_for_raw_value(_position(control, parameter, value))
        number = _NUMBER.search(shown)
        tolerance = _SHOWN_TOLERANCE * (parameter.max - parameter.min)
        if number is None or abs(float(number[0]) - value) > tolerance:
            raise EffectError(
                f"{plugin.id}: {parameter.symbol} set to {value:g} shows {shown!r} in the plugin;"
                " correct its range in the manifest"
            )
