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

from bridge.chain import Chain, chain_of
from bridge.effects import ChainEffect, load_chain
from bridge.errors import EffectError
from bridge.manifest import Manifest, PluginSpec
from training.errors import TrainingError
from training.evaluation.cases import Case, NoCaseError
from training.evaluation.draws import usable_setting
from training.examples import ClipSource

COUNTERPARTS = Path(__file__).parent / "counterparts.yaml"


class Counterparts(BaseModel):
    """Which effects stand against a plugin or a rig, and those that are not in the manifest."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    counterparts: dict[str, tuple[str, ...]]
    """By the id of a plugin or rig, what `chain_of` understands, or ids of `plugins`."""
    plugins: tuple[PluginSpec, ...]

    def of(self, chain: Chain, manifest: Manifest) -> tuple[Chain, ...]:
        """The installed counterparts of a plugin as a chain of one, or of a rig.

        Raises NoCaseError, saying why, where there is none.
        """
        names = self.counterparts.get(chain.id, ())
        if not names:
            raise NoCaseError(f"{chain.id}: no counterpart is listed in {COUNTERPARTS.name}")
        own = {other.id: other for other in self.plugins}
        found, reasons = [], []
        for name in names:
            counterpart = Chain.of_plugin(own[name]) if name in own else chain_of(name, manifest)
            try:
                load_chain(counterpart)
            except EffectError as error:
                reasons.append(str(error))
            else:
                found.append(counterpart)
        if not found:
            raise NoCaseError("; ".join(reasons))
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

    def __init__(self, counterparts: Sequence[Chain], clips: ClipSource) -> None:
        self._counterparts = counterparts
        self._clips = clips

    @cached_property
    def _effects(self) -> list[ChainEffect]:
        return [load_chain(counterpart) for counterpart in self._counterparts]

    def __getitem__(self, index: int) -> Case:
        clip = self._clips[index]
        effect = self._effects[index % len(self._effects)]
        name = crc32(effect.chain.id.encode())
        draw = np.random.default_rng((self._clips.seed, index, name))
        _, (target, reference) = usable_setting(
            effect, (clip.dry, clip.other), clip.sample_rate, draw
        )
        return Case(
            clip.stem,
            effect.chain.id,
            clip.sample_rate,
            clip.dry,
            target,
            reference,
            truth=None,
            clean=False,
        )
