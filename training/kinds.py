"""The network of kinds: which family of effects is likely to have made a reference.

It is a predictor like every other, of a plugin whose one parameter is the family, on the shipped
encoder. So that it knows more than the plugins with models, it learns from all shipped plugins of a
known family.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from bridge.analysis.features import FeatureSettings
from bridge.arrays import Floats
from bridge.kinds import KINDS, LEARNED, family_of
from bridge.library import Library
from bridge.manifest import Manifest, PluginSpec
from bridge.models import load_encoder
from training.calibration import calibrate
from training.errors import TrainingError
from training.export import record_beside, write_predictor
from training.fit import Folders
from training.joint import Networks, train_joint
from training.learning.frozen import FrozenEncoder, embedded
from training.learning.run import CLIPS as LEARNT_ON
from training.networks import Predictor
from training.pool import Heard, Pool, Wet, load_pool
from training.runs import JointSettings, Run

CLIPS = LEARNT_ON.model_copy(update={"halves_s": (FeatureSettings().least_s,)})
EXPERIMENT = "kinds"
_SEED, _VALIDATION_SEED = 31, 32
_HIDDEN = 72
"""Units of a layer: one parameter needs few, and all models together must stay small."""
_MOST = 3
"""Families of more plugins than this are thinned out, and smaller ones repeated, to so many."""


@dataclass(frozen=True)
class Settings:
    """How much it learns from; every clip goes through every plugin."""

    clips: int = 2_048
    validation_clips: int = 128
    epochs: int = 12


def train_kinds(
    settings: Settings, folders: Folders, models: Path, manifest: Manifest, workers: int = 2
) -> None:
    """Train the network and write it below `models`; goes on where it was stopped."""
    library = Library.of_models(models)
    encoder = load_encoder(library)
    plugins = heard(manifest)
    pools = [
        load_pool(
            plugins,
            clips,
            encoder.card.features,
            folders.data,
            split,
            seed,
            count,
            processes=workers,
        )
        for clips, split, seed, count in (
            (CLIPS, "train", _SEED, settings.clips),
            (CLIPS.plain, "validation", _VALIDATION_SEED, settings.validation_clips),
        )
    ]
    pool, validation = (by_family(embedded(pool, encoder), plugins) for pool in pools)
    run = Run(folders.runs / f"{EXPERIMENT}-{settings.clips}-{settings.epochs}")
    torch.manual_seed(0)
    predictor = Predictor(KINDS.predicted, hidden=_HIDDEN)
    networks = Networks(FrozenEncoder(), nn.ModuleDict({KINDS.id: predictor}))
    train_joint(
        networks,
        {KINDS.id: KINDS},
        {KINDS.id: np.ones(1, np.float32)},
        pool,
        validation,
        run,
        JointSettings(epochs=settings.epochs),
    )
    calibrate(networks, validation)
    folder = run.folder / (KINDS.model or "")
    shutil.rmtree(folder, ignore_errors=True)
    record = record_beside(encoder.card, EXPERIMENT, folders.data / "corpus")
    rates = CLIPS.sample_rates_hz
    write_predictor(folder, networks, KINDS, validation, rates, encoder.card.sha256, record)
    target = models / folder.name
    target.mkdir(exist_ok=True)
    for path in folder.iterdir():
        path.replace(target / path.name)


def heard(manifest: Manifest) -> Sequence[PluginSpec]:
    """The plugins that it learns from. Raises TrainingError where there are none."""
    plugins = [plugin for plugin in manifest.plugins if family_of(plugin.kind) in LEARNED]
    if not plugins:
        raise TrainingError("no plugin of the manifest is of a known kind; correct `kind`")
    return plugins


def by_family(pool: Pool, plugins: Sequence[PluginSpec]) -> Pool:
    """All references as those of one plugin, whose setting is the family; about as many of each."""
    families = [family_of(plugin.kind) or "" for plugin in plugins]
    rows: list[npt.NDArray[np.int_]] = []
    parts: list[tuple[npt.NDArray[np.float16], Floats]] = []
    truths: list[Floats] = []
    for plugin, family in zip(plugins, families, strict=True):
        wet = pool.wet[plugin.id]
        chosen = _chosen(len(pool), families.count(family), families[: len(parts)].count(family))
        parts.append((wet.heard.vectors[chosen], wet.heard.levels[chosen]))
        truth = np.full((len(chosen), 1), LEARNED.index(family) / (len(LEARNED) - 1), np.float32)
        truths.append(np.where(wet.clean[chosen, None], np.float32("nan"), truth))
        rows.append(chosen)
    places = np.concatenate(rows)
    vectors, levels = (np.concatenate(one) for one in zip(*parts, strict=True))
    return Pool(
        Heard(pool.dry.vectors[places], pool.dry.levels[places]),
        pool.sample_rates[places],
        {KINDS.id: Wet(Heard(vectors, levels), np.concatenate(truths))},
    )


def _chosen(count: int, of_family: int, nth: int) -> npt.NDArray[np.int_]:
    """Rows of the nth plugin of a family of so many."""
    rows = np.arange(count)
    if of_family <= _MOST:
        return np.tile(rows, round(_MOST / of_family))
    # Clips go round among the family's plugins.
    return rows[(rows + nth) % of_family < _MOST]
