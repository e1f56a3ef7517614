"""The documented baseline, a spectrogram β-VAE with cyclic annealing, beside what is shipped."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict

from bridge.manifest import Manifest
from training.baseline.heads import (
    Evidence,
    HeadSettings,
    constant_errors,
    errors_of,
    train_head,
)
from training.baseline.networks import PictureEncoder
from training.baseline.pictures import Pictures, load_pictures
from training.baseline.vae import STAGE, VaeSettings, latents, train_vae
from training.errors import TrainingError
from training.files import write_whole
from training.fit import Folders, Trained, pools_of
from training.joint import embed
from training.pool import Pool
from training.runs import Experiment, PoolSettings, Run

ANSWERS = ("constant", "β-VAE", "statistics", "shipped")
"""A constant; a predictor on the β-VAE's frozen latents; the same on the shipped encoder's frozen
embeddings, which learned from all clips; the shipped predictors."""


class BaselineSettings(BaseModel):
    """How much the baseline sees, and how it is trained; a quarter of an hour on two cores."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    clips: int = 512
    validation_clips: int = 256
    vae: VaeSettings = VaeSettings()
    heads: HeadSettings = HeadSettings()


class _Record(BaseModel):
    """All that decides what the baseline's checkpoints hold."""

    settings: BaselineSettings
    experiment: Experiment


def compare(
    name: str,
    trained: Trained,
    manifest: Manifest,
    folders: Folders,
    s: BaselineSettings,
    out: Path,
    workers: int = 2,
) -> None:
    """Train the baseline for the plugins of the joint run `name`; write `baseline.{json,md}`.

    Goes on where it was stopped. Raises TrainingError for a run of one plugin alone.
    """
    if not trained.experiment.joint:
        raise TrainingError(f"{name} trains one plugin alone; name a joint experiment")
    clips = PoolSettings(
        **trained.experiment.pool.model_dump(exclude={"clips", "validation_clips"}),
        clips=s.clips,
        validation_clips=s.validation_clips,
    )
    experiment = trained.experiment.model_copy(update={"pool": clips})
    run = Run(folders.runs / f"{name}-baseline")
    run.belongs_to(_Record(settings=s, experiment=experiment))
    plugins = [manifest.plugin(plugin_id) for plugin_id in trained.predictors]
    pools = pools_of(experiment, plugins, folders, workers)
    pictures = [
        load_pictures(plugins, experiment.clips, folders.data, split, seed, count, workers)
        for split, seed, count in (
            ("train", clips.seed, clips.clips),
            ("validation", clips.validation_seed, clips.validation_clips),
        )
    ]
    torch.manual_seed(0)
    encoder = PictureEncoder()
    train_vae(encoder, pictures[0].all(), run, s.vae)
    results = {}
    for plugin in plugins:
        seen, asked = (
            _of_pictures(encoder, pool, stack, plugin.id)
            for pool, stack in zip(pools, pictures, strict=True)
        )
        known, shown = (_of_statistics(trained, pool, plugin.id) for pool in pools)
        results[plugin.id] = {
            "constant": constant_errors(plugin, seen.truth, asked.truth),
            "β-VAE": errors_of(train_head(plugin, seen, s.heads), plugin, asked),
            "statistics": errors_of(train_head(plugin, known, s.heads), plugin, shown),
            "shipped": errors_of(trained.predictors[plugin.id], plugin, shown),
        }
    report = {
        "experiment": name,
        "settings": s.model_dump(),
        "vae": run.history()[STAGE][s.vae.epochs],
        "classes": {p.id: [spec.symbol for spec in p.predicted if spec.classes] for p in plugins},
        "errors": results,
    }
    write_whole(out / "baseline.json", json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    write_whole(out / "baseline.md", _markdown(report))


def _of_pictures(encoder: PictureEncoder, pool: Pool, pictures: Pictures, plugin: str) -> Evidence:
    found = latents(encoder, pictures.dry), latents(encoder, pictures.wet[plugin])
    return Evidence.of(pool, plugin, *found)


def _of_statistics(trained: Trained, pool: Pool, plugin: str) -> Evidence:
    heard = (pool.dry, pool.wet[plugin].heard)
    return Evidence.of(pool, plugin, *(embed(trained.encoder, part) for part in heard))


def _markdown(report: Mapping[str, Any]) -> str:
    s = report["settings"]
    lines = [
        "# The spectrogram β-VAE as baseline",
        "",
        f"Errors of the parameters on {s['validation_clips']} validation clips, wet references"
        " only: mean absolute error of the continuous ones, normalised to 0..1, and the share of"
        " wrong classes of enums and toggles.",
        "",
        "- *constant*: the median setting, or the commonest class.",
        "- *β-VAE*: a predictor on the frozen mean latents of a β-VAE with cyclic annealing, which"
        f" saw log-mel pictures of {s['clips']} clips and of every plugin's references to them.",
        "- *statistics*: the same predictor, trained on the same clips, on the frozen embeddings of"
        f" `{report['experiment']}`, whose encoder learned from all of its clips.",
        f"- *shipped*: the predictors of `{report['experiment']}`, which learned with the encoder.",
        "",
        "Written by `dafx-train baseline`.",
        "",
    ]
    for title, wanted in (("mean absolute error", False), ("wrong classes", True)):
        lines += [f"| {title} | " + " | ".join(ANSWERS) + " |", "|---" * (1 + len(ANSWERS)) + "|"]
        rows = []
        for plugin, found in report["errors"].items():
            classes = report["classes"][plugin]
            symbols = [name for name in found["constant"] if (name in classes) == wanted]
            if symbols:
                rows.append([float(np.mean([found[a][n] for n in symbols])) for a in ANSWERS])
                lines.append(_row(plugin, rows[-1]))
        if rows:
            lines.append(_row("mean", np.mean(rows, axis=0).tolist()))
        lines.append("")
    return "\n".join(lines)


def _row(name: str, values: list[float]) -> str:
    return f"| {name} | " + " | ".join(f"{value:.3f}" for value in values) + " |"
