"""Test cases: an input, a reference with other playing, and the target."""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol
from zlib import crc32

import numpy as np

from bridge.arrays import Audio
from bridge.chain import Chain, ChainSetting
from bridge.effects import ChainEffect, load_chain
from training.errors import TrainingError
from training.evaluation.draws import usable_setting
from training.examples import ClipSource, ExampleSource, Task

_CLEAN_SHARE = 0.1


class NoCaseError(TrainingError):
    """A slice has no case of that number: what it asks for cannot be made."""


@dataclass(frozen=True)
class Case:
    """One question. Audio is (1, frames) at `sample_rate` Hz.

    Where `clean`, reference and target are dry. Where not and there is no `truth`, another effect
    made them.
    """

    clip: str
    """The recording that the input comes from."""
    maker: str
    """What made reference and target."""
    sample_rate: int
    dry: Audio
    target: Audio
    reference: Audio
    truth: ChainSetting | None
    clean: bool


class CaseSource(Protocol):
    """Cases by number; the same number gives the same case."""

    def __getitem__(self, index: int, /) -> Case:
        """The case of that number. Raises NoCaseError where there is none."""
        ...


class OwnCases:
    """The reference was made by the plugin itself; one in ten is clean."""

    def __init__(self, chain: Chain, clips: ClipSource) -> None:
        """`chain` has one slot."""
        plugin = chain.slots[0].plugin
        self._chain = chain
        self._examples = ExampleSource(Task(plugin=plugin.id), plugin, clips)

    def __getitem__(self, index: int) -> Case:
        clip = self._examples.clips[index]
        reference, truth = self._examples.reference(index, clip)
        target = self._examples.render(clip.dry, clip.sample_rate, truth)
        setting = ChainSetting(self._chain, (truth,)) if truth else None
        return Case(
            clip.stem,
            self._chain.id,
            clip.sample_rate,
            clip.dry,
            target,
            reference,
            setting,
            setting is None,
        )


class RigCases:
    """The reference was made by the rig itself, at a setting around its start; one in ten clean."""

    def __init__(self, chain: Chain, clips: ClipSource) -> None:
        self._chain, self._clips = chain, clips

    @cached_property
    def _effect(self) -> ChainEffect:
        return load_chain(self._chain)

    def __getitem__(self, index: int) -> Case:
        clip = self._clips[index]
        draw = np.random.default_rng((self._clips.seed, index, crc32(self._chain.id.encode())))
        setting, (target, reference) = None, (clip.dry, clip.other)
        if draw.random() >= _CLEAN_SHARE:
            both = (clip.dry, clip.other)
            setting, (target, reference) = usable_setting(
                self._effect, both, clip.sample_rate, draw
            )
        return Case(
            clip.stem,
            self._chain.id,
            clip.sample_rate,
            clip.dry,
            target,
            reference,
            setting,
            setting is None,
        )
