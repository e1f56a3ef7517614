"""What every plugin format offers: open a stream with a setting, push audio through it.

A stream starts from a fresh plugin, so nothing an earlier render did can be heard in it.
"""

from abc import ABC, abstractmethod

import numpy as np

from bridge.arrays import Audio
from bridge.closing import Closing
from bridge.errors import EffectError
from bridge.manifest import PluginSpec, Setting

BLOCK_FRAMES = 1024
"""Frames a plugin sees at once at the most: some plugins sound different at other block sizes."""


class EffectStream(Closing):
    """One running plugin: sound state is kept from block to block."""

    @abstractmethod
    def set(self, setting: Setting) -> None:
        """Turn the knobs; heard from the next block on."""

    @abstractmethod
    def process(self, audio: Audio) -> Audio:
        """Audio of shape (channels, frames), any number of frames, to the same shape."""

    @abstractmethod
    def close(self) -> None:
        """Free the plugin. May be called twice."""


class Effect(ABC):
    """One installed plugin in one format."""

    def __init__(self, plugin: PluginSpec) -> None:
        self.plugin = plugin

    @abstractmethod
    def _open(self, sample_rate: float, channels: int, setting: Setting) -> EffectStream: ...

    def open(self, sample_rate: float, channels: int, setting: Setting) -> EffectStream:
        """A fresh stream of `channels` channels at `sample_rate` Hz.

        Raises EffectError for another plugin's setting or a rate the plugin cannot take.
        """
        if setting.plugin.id != self.plugin.id:
            raise EffectError(f"{self.plugin.id} cannot take a setting of {setting.plugin.id}")
        if sample_rate <= 0 or channels < 1:
            raise EffectError(
                f"{self.plugin.id} needs a sample rate above 0 and at least one channel,"
                f" not {sample_rate} Hz and {channels} channels"
            )
        return self._open(float(sample_rate), channels, setting)

    def render(self, audio: Audio, sample_rate: float, setting: Setting) -> Audio:
        """Whole audio, shape (channels, frames), through a fresh plugin: same input, same bits."""
        audio = np.asarray(audio, np.float32)
        if audio.ndim != 2:
            raise EffectError(f"audio must have shape (channels, frames), not {audio.shape}")
        with self.open(sample_rate, audio.shape[0], setting) as stream:
            return stream.process(audio)
