"""The rungs of the statistics: learned together, as they are shipped, and refined by rendering.

Only what is shipped has a critic for its encoder, so only its answers are refined.
"""

from pathlib import Path

import numpy as np

from bridge.library import CARD_FILE
from bridge.manifest import PluginSpec
from bridge.models.cards import file_sha256
from training.ablation.rungs import SHIPPED, SHIPPED_RENDERING, STATISTICS, stage_of
from training.ablation.scoring import answer_with_models
from training.ablation.site import Site
from training.estimators import estimator_of
from training.fit import learn_together, new_networks
from training.networks import Predictor
from training.pool import hear
from training.spsa import fine_tune


def climb_statistics(site: Site) -> None:
    """Train and score encoder and predictors."""
    if all(site.scores.has([STATISTICS], plugin) for plugin in site.plugins):
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


def climb_shipped(site: Site, models: Path) -> None:
    """Score the exported models, again where they have changed."""
    versions = {plugin.id: version_of(plugin, models) for plugin in site.plugins}
    rungs = (SHIPPED, SHIPPED_RENDERING)
    missing = [p for p in site.plugins if not site.scores.has(rungs, p, versions[p.id])]
    if not missing:
        return
    with site.plain_workers() as workers:
        for plugin in missing:
            work = site.work(plugin)
            jobs = [(work, models, index) for index in range(site.s.cases)]
            pairs = workers.starmap(answer_with_models, jobs, chunksize=1)
            for rung, answers in zip(rungs, zip(*pairs, strict=True), strict=True):
                site.scores.measure(rung, work, answers, workers, versions[plugin.id])


def version_of(plugin: PluginSpec, models: Path) -> str:
    """The hash of a predictor's card, which names those of the model and of its encoder; and the
    critic's.

    Raises ModelError where one is missing or does not fit.
    """
    critic = estimator_of(plugin, models).critic
    return f"{file_sha256(models / str(plugin.model) / CARD_FILE)} {critic.card.sha256}"
