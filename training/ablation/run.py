"""Climb the ladder: train and measure every rung, then write tables and a picture."""

from pathlib import Path

from pydantic import BaseModel

from bridge.library import MODELS
from bridge.manifest import Manifest
from training.ablation.heard import climb_shipped, climb_statistics, version_of
from training.ablation.pictured import climb_pictures
from training.ablation.report import write_report
from training.ablation.rungs import CONSTANT, DO_NOTHING
from training.ablation.scoring import Scores, constant_answer
from training.ablation.settings import AblationSettings
from training.ablation.site import Site
from training.errors import TrainingError
from training.fit import Folders, pools_of
from training.runs import Experiment, PoolSettings, Run, load_experiment


class _Record(BaseModel):
    """All that decides what the checkpoints hold."""

    settings: AblationSettings
    experiment: Experiment


def ablate(
    name: str,
    manifest: Manifest,
    folders: Folders,
    s: AblationSettings,
    out: Path,
    models: Path = MODELS,
    processes: int = 2,
) -> None:
    """Train every rung on clips of the joint experiment `name`; write `ablation.{json,md,png}`.

    The last two rungs are the exported models below `models`. Goes on where it was stopped. Raises
    TrainingError for an experiment of one plugin alone, ModelError where a model is missing.
    """
    experiment = load_experiment(name)
    if not experiment.joint:
        raise TrainingError(f"{name} trains one plugin alone; name a joint experiment")
    plugins = [manifest.plugin(plugin_id) for plugin_id in s.plugins]
    for plugin in plugins:
        version_of(plugin, models)
    seeds = experiment.pool.model_dump(exclude={"clips", "validation_clips"})
    pool_settings = PoolSettings(**seeds, clips=s.clips, validation_clips=s.validation_clips)
    changed = {"pool": pool_settings, "joint": s.joint}
    experiment = experiment.model_copy(update=changed)
    ladder = f"{name}-ablation"
    run = Run(folders.runs / ladder)
    run.belongs_to(_Record(settings=s, experiment=experiment))
    pools = pools_of(experiment, plugins, folders, processes)
    scores = Scores(run.folder / "scores.json")
    site = Site(experiment, plugins, *pools, folders, run, scores, s, processes)
    _climb_constants(site)
    climb_pictures(site)
    climb_statistics(site)
    climb_shipped(site, models)
    write_report(name, scores, plugins, s, out)


def _climb_constants(site: Site) -> None:
    """The floor, which no network is needed for."""
    if all(site.scores.has([DO_NOTHING, CONSTANT], plugin) for plugin in site.plugins):
        return
    with site.plain_workers() as workers:
        for plugin in site.plugins:
            for rung, bypass in ((DO_NOTHING, True), (CONSTANT, False)):
                answers = [constant_answer(plugin, bypass)] * site.s.cases
                site.scores.measure(rung, site.work(plugin), answers, workers)
