"""Test cases: an input, a reference with other playing, and the target."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from bridge.arrays import Audio
from bridge.effects import Effect
from bridge.manifest import PluginSpec, Setting
from training.errors import TrainingError
from training.examples import ClipSource, ExampleSource, Task, is_usable

_MAX_REDRAWS = 50


@dataclass(frozen=True)
class Case:
    """One question. Audio is (1, frames) at `sample_rate` Hz.

    Where `clean`, reference and target are dry. Where not and there is no `truth`, another effect
    made them.
    """

    sample_rate: int
    dry: Audio
    target: Audio
    reference: Audio
    truth: Setting | None
    clean: bool


class CaseSource(Protocol):
    """Cases by number; the same number gives the same case."""

    def __getitem__(self, index: int, /) -> Case:
        """The case of that number."""
        ...


class OwnCases:
    """The reference was made by the plugin itself; one in ten is clean."""

    def __init__(self, plugin: PluginSpec, clips: ClipSource) -> None:
        self._examples = ExampleSource(Task(plugin=plugin.id), plugin, clips)

    def __getitem__(self, index: int) -> Case:
        e = self._examples[index]
        return Case(e.sample_rate, e.dry, e.target, e.reference, e.truth, e.truth is None)


def usable_setting(
    effect: Effect, audio: Sequence[Audio], sample_rate: int, draw: np.random.Generator
) -> tuple[Setting, list[Audio]]:
    """A random setting, uniform in the normalised ranges, and all `audio` rendered with it.

    Settings that leave silence or noise of any are drawn again. Raises TrainingError where all do.
    """
    for _ in range(_MAX_REDRAWS):
        values = draw.random(len(effect.plugin.predicted)).tolist()
        setting = Setting.of_predicted(effect.plugin, values)
        wet = [effect.render(some, sample_rate, setting) for some in audio]
        if all(is_usable(some) for some in wet):
            return setting, wet
    raise TrainingError(
        f"{effect.plugin.id}: {_MAX_REDRAWS} settings in a row leave silence or noise;"
        " narrow its ranges"
    )
