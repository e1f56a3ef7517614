"""A chain that runs, and its exchange for another one without a click or a gap.

Threads: `process` belongs to the audio loop and waits for nothing. Chains are opened and closed,
which may block, by whoever calls `exchange` and `close_spent`.
"""

import logging
from collections import deque

import numpy as np
from typing_extensions import override

from bridge.arrays import Audio
from bridge.chain import Chain, ChainSetting, Slot
from bridge.closing import Closing
from bridge.effect_host.crossfade import Crossfade, Fade
from bridge.effect_host.delay import Delay
from bridge.effects import ChainEffect, EffectStream
from bridge.errors import PluginFaultError

_log = logging.getLogger(__name__)
WARM_S = 0.05
"""A new chain hears the sound for so long, after its latency, before it is heard itself."""


class RunningChain(Closing):
    """The plugins of a chain, each with its bypass; one that is left out goes on hearing."""

    def __init__(
        self, effect: ChainEffect, sample_rate: float, channels: int, setting: ChainSetting
    ) -> None:
        """Blocking: opens the plugins. Raises EffectError where one refuses."""
        self.chain = effect.chain
        self._applied = setting
        self._failed: set[str] = set()
        """Slots whose plugin has crashed or hung; the sound goes past them."""
        self._stream = effect.open(sample_rate, channels, setting)
        self.latency_frames = self._stream.latency_frames
        self._delay = Delay(channels, self.latency_frames)
        slots = zip(self.chain.slots, self._stream.streams, strict=True)
        self._crossfades = [
            Crossfade(sample_rate, channels, stream.latency_frames, slot.id in setting.bypassed)
            for slot, stream in slots
        ]

    def process(self, audio: Audio, setting: ChainSetting) -> tuple[Audio, Audio]:
        """The next block, plain and processed, both late by `latency_frames`.

        A setting of another chain changes nothing.
        """
        if setting is not self._applied and setting.chain is self.chain:
            self._applied = setting
            self._set(setting)
        plain = self._delay.process(audio)
        slots = zip(self.chain.slots, self._stream.streams, self._crossfades, strict=True)
        for slot, stream, crossfade in slots:
            is_bypassed = slot.id in self._applied.bypassed
            wet = self._processed(slot, stream, audio)
            audio = crossfade.mix(audio, wet, is_bypassed or slot.id in self._failed)
        return plain, audio

    @override
    def close(self) -> None:
        self._stream.close()

    def _set(self, setting: ChainSetting) -> None:
        slots = zip(self.chain.slots, self._stream.streams, setting.settings, strict=True)
        for slot, stream, its_setting in slots:
            if slot.id not in self._failed:
                try:
                    stream.set(its_setting)
                except PluginFaultError as fault:
                    self._give_up(slot, fault)

    def _processed(self, slot: Slot, stream: EffectStream, audio: Audio) -> Audio:
        """What the slot's plugin makes of it; silence from a plugin that has failed."""
        if slot.id not in self._failed:
            try:
                return stream.process(audio)
            except PluginFaultError as fault:
                self._give_up(slot, fault)
        return np.zeros_like(audio)

    def _give_up(self, slot: Slot, fault: PluginFaultError) -> None:
        self._failed.add(slot.id)
        _log.warning(
            "%s is left out from here on: %s; load the chain again to try it", slot.id, fault
        )


class ChainPlayer(Closing):
    """Plays a chain until another one takes its place."""

    def __init__(self, first: RunningChain, sample_rate: int) -> None:
        """Owns the chains it is given."""
        self._rate = sample_rate
        self._playing = first
        self._next: RunningChain | None = None
        self._unheard_frames = 0
        self._fade = Fade(sample_rate)
        self._coming: deque[RunningChain] = deque()
        self._spent: deque[RunningChain] = deque()

    @property
    def exchanging(self) -> bool:
        """Whether a chain is on its way that is not yet heard alone."""
        return bool(self._next or self._coming)

    def exchange(self, chain: RunningChain) -> None:
        """Go over to this chain, from any thread."""
        self._coming.append(chain)

    def close_spent(self) -> None:
        """Blocking: free the chains that are no longer heard."""
        while self._spent:
            self._spent.popleft().close()

    def process(self, audio: Audio, setting: ChainSetting) -> tuple[Audio, Audio]:
        """The next block, plain and processed; `setting` reaches the chain it is of."""
        playing = self._playing.process(audio, setting)
        if self._next is None and self._coming:
            self._next = self._coming.popleft()
            self._unheard_frames = self._next.latency_frames + round(WARM_S * self._rate)
            self._fade = Fade(self._rate)
        if self._next is None:
            return playing
        following = self._next.process(audio, setting)
        if self._unheard_frames > 0:
            self._unheard_frames -= audio.shape[1]
            return playing
        # The plain sound goes over as well: the two chains may differ in their latency.
        plain, processed = self._fade.mix(np.stack(playing), np.stack(following), to_second=True)
        if self._fade.share == 1.0:
            self._spent.append(self._playing)
            self._playing, self._next = self._next, None
        return plain, processed

    @override
    def close(self) -> None:
        self.close_spent()
        for chain in (self._playing, self._next, *self._coming):
            if chain is not None:
                chain.close()


def carried_over(setting: ChainSetting, chain: Chain) -> ChainSetting:
    """A setting of `chain`: a slot that is in both keeps its values and its bypass."""
    before = {
        slot.id: its_setting
        for slot, its_setting in zip(setting.chain.slots, setting.settings, strict=True)
    }
    kept = {
        slot.id
        for slot in chain.slots
        if slot.id in before and before[slot.id].plugin == slot.plugin
    }
    return ChainSetting(
        chain,
        tuple(before[slot.id] if slot.id in kept else slot.start for slot in chain.slots),
        setting.bypassed & kept,
    )
