"""A chain of plugins as one effect: sound goes through the slots in order."""

from collections.abc import Sequence

import numpy as np
from typing_extensions import override

from bridge.arrays import Audio
from bridge.chain import Chain, ChainSetting
from bridge.closing import Closing
from bridge.effects.base import Effect, EffectStream
from bridge.effects.loading import load_effect
from bridge.errors import EffectError

_WARM_UP_HZ = 48_000


class ChainEffect:
    """The installed plugins of a chain."""

    def __init__(self, chain: Chain, effects: Sequence[Effect]) -> None:
        """`effects` are the slots' plugins, in order."""
        self.chain = chain
        self.effects = tuple(effects)

    def open(self, sample_rate: float, channels: int, setting: ChainSetting) -> "ChainStream":
        """A fresh stream; raises EffectError as `Effect.open` does."""
        self._check(setting)
        return ChainStream(self, sample_rate, channels, setting)

    def render(self, audio: Audio, sample_rate: float, setting: ChainSetting) -> Audio:
        """Whole audio, (channels, frames), through fresh plugins: same input, same bits.

        A slot that is left out is not rendered.
        """
        self._check(setting)
        slots = zip(self.chain.slots, self.effects, setting.settings, strict=True)
        for slot, effect, its_setting in slots:
            if slot.id not in setting.bypassed:
                audio = effect.render(audio, sample_rate, its_setting)
        return np.asarray(audio, np.float32)

    def warm_up(self) -> None:
        """Do what takes long the first time: a plugin may start a process, or make trials.

        Raises EffectError where a plugin does not open.
        """
        self.render(np.zeros((1, 1), np.float32), _WARM_UP_HZ, ChainSetting.start(self.chain))

    def _check(self, setting: ChainSetting) -> None:
        if setting.chain != self.chain:
            raise EffectError(f"{self.chain.id} cannot take a setting of {setting.chain.id}")


class ChainStream(Closing):
    """The running plugins of a chain, all of them in the sound; each may be heard by itself."""

    def __init__(
        self, effect: ChainEffect, sample_rate: float, channels: int, setting: ChainSetting
    ) -> None:
        self.streams: list[EffectStream] = []
        """One a slot, in order."""
        try:
            for each, its_setting in zip(effect.effects, setting.settings, strict=True):
                self.streams.append(each.open(sample_rate, channels, its_setting))
        except BaseException:
            self.close()
            raise
        self.latency_frames = sum(stream.latency_frames for stream in self.streams)

    def set(self, setting: ChainSetting) -> None:
        """Turn the knobs; heard from the next block on."""
        for stream, its_setting in zip(self.streams, setting.settings, strict=True):
            stream.set(its_setting)

    def process(self, audio: Audio) -> Audio:
        """Audio of shape (channels, frames), any number of frames, to the same shape."""
        for stream in self.streams:
            audio = stream.process(audio)
        return audio

    @override
    def close(self) -> None:
        while self.streams:
            self.streams.pop().close()


def load_chain(chain: Chain) -> ChainEffect:
    """The chain, ready to render. Raises EffectError, saying what to install, where it is not."""
    effects = [load_effect(slot.plugin) for slot in chain.slots]
    for effect in effects:
        effect.prepare()
    return ChainEffect(chain, effects)
