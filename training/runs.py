"""A training run on disk: its configuration, checkpoints and log, made so that it can be killed."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, Self

import torch
import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from bridge.analysis.features import FeatureSettings
from training.errors import TrainingError
from training.examples import Task
from training.files import write_whole

EXPERIMENTS = Path(__file__).parent / "experiments"


class _Stage(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PoolSettings(_Stage):
    """How many examples the first two stages learn from."""

    examples: int = 40_000
    validation_examples: int = 2_000
    seed: int = 1


class VaeSettings(_Stage):
    """β-VAE training of the encoder, with cyclic annealing of β (Fu et al. 2019)."""

    epochs: int = 4
    batch: int = 64
    learning_rate: float = 1e-3
    beta_low: float = 1e-4
    beta_high: float = 5e-3
    cycles: int = 4


class RegressionSettings(_Stage):
    """Encoder and predictor together on the true parameters."""

    epochs: int = 16
    batch: int = 64
    learning_rate: float = 1e-3
    weight_decay: float = 1e-2


class SpsaSettings(_Stage):
    """Training through the plugin: simultaneous perturbation (Spall 1992) of the parameters."""

    steps: int = 400
    batch: int = 32
    learning_rate: float = 1e-4
    epsilon: float = 0.05
    check_every: int = 25
    """Steps between checkpoints, which are also checks on validation audio."""
    validation_cases: int = 192
    train_encoder: bool = True
    starts: tuple[float, ...] = (0.5,)
    """The predictor's constant answer before training, one run each; 0 and 1 start in a corner."""


class Experiment(_Stage):
    """One YAML file of `training/experiments`."""

    task: Task
    features: FeatureSettings = FeatureSettings()
    pool: PoolSettings = PoolSettings()
    vae: VaeSettings | None = None
    encoder_from: str | None = None
    """The run whose encoder is taken, where this one has no vae stage."""
    regression: RegressionSettings | None = None
    spsa: SpsaSettings | None = None

    @property
    def starts(self) -> tuple[float, ...]:
        """The constant answer each of the experiment's predictors starts with."""
        return self.spsa.starts if self.spsa else (0.5,)

    @model_validator(mode="after")
    def _trains_one_encoder(self) -> Self:
        shared = self.regression or (self.spsa and self.spsa.train_encoder)
        if len(self.starts) > 1 and shared:
            raise ValueError("several starts need an encoder that none of them trains")
        return self


def load_experiment(name: str) -> Experiment:
    """The experiment of that name. Raises TrainingError where it is missing or not valid."""
    path = EXPERIMENTS / f"{name}.yaml"
    if not path.exists():
        known = ", ".join(sorted(p.stem for p in EXPERIMENTS.glob("*.yaml")))
        raise TrainingError(f"no experiment {name!r}; there are {known}")
    try:
        return Experiment.model_validate(yaml.safe_load(path.read_text()))
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(map(str, fault["loc"]))
        raise TrainingError(f"{path}, {place}: {fault['msg']}") from None


class Stateful(Protocol):
    """A network, an optimiser or a schedule."""

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        ...

    def load_state_dict(self, state_dict: dict[str, Any], /) -> Any:
        """Take it back."""
        ...


class Run:
    """The folder of one run below `runs/`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def belongs_to(self, experiment: Experiment) -> None:
        """Raise TrainingError where the checkpoints here come from other settings."""
        record = self.folder / "experiment.json"
        description = experiment.model_dump_json(indent=1) + "\n"
        if not record.exists():
            write_whole(record, description)
        elif record.read_text() != description:
            raise TrainingError(
                f"{self.folder} was trained with other settings (see {record.name}); move it away"
                " to train anew"
            )

    def checkpoint(self, stage: str, done: int, parts: Mapping[str, Stateful]) -> None:
        """Save `parts` after `done` epochs or steps; the old file stays until the new is whole."""
        partial = self.folder / f"{stage}.partial"
        states = {name: part.state_dict() for name, part in parts.items()}
        torch.save({"done": done, **states}, partial)
        partial.rename(self.folder / f"{stage}.pt")

    def resume(self, stage: str, parts: Mapping[str, Stateful]) -> int:
        """Load the stage's checkpoint into `parts`; how many epochs or steps it had done."""
        path = self.folder / f"{stage}.pt"
        if not path.exists():
            return 0
        states: dict[str, Any] = torch.load(path, weights_only=True)
        for name, part in parts.items():
            part.load_state_dict(states[name])
        return int(states["done"])

    def keep_if_best(self, stage: str, score: float, parts: Mapping[str, Stateful]) -> None:
        """Keep `parts` where no earlier score of this stage was lower; `best` brings them back."""
        record = self.folder / f"{stage}-best.score"
        if not record.exists() or score < float(record.read_text()):
            self.checkpoint(f"{stage}-best", 0, parts)
            record.write_text(repr(float(score)))

    def best(self, stage: str, parts: Mapping[str, Stateful]) -> None:
        """Load what `keep_if_best` kept."""
        self.resume(f"{stage}-best", parts)

    def log(self, stage: str, **figures: float) -> None:
        """Append one line of figures to the run's log and print it."""
        line = {"stage": stage, **{key: round(float(value), 5) for key, value in figures.items()}}
        print(f"{self.folder.name}: {json.dumps(line)}", flush=True)
        with (self.folder / "log.jsonl").open("a") as file:
            file.write(json.dumps({"time": round(time.time(), 1), **line}) + "\n")
