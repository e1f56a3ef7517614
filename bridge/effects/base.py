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
"""Frames a plugin sees at once at the most."""


class EffectStream(Closing):
    """One running plugin: sound state is kept from block to block."""

    latency_frames: int = 0
    """How many frames later than its input the output comes; `render` takes them away."""

    @abstractmethod
    def set(self, setting: Setting) -> None:
        """Turn the knobs; heard from the next block on."""

    @abstractmethod
    def process(self, audio: Audio) -> Audio:
        """Audio of shape (channels, frames), any number of frames, to the same shape.

        How the input is cut into blocks is not heard: put together, they are the render, late by
        `latency_frames`.
        """

    @abstractmethod
    def close(self) -> None:
        """Free the plugin. May be called twice."""


class Effect(ABC):
    """One installed plugin in one format."""

    def __init__(self, plugin: PluginSpec) -> None:
        self.plugin = plugin

    def prepare(self) -> None:  # noqa: B027 — most have nothing to begin with
        """Begin with what takes long the first time, without waiting for it."""

    def reset_is_fresh(
        self,
        audio: Audio,  # noqa: ARG002 — formats that have a reset need them
        sample_rate: float,  # noqa: ARG002
        setting: Setting,  # noqa: ARG002
    ) -> bool | None:
        """Whether a plugin that has played renders as a new one once it is reset.

        None where its format has no reset.
        """
        return None

    def require(self, setting: Setting) -> None:
        """Raise EffectError for another plugin's setting."""
        if setting.plugin.id != self.plugin.id:
            raise EffectError(f"{self.plugin.id} cannot take a setting of {setting.plugin.id}")

    @abstractmethod
    def _open(self, sample_rate: float, channels: int, setting: Setting) -> EffectStream: ...

    def open(self, sample_rate: float, channels: int, setting: Setting) -> EffectStream:
        """A fresh stream of `channels` channels at `sample_rate` Hz.

        A plugin whose sound depends on the block size (`fixed_block` in the manifest) gets blocks
        of BLOCK_FRAMES, and so its stream is late by as many. Raises EffectError for another
        plugin's setting or a rate the plugin cannot take.
        """
        self.require(setting)
        if sample_rate <= 0 or channels < 1:
            raise EffectError(
                f"{self.plugin.id} needs a sample rate above 0 and at least one channel,"
                f" not {sample_rate} Hz and {channels} channels"
            )
        stream = self._open(float(sample_rate), channels, setting)
        return _FixedBlocks(stream, channels) if self.plugin.fixed_block else stream

    def render(self, audio: Audio, sample_rate: float, setting: Setting) -> Audio:
        """Whole audio, shape (channels, frames), through a fresh plugin: same input, same bits."""
        audio = np.asarray(audio, np.float32)
        if audio.ndim != 2:
            raise EffectError(f"audio must have shape (channels, frames), not {audio.shape}")
        with self.open(sample_rate, audio.shape[0], setting) as stream:
            late = stream.latency_frames
            return stream.process(np.pad(audio, ((0, 0), (0, late))))[:, late:]


class _FixedBlocks(EffectStream):
    """A stream that hands BLOCK_FRAMES at a time to another one, and is late by as many."""

    def __init__(self, stream: EffectStream, channels: int) -> None:
        """Owns `stream` from here on."""
        self._stream = stream
        self.latency_frames = stream.latency_frames + BLOCK_FRAMES
        self._waiting = np.zeros((channels, 0), np.float32)
        self._ready = np.zeros((channels, BLOCK_FRAMES), np.float32)

    def set(self, setting: Setting) -> None:
        self._stream.set(setting)

    def process(self, audio: Audio) -> Audio:
        frames = audio.shape[1]
        waiting = np.concatenate((self._waiting, audio), axis=1)
        whole = waiting.shape[1] // BLOCK_FRAMES * BLOCK_FRAMES
        blocks = [
            self._stream.process(waiting[:, start : start + BLOCK_FRAMES])
            for start in range(0, whole, BLOCK_FRAMES)
        ]
        ready = np.concatenate((self._ready, *blocks), axis=1)
        self._waiting, self._ready = waiting[:, whole:], ready[:, frames:]
        return ready[:, :frames]

    def close(self) -> None:
        self._stream.close()
