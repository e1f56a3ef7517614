"""Run an experiment: its stages in order, each from where it stopped."""

from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import torch
from torch import nn

from bridge.manifest import Manifest, PluginSpec
from training.errors import TrainingError
from training.examples import ExampleSource
from training.networks import Decoder, Encoder, Predictor
from training.pool import Pool, load_pool
from training.regression import train_regression
from training.runs import Experiment, Run, load_experiment
from training.spsa import fine_tune, set_up_worker
from training.vae import train_encoder

SPSA_SEED = 5
Network = TypeVar("Network", bound=nn.Module)


@dataclass(frozen=True)
class Folders:
    """Where training reads and writes; both are ignored by git."""

    data: Path = Path("data")
    runs: Path = Path("runs")


@dataclass(frozen=True)
class Trained:
    """The networks an experiment ends with, one predictor for each start."""

    experiment: Experiment
    encoder: Encoder
    predictors: list[Predictor]


def fit(name: str, manifest: Manifest, folders: Folders, processes: int = 2) -> Trained:
    """Train the experiment of that name, or go on with it; returns what it ends with."""
    experiment = load_experiment(name)
    plugin = manifest.plugin(experiment.task.plugin)
    run = Run(folders.runs / name)
    run.belongs_to(experiment)
    pool = None
    if experiment.vae or experiment.regression:
        pool = pool_of(experiment, plugin, folders, "train", processes)
    torch.manual_seed(0)
    encoder = _encoder(experiment, pool, run, folders)
    predictors = []
    for number, start in enumerate(experiment.starts):
        torch.manual_seed(number)
        predictor = Predictor(len(plugin.predicted), start)
        if experiment.regression and pool:
            validation = pool_of(experiment, plugin, folders, "validation", processes)
            train_regression(encoder, predictor, pool, validation, run, experiment.regression)
        predictors.append(predictor)
    if experiment.spsa:
        sources = {
            split: ExampleSource(experiment.task, plugin, folders.data / "corpus", split, SPSA_SEED)
            for split in ("train", "validation")
        }
        workload = (sources, experiment.features)
        with get_context("spawn").Pool(processes, set_up_worker, workload) as workers:
            for number, predictor in enumerate(predictors):
                fine_tune(encoder, predictor, workers, run, number, experiment.spsa)
    return Trained(experiment, encoder.eval(), [p.eval() for p in predictors])


def _encoder(experiment: Experiment, pool: Pool | None, run: Run, folders: Folders) -> Encoder:
    encoder = _fast(Encoder(experiment.features))
    if experiment.vae and pool:
        decoder = _fast(Decoder(experiment.features))
        train_encoder(encoder, decoder, pool, run, experiment.vae)
    elif experiment.encoder_from:
        other = Run(folders.runs / experiment.encoder_from)
        if not other.resume("vae", {"encoder": encoder}):
            raise TrainingError(
                f"the encoder of {experiment.encoder_from} is not trained yet:"
                f" run `dafx-train fit {experiment.encoder_from}` first"
            )
    return encoder


def _fast(network: Network) -> Network:
    """Weights laid out as a CPU convolves them fastest."""
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network


def pool_of(
    experiment: Experiment, plugin: PluginSpec, folders: Folders, split: str, processes: int = 2
) -> Pool:
    """The experiment's pool of the 'train' or the 'validation' split."""
    s = experiment.pool
    return load_pool(
        experiment.task,
        plugin,
        experiment.features,
        folders.data,
        split,
        s.seed,
        s.examples if split == "train" else s.validation_examples,
        processes,
    )
