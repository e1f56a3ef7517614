"""Several channels heard as one: the mean of those that count.

A channel that is silent beside the others does not count, nor one that is the inverse of a louder
one: in a mean the first would halve the sound, and the second take it away.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from bridge.arrays import Audio

SILENT_DB = -40.0
"""A channel so far below the loudest holds hum or crosstalk, and nothing that is played."""
INVERTED = -0.8
"""Correlation of two channels below which one of them counts as the other's inverse."""
_SILENT_BEFORE_DB, _INVERTED_BEFORE, _CHOSEN_BEFORE_DB = 6.0, 0.2, 3.0
"""How far a stream's channel has to come back before what was found of it no longer holds."""
MEMORY_S = 3.0
"""How long a stream's channels are remembered."""
SETTLED_S = 2.0
"""Sound after which what was found of a stream's channels is sure enough to be told."""
_FADE_S = 0.02
_SOUNDING = 1e-6
"""Power of a channel in a block, -60 dBFS, below which the block says nothing of channels."""

Products = npt.NDArray[np.float64]
"""Sums over time of the products of every two channels, (channels, channels)."""


def products_of(audio: Audio) -> Products:
    """The products of audio (channels, frames)."""
    return np.asarray(audio @ audio.T, np.float64)


@dataclass(frozen=True)
class ChannelMix:
    """Which channels, counted from 0, are heard together, and why others are not."""

    channels: int
    silent: frozenset[int] = frozenset()
    inverted: frozenset[int] = frozenset()
    """Those that would take a louder one away."""

    @classmethod
    def of(cls, audio: Audio) -> Self:
        """What fits a whole recording, (channels, frames)."""
        return cls(1) if len(audio) == 1 else cls.of_products(products_of(audio))

    @classmethod
    def of_products(cls, products: Products, before: "ChannelMix | None" = None) -> Self:
        """What fits channels of these products; `before` holds on where it is nearly as good."""
        before = before or cls(len(products))
        powers = np.diag(products)
        least = powers.max(initial=0.0) * 10 ** (SILENT_DB / 10)
        back = 10 ** (_SILENT_BEFORE_DB / 10)
        silent = frozenset(
            number
            for number, power in enumerate(powers)
            if power < least * (back if number in before.silent else 1.0)
        )
        inverted = _inverted(products, silent, before)
        return cls(len(products), silent, inverted)

    @property
    def counting(self) -> tuple[int, ...]:
        """The channels that are heard."""
        left_out = self.silent | self.inverted
        return tuple(number for number in range(self.channels) if number not in left_out)

    def apply(self, audio: Audio) -> Audio:
        """Audio (channels, frames) as one channel, (frames,)."""
        heard = audio if len(self.counting) == len(audio) else audio[list(self.counting)]
        return np.asarray(heard.mean(axis=0), np.float32)

    @property
    def advice(self) -> list[str]:
        """What there is to say of the channels, one sentence each."""
        heard = f"only {_names(self.counting)} is listened to"
        if len(self.counting) > 1:
            heard = f"{_names(self.counting)} are listened to"
        sentences = []
        if self.silent:
            are = "is" if len(self.silent) == 1 else "are"
            sentences.append(f"{_names(self.silent).capitalize()} {are} silent; {heard}.")
        if self.inverted:
            sentences.append(
                f"Its channels cancel each other, as if {_names(self.inverted)} were inverted;"
                f" {heard}."
            )
        return sentences


class StreamMix:
    """The mix of a stream. What was heard over seconds decides it, so blocks do not flicker."""

    def __init__(self, sample_rate: float) -> None:
        self._rate = sample_rate
        self._products: Products | None = None
        self._sounded = False
        self._settled_s = 0.0
        self._mix: ChannelMix | None = None

    @property
    def advice(self) -> list[str]:
        """What there is to say of the channels, once it is sure."""
        return self._mix.advice if self._mix and self._settled_s >= SETTLED_S else []

    def process(self, block: Audio) -> Audio:
        """The next block, (channels, frames), as one channel, (frames,)."""
        if not block.size:
            return np.zeros(block.shape[1], np.float32)
        before, self._mix = self._mix, self._next(block)
        mono = self._mix.apply(block)
        if before is not None and before != self._mix:
            self._settled_s = 0.0
            mono = self._faded(before.apply(block), mono)
        return mono

    def _next(self, block: Audio) -> ChannelMix:
        frames = block.shape[1]
        products = products_of(block)
        sounds = bool(products.diagonal().max() > _SOUNDING * frames)
        if self._mix is not None and self._sounded and not sounds:
            # A pause: noise must not decide what is played.
            return self._mix
        if self._products is None or sounds > self._sounded:
            self._products = products
        else:
            kept = np.exp(-frames / (MEMORY_S * self._rate))
            self._products = kept * self._products + products
        self._sounded |= sounds
        self._settled_s += frames / self._rate if sounds else 0.0
        return ChannelMix.of_products(self._products, self._mix)

    def _faded(self, old: Audio, new: Audio) -> Audio:
        share = np.minimum(np.arange(1, len(new) + 1) / max(_FADE_S * self._rate, 1), 1)
        return np.asarray(old + share * (new - old), np.float32)


def _inverted(products: Products, silent: frozenset[int], before: ChannelMix) -> frozenset[int]:
    powers = np.diag(products)
    behind = 10 ** (-_CHOSEN_BEFORE_DB / 10)
    rank = {n: powers[n] * (behind if n in before.inverted else 1.0) for n in range(len(powers))}
    inverted: set[int] = set()
    heard: list[int] = []
    for number in sorted(rank, key=lambda n: -rank[n]):
        if number in silent:
            continue
        least = INVERTED + (_INVERTED_BEFORE if number in before.inverted else 0.0)
        if any(_correlation(products, number, other) < least for other in heard):
            inverted.add(number)
        else:
            heard.append(number)
    return frozenset(inverted)


def _correlation(products: Products, one: int, other: int) -> float:
    return float(
        products[one, other] / max(np.sqrt(products[one, one] * products[other, other]), 1e-30)
    )


def _names(numbers: frozenset[int] | tuple[int, ...]) -> str:
    """The channels as a player counts them, from 1."""
    told = [str(number + 1) for number in sorted(numbers)]
    return f"channel {told[0]}" if len(told) == 1 else f"channels {', '.join(told)}"
