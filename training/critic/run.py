"""The critic from nothing: cases, a first network, rounds of a search's own winners, export.

Everything lies below the run's folder and the data folder, and goes on where it was stopped.
"""

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
import yaml
from pydantic import BaseModel, ConfigDict, Field

from bridge.analysis.features import FeatureSettings
from bridge.library import SHIPPED, Layer, Library
from bridge.models.critic import QUANTILES
from training.critic.export import export_critic
from training.critic.fit import Plan, Table, fit_critic, load_table
from training.critic.foretelling import fitted, load_told, told_of
from training.critic.gear import GearPairs
from training.critic.networks import CriticNetwork
from training.critic.picking import Picks, cautious_quantile, picks
from training.critic.rows import SEARCHED, Rows, candidates, rows_of, winners, write_rows
from training.critic.scenes import SOUNDS, SceneSource
from training.examples import ClipSettings, ClipSource
from training.fit import Folders

SETTINGS = Path(__file__).parents[1] / "experiments" / "critic" / "critic.yaml"
_SEEDS = {"train": 1, "validation": 2}
_WINNERS_FROM = 10_000_000
"""Numbers of the scenes of the first round of winners, and so on upwards."""


class CriticSettings(BaseModel):
    """How the critic is trained."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    clips: ClipSettings
    scenes: int
    """Each has several cases, one for each reference."""
    validation_scenes: int
    winner_scenes: tuple[int, ...]
    """Of every round, in which the search's own winners are judged."""
    validation_winner_scenes: int
    harmed: float = Field(default=0.03, ge=0, le=1)
    """The most of the answers that may be farther than doing nothing, on validation cases."""
    epochs: int = 10


def load_settings(path: Path = SETTINGS) -> CriticSettings:
    """The settings of the critic that is shipped."""
    return CriticSettings.model_validate(yaml.safe_load(path.read_text()))


@dataclass(frozen=True)
class _Run:
    settings: CriticSettings
    folders: Folders
    workers: int

    @property
    def folder(self) -> Path:
        return self.folders.runs / "critic"

    def rows(
        self,
        name: str,
        split: str,
        library: Library,
        scenes: range,
        make: Rows,
        sounds: int = SOUNDS,
    ) -> Path:
        """The folder with the rows of these scenes, made where they are missing."""
        clips = self.settings.clips if split == "train" else self.settings.clips.plain
        source = ClipSource(clips, self.folders.data / "corpus", split, _SEEDS[split])
        gear = self.folders.data / "gear"
        pairs = GearPairs(gear, split) if (gear / split).exists() else None
        drawn = SceneSource(source, library, FeatureSettings(), pairs, sounds)
        folder = self.folder / "rows" / f"{split}-{name}"
        write_rows(drawn, library, folder, scenes, make, self.workers)
        return folder

    def log(self, name: str, found: Picks) -> None:
        line = {"stage": name, **found.figures()}
        print(f"critic: {json.dumps(line)}", flush=True)
        with (self.folder / "log.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")


def train_critic(
    settings: CriticSettings, folders: Folders, models: Path, workers: int = 2
) -> None:
    """Train and export. Raises TrainingError without a corpus, ModelError without an encoder."""
    run = _Run(settings, folders, workers)
    run.folder.mkdir(parents=True, exist_ok=True)
    library = Library((Layer(SHIPPED.manifest, models),))
    cases, won = partial(rows_of, judged=candidates), partial(rows_of, judged=winners)
    learned = [run.rows("cases", "train", library, range(settings.scenes), cases)]
    checked = [run.rows("cases", "validation", library, range(settings.validation_scenes), cases)]
    validation = load_table(checked)
    network = _fitted(run, "round-0", learned, validation)
    first = _WINNERS_FROM
    for number, count in enumerate(settings.winner_scenes, 1):
        library = _with_critic(run, f"round-{number - 1}", network, validation, models)
        scenes = range(first, first + count)
        learned.append(run.rows(f"winners-{number}", "train", library, scenes, won))
        network = _fitted(run, f"round-{number}", learned, validation)
        first += count
    # What decides how cautious an answer must be are winners of the last network, never learned.
    library = _with_critic(run, "last", network, validation, models)
    scenes = range(first, first + settings.validation_winner_scenes)
    # Each of their references is searched for.
    last = load_table([run.rows("winners", "validation", library, scenes, won, SEARCHED)])
    cautious = cautious_quantile(network, last, settings.harmed)
    found = picks(network, last, cautious)
    run.log("winners", found)
    library = _with_critic(run, "cautious", network, validation, models, cautious)
    scenes = range(scenes.stop, scenes.stop + settings.validation_winner_scenes)
    told = load_told([run.rows("told", "validation", library, scenes, told_of, SEARCHED)])
    count = SOUNDS * (settings.scenes + sum(settings.winner_scenes))
    export_critic(
        "critic",
        network,
        validation,
        count,
        cautious,
        found.figures(),
        folders.data / "corpus",
        models,
        foretelling=fitted(told),
    )


def _fitted(run: _Run, name: str, learned: list[Path], validation: Table) -> CriticNetwork:
    """The network of that round, from its checkpoint where there is one."""
    path = run.folder / f"{name}.pt"
    network = CriticNetwork()
    if path.exists():
        network.load_state_dict(torch.load(path, weights_only=True))
        return network.eval()
    network = fit_critic(load_table(learned), Plan(epochs=run.settings.epochs)).cpu()
    partial = path.with_suffix(".partial")
    torch.save(network.state_dict(), partial)
    partial.rename(path)
    run.log(name, picks(network, validation, QUANTILES[len(QUANTILES) // 2]))
    return network


def _with_critic(
    run: _Run,
    name: str,
    network: CriticNetwork,
    validation: Table,
    models: Path,
    cautious: float = 0.5,
) -> Library:
    """The models, and the critic of this round over them."""
    folder = run.folder / "models" / name
    folder.mkdir(parents=True, exist_ok=True)
    corpus = run.folders.data / "corpus"
    # Anew each time: what a kill has left half written takes a second to make whole.
    export_critic(
        f"critic {name}", network, validation, 0, cautious, {}, corpus, folder, encoder_of=models
    )
    return Library((Layer(SHIPPED.manifest, models), Layer(folder / SHIPPED.manifest.name, folder)))
