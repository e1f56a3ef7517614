"""Run an experiment: its stages in order, each from where it stopped."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from bridge.arrays import Floats
from bridge.manifest import Manifest, PluginSpec
from training import processes, sensitivity
from training.calibration import calibrate
from training.errors import TrainingError
from training.examples import ClipSource, ExampleSource, Task
from training.export import export
from training.files import write_whole
from training.joint import Networks, train_joint
from training.networks import Encoder, Predictor
from training.pool import Pool, load_pool
from training.runs import Experiment, JointSettings, Run, SpsaSettings, load_experiment
from training.spsa import fine_tune, set_up_worker
from training.style import measure_style
from training.workers import executor, worker_pool

SPSA_SEED = 5


@dataclass(frozen=True)
class Folders:
    """Where training reads and writes; both are ignored by git."""

    data: Path = Path("data")
    runs: Path = Path("runs")


@dataclass(frozen=True)
class Trained:
    """What an experiment ends with."""

    experiment: Experiment
    encoder: Encoder
    predictors: dict[str, Predictor]
    """By plugin id for a joint experiment, by the number of the start for one plugin alone."""


def fit(name: str, manifest: Manifest, folders: Folders, workers: int = 2) -> Trained:
    """Train the experiment of that name, or go on with it; returns what it ends with.

    Of several processes only process 0 goes through the plugins, and ends with what that gives.
    """
    experiment = load_experiment(name)
    run = Run(folders.runs / name)
    run.belongs_to(experiment)
    if experiment.joint:
        return _fit_together(experiment, manifest, run, folders, workers)
    return _fit_alone(experiment, manifest, run, folders, workers)


def trainable(manifest: Manifest) -> list[PluginSpec]:
    """The plugins a joint experiment trains: those that name a model."""
    plugins = [plugin for plugin in manifest.plugins if plugin.model]
    if not plugins:
        raise TrainingError("no plugin of the manifest names a model; add `model: FOLDER` to one")
    return plugins


def pools_of(
    experiment: Experiment, plugins: Sequence[PluginSpec], folders: Folders, workers: int = 2
) -> tuple[Pool, Pool]:
    """The experiment's pools of the 'train' and the 'validation' split."""
    s = experiment.pool
    training, validation = (
        load_pool(
            plugins,
            clips,
            experiment.features,
            folders.data,
            split,
            seed,
            count,
            nearly_dry_share=s.nearly_dry_share,
            processes=workers,
        )
        for split, clips, seed, count in (
            ("train", experiment.clips, s.seed, s.clips),
            ("validation", experiment.clips.plain, s.validation_seed, s.validation_clips),
        )
    )
    return training, validation


def new_networks(plugins: Sequence[PluginSpec]) -> Networks:
    """Untrained networks, the same every time."""
    torch.manual_seed(0)
    encoder = Encoder()
    return Networks(encoder, nn.ModuleDict({p.id: Predictor(p.predicted) for p in plugins}))


def learn_together(
    networks: Networks,
    plugins: Sequence[PluginSpec],
    weights: Mapping[str, Floats],
    pool: Pool,
    validation: Pool,
    run: Run,
    s: JointSettings,
) -> None:
    """The joint stage from standardisation to calibration, in place; see `train_joint`."""
    networks.encoder.standardise(_some_vectors(pool))
    by_id = {plugin.id: plugin for plugin in plugins}
    train_joint(networks, by_id, weights, pool, validation, run, s)
    calibrate(networks, validation)
    measure_style(networks.encoder, validation)


def export_run(
    name: str,
    trained: Trained,
    manifest: Manifest,
    folders: Folders,
    models: Path,
) -> None:
    """Write what a joint experiment ends with below `models`. Raises TrainingError for others."""
    experiment = trained.experiment
    if not experiment.joint:
        raise TrainingError(f"{name} trains a plugin for study; export a joint experiment")
    plugins = [manifest.plugin(plugin_id) for plugin_id in trained.predictors]
    _, validation = pools_of(experiment, plugins, folders)
    export(
        name,
        Networks(trained.encoder, nn.ModuleDict(trained.predictors)),
        plugins,
        experiment.clips.sample_rates_hz,
        experiment.features,
        validation,
        folders.data / "corpus",
        models,
    )


def _fit_together(
    experiment: Experiment, manifest: Manifest, run: Run, folders: Folders, workers: int
) -> Trained:
    plugins = trainable(manifest)
    networks = new_networks(plugins)
    # Process 0 builds; the others wait, and then find everything built.
    if processes.rank() != 0:
        processes.wait()
    pool, validation = pools_of(experiment, plugins, folders, workers)
    weights = _weights(experiment, plugins, run, folders, workers)
    if processes.rank() == 0:
        processes.wait()
    if experiment.joint:
        learn_together(networks, plugins, weights, pool, validation, run, experiment.joint)
    predictors: dict[str, Predictor] = dict(networks.predictors.items())  # type: ignore[arg-type]
    if experiment.spsa and processes.rank() == 0:
        for plugin in plugins:
            predictor = predictors[plugin.id]
            sources = _sources(experiment, Task(plugin=plugin.id), plugin, folders)
            stages = {f"spsa-{plugin.id}": predictor}
            _tune(networks.encoder, stages, sources, run, experiment, experiment.spsa, workers)
    return Trained(
        experiment, networks.encoder.eval(), {n: p.eval() for n, p in predictors.items()}
    )


def _fit_alone(
    experiment: Experiment, manifest: Manifest, run: Run, folders: Folders, workers: int
) -> Trained:
    if not (experiment.task and experiment.encoder_from and experiment.spsa):
        raise TrainingError("task, encoder_from and spsa belong together")
    plugin = manifest.plugin(experiment.task.plugin)
    encoder = Encoder()
    other = Run(folders.runs / experiment.encoder_from)
    joint = load_experiment(experiment.encoder_from).joint
    if joint is None or other.resume("joint", {}) < joint.epochs:
        raise TrainingError(
            f"the encoder of {experiment.encoder_from} is not trained yet:"
            f" run `dafx-train fit {experiment.encoder_from}` first"
        )
    other.best("joint", {"encoder": encoder})
    predictors = {}
    for number, start in enumerate(experiment.spsa.starts):
        torch.manual_seed(number)
        predictors[str(number)] = Predictor(plugin.predicted, start)
    sources = _sources(experiment, experiment.task, plugin, folders)
    stages = {f"spsa-{number}": predictor for number, predictor in predictors.items()}
    _tune(encoder, stages, sources, run, experiment, experiment.spsa, workers)
    return Trained(experiment, encoder.eval(), {n: p.eval() for n, p in predictors.items()})


def _tune(
    encoder: Encoder,
    stages: Mapping[str, Predictor],
    sources: Mapping[str, ExampleSource],
    run: Run,
    experiment: Experiment,
    s: SpsaSettings,
    workers: int,
) -> None:
    workload = (sources, experiment.features)
    with worker_pool(workers, set_up_worker, workload) as pool:
        for seed, (stage, predictor) in enumerate(stages.items()):
            fine_tune(encoder, predictor, pool, run, stage, seed, s)


def _sources(
    experiment: Experiment, task: Task, plugin: PluginSpec, folders: Folders
) -> dict[str, ExampleSource]:
    corpus = folders.data / "corpus"
    return {
        split: ExampleSource(task, plugin, ClipSource(clips, corpus, split, SPSA_SEED))
        for split, clips in (("train", experiment.clips), ("validation", experiment.clips.plain))
    }


def _weights(
    experiment: Experiment,
    plugins: Sequence[PluginSpec],
    run: Run,
    folders: Folders,
    workers: int,
) -> dict[str, Floats]:
    """How much each plugin's parameters matter to the ear; measured once for each run."""
    record = run.folder / "sensitivity.json"
    known: dict[str, dict[str, float]] = json.loads(record.read_text()) if record.exists() else {}
    missing = [plugin for plugin in plugins if plugin.id not in known]
    if missing:
        with executor(workers) as pool:
            for plugin in missing:
                source = _sources(experiment, Task(plugin=plugin.id), plugin, folders)["train"]
                found = sensitivity.measure(source, pool)
                known[plugin.id] = {
                    spec.symbol: round(float(weight), 3)
                    for spec, weight in zip(plugin.predicted, found, strict=True)
                }
                write_whole(record, json.dumps(known, indent=1) + "\n")
    return {
        plugin.id: np.array([known[plugin.id][s.symbol] for s in plugin.predicted], np.float32)
        for plugin in plugins
    }


def _some_vectors(pool: Pool) -> Floats:
    """Dry and wet recordings to standardise by, (n, SIZE)."""
    parts = [pool.dry.vectors[:512], *(wet.heard.vectors[:256] for wet in pool.wet.values())]
    return np.concatenate(parts).astype(np.float32)
