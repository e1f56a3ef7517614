"""The rungs whose predictors see pictures: from the published method to the heads."""

from collections.abc import Iterator
from copy import deepcopy
from multiprocessing.pool import Pool as Workers

import numpy as np
import torch
from torch import nn

from bridge.manifest import PluginSpec
from training.ablation.contrast import train_contrast
from training.ablation.points import point_loss, points_alone
from training.ablation.rungs import (
    CONTRAST,
    HEADS,
    PICTURE_RUNGS,
    REGRESSION,
    SPSA,
    VAE,
    stage_of,
)
from training.ablation.seeing import Eye, see
from training.ablation.site import Site
from training.baseline.heads import Evidence, Loss, learn
from training.baseline.networks import PictureEncoder
from training.baseline.pictures import Pictures, load_pictures
from training.baseline.vae import latents, train_vae
from training.joint import SettingLoss
from training.networks import Predictor
from training.spsa import fine_tune

_Rung = tuple[str, nn.Module, Predictor]


def climb_pictures(site: Site) -> None:
    """Train and score `PICTURE_RUNGS` of every plugin."""
    missing = [p for p in site.plugins if not site.scores.has(PICTURE_RUNGS, p)]
    if not missing:
        return
    drawn = site.experiment.pool
    pictures = load_pictures(
        site.plugins,
        site.experiment.clips,
        site.folders.data,
        "train",
        drawn.seed,
        drawn.clips,
        site.processes,
        targets=True,
    )
    encoder = _train_vae(site, pictures)
    contrasted = deepcopy(encoder)
    clean = {plugin.id: site.pool.wet[plugin.id].clean for plugin in site.plugins}
    train_contrast(contrasted, pictures, clean, site.run, site.s.contrast)
    plain, trained = _View(site, encoder, pictures), _View(site, contrasted, pictures)
    for plugin in missing:
        with site.tuning_workers(plugin, see) as workers:
            site.measure(plugin, _rungs(site, plugin, plain, trained, workers), workers)


def _train_vae(site: Site, pictures: Pictures) -> PictureEncoder:
    torch.manual_seed(0)
    encoder = PictureEncoder()
    stacks = [pictures.dry, *pictures.wet.values()]
    some = np.concatenate([stack[: site.s.vae_clips] for stack in stacks])
    train_vae(encoder, some, site.run, site.s.vae)
    return encoder


class _View:
    """A picture encoder and what it makes of the training clips."""

    def __init__(self, site: Site, encoder: PictureEncoder, pictures: Pictures) -> None:
        self.eye = Eye(encoder).eval()
        self._site, self._encoder, self._pictures = site, encoder, pictures
        self._dry = latents(encoder, pictures.dry)

    def evidence(self, plugin: PluginSpec) -> Evidence:
        """For the predictor of a plugin."""
        wet = latents(self._encoder, self._pictures.wet[plugin.id])
        return Evidence.of(self._site.pool, plugin.id, self._dry, wet)


def _rungs(
    site: Site, plugin: PluginSpec, plain: _View, contrasted: _View, workers: Workers
) -> Iterator[_Rung]:
    """Every rung's networks, each trained when it is asked for."""
    run, s = site.run, site.s
    alone = points_alone(plugin)
    fine_tune(plain.eye, alone, workers, run, stage_of(VAE, plugin.id), 0, s.alone)
    yield VAE, plain.eye, alone

    regressed = points_alone(plugin)
    _regress(site, REGRESSION, plugin, regressed, point_loss, plain)
    yield REGRESSION, plain.eye, regressed

    fine_tune(plain.eye, regressed, workers, run, stage_of(SPSA, plugin.id), 0, s.tuned)
    yield SPSA, plain.eye, regressed

    other = points_alone(plugin)
    _regress(site, CONTRAST, plugin, other, point_loss, contrasted)
    fine_tune(contrasted.eye, other, workers, run, stage_of(CONTRAST, plugin.id), 0, s.tuned)
    yield CONTRAST, contrasted.eye, other

    torch.manual_seed(0)
    whole = Predictor(plugin.predicted)
    equal = np.ones(len(plugin.predicted), np.float32)
    loss = SettingLoss(plugin, equal, s.heads.point_share)
    _regress(site, HEADS, plugin, whole, loss, contrasted)
    fine_tune(contrasted.eye, whole, workers, run, stage_of(HEADS, plugin.id), 0, s.tuned)
    yield HEADS, contrasted.eye, whole


def _regress(
    site: Site, rung: str, plugin: PluginSpec, predictor: Predictor, loss: Loss, view: _View
) -> None:
    """Learn the true settings in place, or load what was learned."""
    stage = f"regression-{stage_of(rung, plugin.id)}"
    if not site.run.resume(stage, {"predictor": predictor}):
        learn(predictor, loss, view.evidence(plugin), site.s.heads)
        site.run.checkpoint(stage, 1, {"predictor": predictor})
    predictor.eval()
