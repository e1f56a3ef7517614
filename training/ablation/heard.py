"""The rungs of the statistics: learned together, refined by rendering, and as they are shipped."""

from pathlib import Path

import numpy as np

from bridge.library import CARD_FILE
from bridge.manifest import Manifest, PluginSpec
from bridge.models.cards import file_sha256
from training.ablation.rungs import RENDERING, SHIPPED, SHIPPED_RENDERING, STATISTICS, stage_of
from training.ablation.scoring import answer_with_models
from training.ablation.site import Site
from training.estimators import estimator_of
from training.fit import Trained, export_run, learn_together, new_networks
from training.networks import Predictor
from training.pool import hear
from training.spsa import fine_tune


def climb_statistics(site: Site, name: str, manifest: Manifest) -> None:
    """Train and score encoder and predictors, then export them and refine their answers."""
    if all(site.scores.has([STATISTICS, RENDERING], plugin) for plugin in site.plugins):
        return
    networks = new_networks(site.plugins)
    equal = {p.id: np.ones(len(p.predicted), np.float32) for p in site.plugins}
    learn_together(
        networks, site.plugins, equal, site.pool, site.validation, site.run, site.s.joint
    )
    networks.train(False)
    predictors: dict[str, Predictor] = dict(networks.predictors.items())  # type: ignore[arg-type]
    for plugin in site.plugins:
        predictor, stage = predictors[plugin.id], stage_of(STATISTICS, plugin.id)
        with site.tuning_workers(plugin, hear) as workers:
            fine_tune(networks.encoder, predictor, workers, site.run, stage, 0, site.s.tuned)
            site.measure(plugin, [(STATISTICS, networks.encoder, predictor)], workers)
    models = site.run.folder / "models"
    models.mkdir(exist_ok=True)
    trained = Trained(site.experiment, networks.encoder, predictors)
    export_run(name, trained, manifest, site.folders, models, site.processes)
    _score_models(site, models, {RENDERING: 1}, {plugin.id: "" for plugin in site.plugins})


def climb_shipped(site: Site, models: Path) -> None:
    """Score the exported models, again where they have changed."""
    versions = {plugin.id: version_of(plugin, models) for plugin in site.plugins}
    _score_models(site, models, {SHIPPED: 0, SHIPPED_RENDERING: 1}, versions)


def version_of(plugin: PluginSpec, models: Path) -> str:
    """The hash of a predictor's card, which names those of the model and of its encoder.

    Raises ModelError where one is missing or does not fit.
    """
    estimator_of(plugin, models)
    return file_sha256(models / str(plugin.model) / CARD_FILE)


def _score_models(
    site: Site, models: Path, rungs: dict[str, int], versions: dict[str, str]
) -> None:
    """`rungs` names which of a case's two answers, the network's or the refined one, is whose."""
    missing = [p for p in site.plugins if not site.scores.has([*rungs], p, versions[p.id])]
    if not missing:
        return
    with site.plain_workers() as workers:
        for plugin in missing:
            work = site.work(plugin)
            jobs = [(work, models, index) for index in range(site.s.cases)]
            answers = workers.starmap(answer_with_models, jobs, chunksize=1)
            for rung, which in rungs.items():
                found = [pair[which] for pair in answers]
                site.scores.measure(rung, work, found, workers, versions[plugin.id])
