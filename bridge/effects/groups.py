"""Any number of channels through a plugin that has a fixed number of them."""

from abc import abstractmethod
from collections.abc import Callable

import numpy as np
from typing_extensions import override

from bridge.arrays import Audio
from bridge.closing import Closing
from bridge.effects.base import EffectStream
from bridge.errors import EffectError
from bridge.manifest import Setting


class Instance(Closing):
    """One plugin instance with as many inputs as outputs, or more of one of them."""

    latency_frames: int = 0

    @abstractmethod
    def set(self, setting: Setting) -> None:
        """Turn the knobs; heard from the next block on."""

    @abstractmethod
    def process(self, audio: Audio) -> Audio:
        """Audio of shape (inputs, frames) to (outputs, frames)."""


class GroupedStream(EffectStream):
    """One instance for every group of as many channels as the plugin takes.

    A group of one channel is fed to all inputs and comes out as the mean of the outputs.
    """

    def __init__(
        self, make: Callable[[], Instance], channels: int, inputs: int, outputs: int
    ) -> None:
        """`make` gives a fresh instance with these numbers of inputs and outputs, at least one."""
        width = min(inputs, outputs)
        self._inputs = inputs
        self._groups = [
            slice(start, min(start + width, channels)) for start in range(0, channels, width)
        ]
        self._instances: list[Instance] = []
        try:
            for _ in self._groups:
                self._instances.append(make())
        except BaseException:
            self.close()
            raise
        self.latency_frames = self._instances[0].latency_frames

    @override
    def set(self, setting: Setting) -> None:
        for instance in self._instances:
            instance.set(setting)

    @override
    def process(self, audio: Audio) -> Audio:
        if not self._instances:
            raise EffectError("the stream is closed; open another one")
        if audio.shape[1] == 0:
            return audio.copy()
        parts = []
        for instance, group in zip(self._instances, self._groups, strict=True):
            channels = group.stop - group.start
            # A copy, as a plugin may write its output over what it reads.
            rows = [group.start + min(row, channels - 1) for row in range(self._inputs)]
            result = instance.process(audio[rows])
            parts.append(result[:channels] if channels > 1 else result.mean(axis=0, keepdims=True))
        return np.concatenate(parts)

    @override
    def close(self) -> None:
        while self._instances:
            self._instances.pop().close()
