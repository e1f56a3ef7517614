"""References made by another maker's effect of the same kind, which no setting can reach exactly.

`counterparts.yaml` says which effect stands against which plugin.
"""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from zlib import crc32

import numpy as np
import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from bridge.effects import Effect, load_effect
from bridge.errors import EffectError
from bridge.manifest import Manifest, PluginSpec
from training.errors import TrainingError
from training.evaluation.cases import Case, usable_setting
from training.examples import ClipSource

COUNTERPARTS = Path(__file__).parent / "counterparts.yaml"


class Counterparts(BaseModel):
    """Which effects stand against a plugin, by ids, and those that are not in the manifest."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    counterparts: dict[str, tuple[str, ...]]
    plugins: tuple[PluginSpec, ...]

    def of(self, plugin: PluginSpec, manifest: Manifest) -> tuple[PluginSpec, ...]:
        """The installed counterparts of a plugin.

        Raises TrainingError, saying why, where there is none.
        """
        ids = self.counterparts.get(plugin.id, ())
        if not ids:
            raise TrainingError(f"{plugin.id}: no counterpart is listed in {COUNTERPARTS.name}")
        own = {other.id: other for other in self.plugins}
        found, reasons = [], []
        for name in ids:
            counterpart = own.get(name) or manifest.plugin(name)
            try:
                load_effect(counterpart)
            except EffectError as error:
                reasons.append(str(error))
            else:
                found.append(counterpart)
        if not found:
            raise TrainingError("; ".join(reasons))
        return tuple(found)


def load_counterparts(path: Path = COUNTERPARTS) -> Counterparts:
    """Read the table. Raises TrainingError, naming the file and the place, where it is not valid.

    Every plugin is described as in the manifest.
    """
    try:
        return Counterparts.model_validate(yaml.safe_load(path.read_text()))
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(map(str, fault["loc"]))
        raise TrainingError(f"{path}, {place}: {fault['msg']}; correct it") from None


class CrossCases:
    """The counterparts take turns; every case has a random setting."""

    def __init__(self, counterparts: Sequence[PluginSpec], clips: ClipSource) -> None:
        self._counterparts = counterparts
        self._clips = clips

    @cached_property
    def _effects(self) -> list[Effect]:
        return [load_effect(counterpart) for counterpart in self._counterparts]

    def __getitem__(self, index: int) -> Case:
        clip = self._clips[index]
        effect = self._effects[index % len(self._effects)]
        name = crc32(effect.plugin.id.encode())
        draw = np.random.default_rng((self._clips.seed, index, name))
        _, (target, reference) = usable_setting(
            effect, (clip.dry, clip.other), clip.sample_rate, draw
        )
        return Case(clip.sample_rate, clip.dry, target, reference, truth=None, clean=False)
