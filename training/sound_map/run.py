"""Build, export and measure the maps of several plugins; each in a process of its own."""

import hashlib
import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict
from rich.progress import track

from bridge.arrays import Floats
from bridge.effects import load_effect
from bridge.estimate.sound_map import load_map
from bridge.library import Library
from bridge.manifest import PluginSpec
from bridge.models import load_encoder
from bridge.models.maps import MAP_FOLDER
from training.errors import TrainingError
from training.evaluation.intervals import Json
from training.files import write_whole
from training.fit import Folders, pools_of
from training.pool import Heard
from training.runs import load_experiment
from training.sound_map.building import build, write
from training.sound_map.judging import judge
from training.sound_map.measuring import measure
from training.sound_map.sounds import embed, examples
from training.sound_map.tables import markdown
from training.workers import as_done, executor

NAME = "sound_map"


class Settings(BaseModel):
    """How large maps are, and how much is measured."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    points: int = 1_024
    """Settings that are laid out."""
    clips: int = 8_192
    """Of the pool, that are learned from."""
    lines: int = 16
    """Lines of every kind that are rendered and listened to."""


class _Job(NamedTuple):
    plugin: PluginSpec
    settings: Settings
    folders: Folders
    models: Path
    path: Path


def make_maps(
    plugins: Sequence[PluginSpec],
    settings: Settings,
    folders: Folders,
    models: Path,
    out: Path,
    processes: int = 2,
) -> None:
    """Export a map beside each plugin's predictor; `sound_map.md` and `sound_map.json` below `out`.

    What is in OUT/sound_map for the same encoder, plugin and settings is not made again. Raises
    TrainingError where the encoder's experiment has no pool to learn from.
    """
    encoder = load_encoder(Library.of_models(models)).card
    load_experiment(encoder.experiment)
    jobs = []
    for plugin in plugins:
        job = _Job(plugin, settings, folders, models, out / NAME / f"{plugin.id}.json")
        if not _is_done(job, encoder.sha256):
            jobs.append(job)
    if jobs:
        with executor(min(processes, len(jobs))) as pool:
            list(track(as_done(pool, _make, jobs), "sound maps", total=len(jobs)))
    found = [json.loads(path.read_text()) for path in sorted((out / NAME).glob("*.json"))]
    report: Json = {"settings": settings.model_dump(), "maps": found}
    write_whole(out / f"{NAME}.json", json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    write_whole(out / f"{NAME}.md", markdown(report))


def _is_done(job: _Job, encoder_sha256: str) -> bool:
    if not job.path.exists():
        return False
    known: Json = json.loads(job.path.read_text())
    return bool(known["key"] == _key(job, encoder_sha256))


def _key(job: _Job, encoder_sha256: str) -> str:
    """Hash of all that decides a map and what is measured of it, but for the code."""
    described = [
        job.plugin.model_dump(exclude={"name", "kind"}),
        job.settings.model_dump(),
        encoder_sha256,
    ]
    return hashlib.sha256(json.dumps(described).encode()).hexdigest()[:16]


def _make(job: _Job) -> None:
    plugin, models = job.plugin, job.models
    if plugin.model is None:
        raise TrainingError(f"{plugin.id}: train a model first; the map goes beside it")
    encoder, effect = load_encoder(Library.of_models(models)), load_effect(plugin)
    experiment = encoder.card.experiment
    played = _dry(experiment, job.folders, models, job.settings.clips)
    pools = pools_of(load_experiment(experiment), [plugin], job.folders)
    heard, unheard = (
        examples(pool.dry, dry, pool.wet[plugin.id], encoder)
        for pool, dry in zip(pools, played, strict=True)
    )
    built = build(plugin, heard, job.settings.points)
    learned = judge(built, unheard)
    write(built, plugin, encoder.card, heard.wet, learned, models / plugin.model / MAP_FOLDER)
    corpus = job.folders.data / "corpus"
    report: Json = {
        "key": _key(job, encoder.card.sha256),
        "plugin": plugin.id,
        "name": plugin.name,
        "parameters": len(plugin.predicted),
        "learned": learned,
        "systems": measure(
            load_map(plugin, Library.of_models(models)), effect, encoder, corpus, job.settings.lines
        ),
    }
    write_whole(job.path, json.dumps(report, indent=1, ensure_ascii=False) + "\n")


@lru_cache(maxsize=1)
def _dry(experiment: str, folders: Folders, models: Path, clips: int) -> tuple[Floats, Floats]:
    """Embeddings of the dry clips of both pools, which are the same for every plugin."""
    encoder = load_encoder(Library.of_models(models))
    training, validation = pools_of(load_experiment(experiment), [], folders)
    some = Heard(training.dry.vectors[:clips], training.dry.levels[:clips])
    return embed(some, encoder), embed(validation.dry, encoder)
