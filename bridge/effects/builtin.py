"""pedalboard's own effects."""

import numpy as np

from bridge.arrays import Audio
from bridge.effects.base import BLOCK_FRAMES, Effect, EffectStream
from bridge.effects.pedalboard_library import Plugin, load_pedalboard, pedalboard_version
from bridge.errors import EffectError
from bridge.manifest import PluginSpec, Setting

_HIGHEST_OF_RATE = 0.49
"""pedalboard's filters are unstable above half of the sample rate."""


class BuiltinEffect(Effect):
    """A class of pedalboard, by its name in the manifest."""

    def __init__(self, plugin: PluginSpec) -> None:
        """Raises EffectError where this pedalboard has no such class or no such parameter."""
        super().__init__(plugin)
        pedalboard = load_pedalboard()
        make: type[Plugin] | None = getattr(pedalboard, plugin.formats.builtin or "", None)
        if make is None:
            raise EffectError(
                f"{plugin.id}: pedalboard {pedalboard_version()} has no"
                f" {plugin.formats.builtin!r}; correct `builtin` in the manifest"
            )
        for parameter in plugin.parameters:
            if not hasattr(make, parameter.symbol):
                raise EffectError(
                    f"{plugin.id}: pedalboard.{plugin.formats.builtin} has no parameter"
                    f" {parameter.symbol!r}; correct the manifest"
                )

        self._make = make

    def _open(self, sample_rate: float, channels: int, setting: Setting) -> EffectStream:
        return _BuiltinStream(self._make(), sample_rate, channels, setting)


class _BuiltinStream(EffectStream):
    """One pedalboard object. pedalboard takes at most two channels, so wider audio is split."""

    def __init__(self, first: Plugin, sample_rate: float, channels: int, setting: Setting) -> None:
        self._rate = sample_rate
        self._groups = [slice(start, start + 2) for start in range(0, channels, 2)]
        self._plugins = [first] + [type(first)() for _ in self._groups[1:]]
        self.set(setting)
        self._fresh = True
        # pedalboard clears a plugin that gets a longer block than ever before, so it gets the
        # longest first; and from it pedalboard knows from here on which axis is which.
        for plugin, group in zip(self._plugins, self._groups, strict=True):
            silence = np.zeros((min(group.stop, channels) - group.start, BLOCK_FRAMES), np.float32)
            plugin.process(silence, self._rate, BLOCK_FRAMES, reset=True)

    def set(self, setting: Setting) -> None:
        for plugin in self._plugins:
            for parameter in setting.plugin.parameters:
                value = setting.values[parameter.symbol]
                if parameter.unit == "Hz":
                    value = min(value, _HIGHEST_OF_RATE * self._rate)
                if parameter.scale == "enum":
                    choice = type(getattr(plugin, parameter.symbol))
                    setattr(plugin, parameter.symbol, choice(int(value)))
                else:
                    setattr(plugin, parameter.symbol, value)

    def process(self, audio: Audio) -> Audio:
        if audio.shape[1] == 0:
            return audio.copy()
        # Resetting with the first block puts oscillators at their start and ends every glide from
        # the defaults to the setting.
        parts = [
            plugin.process(audio[group], self._rate, BLOCK_FRAMES, reset=self._fresh)
            for plugin, group in zip(self._plugins, self._groups, strict=True)
        ]
        self._fresh = False
        return np.concatenate(parts)

    def close(self) -> None:
        self._plugins.clear()
