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
from training import processes
from training.board import COUNTS, Board
from training.errors import TrainingError
from training.examples import ClipSettings, Task
from training.files import write_whole

EXPERIMENTS = Path(__file__).parent / "experiments"


class _Stage(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PoolSettings(_Stage):
    """How many clips the joint stage learns from."""

    clips: int = 6_144
    validation_clips: int = 768
    nearly_dry_share: float = 0.0
    """How often a setting is the one of several that changes the sound least."""
    seed: int = 1
    validation_seed: int = 2


class JointSettings(_Stage):
    """Encoder and all predictors together on the true settings."""

    epochs: int = 24
    batch: int = 64
    """Clips a step; every plugin has a reference to each."""
    learning_rate: float = 1e-3
    weight_decay: float = 2e-2
    gradient_limit: float = 5.0
    point_share: float = 10.0
    """Weight of the points' loss beside that of the distributions."""
    swap_share: float = 0.3
    """How many inputs change places with another clip's."""


class SpsaSettings(_Stage):
    """Training through the plugin: simultaneous perturbation (Spall 1992) of the parameters."""

    steps: int = 400
    batch: int = 32
    learning_rate: float = 1e-4
    epsilon: float = 0.05
    check_every: int = 25
    """Steps between checkpoints, which are also checks on validation audio."""
    validation_cases: int = 192
    points_only: bool = False
    """Leave all but the points' own layers as the joint stage left them."""
    starts: tuple[float, ...] = (0.5,)
    """The predictor's constant answer before training, one run each; 0 and 1 start in a corner."""


class Experiment(_Stage):
    """One YAML file of `training/experiments`.

    Either all plugins of the manifest that name a model are trained together (`joint`), each then
    alone through its plugin (`spsa`); or one `task` is learned through the plugin alone, on the
    encoder of another run (`encoder_from`).
    """

    clips: ClipSettings = ClipSettings()
    features: FeatureSettings = FeatureSettings()
    pool: PoolSettings = PoolSettings()
    joint: JointSettings | None = None
    task: Task | None = None
    encoder_from: str | None = None
    spsa: SpsaSettings | None = None

    @model_validator(mode="after")
    def _is_one_kind(self) -> Self:
        alone = (self.task, self.encoder_from, self.spsa)
        if (self.joint is None) == (None in alone):
            raise ValueError("give either joint, or task, encoder_from and spsa")
        if self.joint and (self.task or self.encoder_from):
            raise ValueError("a joint experiment takes neither task nor encoder_from")
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
        self.board = Board(folder / "tensorboard")
        folder.mkdir(parents=True, exist_ok=True)

    def belongs_to(self, experiment: BaseModel) -> None:
        """Raise TrainingError where the checkpoints here come from other settings."""
        if processes.rank() != 0:
            return
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
        self._save(stage, {"done": done}, parts)

    def resume(self, stage: str, parts: Mapping[str, Stateful]) -> int:
        """Load the stage's checkpoint into `parts`; how many epochs or steps it had done."""
        path = self.folder / f"{stage}.pt"
        if not path.exists():
            return 0
        states: dict[str, Any] = torch.load(path, weights_only=True, map_location="cpu")
        for name, part in parts.items():
            part.load_state_dict(states[name])
        return int(states["done"])

    def keep_if_best(self, stage: str, score: float, parts: Mapping[str, Stateful]) -> None:
        """Keep `parts` where no earlier score of this stage was lower; `best` brings them back."""
        path = self.folder / f"{stage}-best.pt"
        if not path.exists() or score < torch.load(path, map_location="cpu")["score"]:
            self._save(f"{stage}-best", {"done": 0, "score": float(score)}, parts)

    def best(self, stage: str, parts: Mapping[str, Stateful]) -> bool:
        """Load what `keep_if_best` kept; whether there was anything."""
        self.resume(f"{stage}-best", parts)
        return (self.folder / f"{stage}-best.pt").exists()

    def log(self, stage: str, **figures: float) -> None:
        """Append one line of figures to the run's log, print it and show it in TensorBoard.

        An `epoch` or a `step` counts; all else is a figure at that count.
        """
        line = {"stage": stage, **{key: round(float(value), 5) for key, value in figures.items()}}
        print(f"{self.folder.name}: {json.dumps(line)}", flush=True)
        with (self.folder / "log.jsonl").open("a") as file:
            file.write(json.dumps({"time": round(time.time(), 1), **line}) + "\n")
        self.board.scalars(stage, figures)

    def history(self) -> dict[str, dict[int, dict[str, float]]]:
        """The figures logged, by stage and by epoch or step; the last of what a kill repeated."""
        path = self.folder / "log.jsonl"
        found: dict[str, dict[int, dict[str, float]]] = {}
        for text in path.read_text().splitlines() if path.exists() else []:
            line = json.loads(text)
            count = next((int(line[name]) for name in COUNTS if name in line), 0)
            figures = {k: v for k, v in line.items() if k not in ("time", "stage", *COUNTS)}
            found.setdefault(line["stage"], {}).setdefault(count, {}).update(figures)
        return {
            stage: {count: counts[count] for count in sorted(counts)}
            for stage, counts in found.items()
        }

    def _save(
        self, stage: str, figures: Mapping[str, float], parts: Mapping[str, Stateful]
    ) -> None:
        partial = self.folder / f"{stage}.partial"
        states = {name: part.state_dict() for name, part in parts.items()}
        torch.save({**figures, **states}, partial)
        partial.rename(self.folder / f"{stage}.pt")
