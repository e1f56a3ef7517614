"""Train the critic on rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from bridge.arrays import Floats
from bridge.models.critic import LEAST_DISTANCE, QUANTILES
from bridge.search.comparison import comparison
from training.critic.networks import CriticNetwork
from training.critic.rows import KINDS
from training.errors import TrainingError
from training.processes import device
from training.schedules import one_cycle

_WINNER_WEIGHT = 4.0
_WITHIN_CASE = 0.5
"""How much the differences within a case count beside the values themselves."""


@dataclass(frozen=True)
class _Sounds:
    """n recordings, as `comparison` takes them."""

    style: Floats
    levels: Floats


@dataclass(frozen=True)
class Table:
    """All rows, case by case."""

    comparisons: npt.NDArray[np.float16]
    """(n, size)."""
    goals: Floats
    """(n, HEADS): logarithms of distances, and of the change."""
    distances: Floats
    """(n, 2): at the target's level, and raw."""
    cases: npt.NDArray[np.int64]
    """(n,): rises with every case."""
    kinds: npt.NDArray[np.int64]
    makers: npt.NDArray[np.str_]
    chains: npt.NDArray[np.str_]

    @property
    def starts(self) -> npt.NDArray[np.int64]:
        """Where each case begins, and the end."""
        return np.flatnonzero(np.diff(self.cases, prepend=-1, append=self.cases[-1] + 1))


def load_table(folders: Sequence[Path]) -> Table:
    """The rows below these folders. Raises TrainingError where there are none."""
    parts: list[Table] = []
    count = 0
    for path in (path for folder in folders for path in sorted(folder.glob("*[0-9].npz"))):
        with np.load(path) as arrays:
            scenes: dict[str, dict[str, npt.NDArray[Any]]] = {}
            for name in arrays.files:
                scene, _, field = name.partition(".")
                scenes.setdefault(scene, {})[field] = arrays[name]
        for rows in scenes.values():
            found = _tables(rows, count)
            parts += found
            count += len(found)
    if not parts:
        raise TrainingError(f"no rows below {', '.join(map(str, folders))}; make some first")
    return Table(*(np.concatenate([getattr(part, name) for part in parts]) for name in _FIELDS))


_FIELDS = tuple(Table.__dataclass_fields__)
_PARTS = ("style", "levels")


def _tables(rows: dict[str, npt.NDArray[Any]], first: int) -> list[Table]:
    """One scene's cases, one for each reference.

    A target is no row of its own case: what sounds like the reference is seldom the target itself,
    and a critic that has seen it would promise too much of every winner.
    """
    candidates, played = _sounds(rows, "candidate"), _sounds(rows, "played")
    found = []
    for number, (distance, similarity, surprises) in enumerate(
        zip(rows["distance"], rows["echo_similarity"], rows["surprises"], strict=True)
    ):
        reference = _sounds(rows, "reference", slice(number, number + 1))
        compared = comparison(played, candidates, reference, similarity, surprises)
        logarithms = np.log(distance + LEAST_DISTANCE)
        change = logarithms[:, :1] - logarithms[0, 0]
        kinds = rows["kind"].astype(np.int64)
        kept = (kinds != KINDS.index("target")) | (distance[:, 0] > 0)
        count = int(kept.sum())
        found.append(
            Table(
                compared[kept].astype(np.float16),
                np.concatenate([logarithms, change], axis=1)[kept].astype(np.float32),
                distance[kept],
                np.full(count, first + number),
                kinds[kept],
                np.full(count, rows["maker"][number]),
                np.full(count, rows["chain"]),
            )
        )
    return found


def _sounds(rows: dict[str, npt.NDArray[Any]], of: str, which: slice = slice(None)) -> _Sounds:
    return _Sounds(*(rows[f"{of}_{part}"][which].astype(np.float32) for part in _PARTS))


@dataclass(frozen=True)
class Plan:
    """How long and how fast to learn."""

    epochs: int = 10
    cases_a_batch: int = 24
    learning_rate: float = 1.5e-3
    weight_decay: float = 0.02
    seed: int = 0


def fit_critic(table: Table, plan: Plan) -> CriticNetwork:
    """A network trained on all of the table."""
    torch.manual_seed(plan.seed)
    random = np.random.default_rng(plan.seed)
    network = CriticNetwork().to(device())
    some = random.choice(len(table.comparisons), min(20_000, len(table.comparisons)), replace=False)
    network.standardise(torch.from_numpy(table.comparisons[np.sort(some)].astype(np.float32)))
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=plan.learning_rate, weight_decay=plan.weight_decay
    )
    starts = table.starts
    batches = -(-(len(starts) - 1) // plan.cases_a_batch)
    schedule = one_cycle(optimiser, plan.epochs * batches)
    for _ in range(plan.epochs):
        network.train()
        order = random.permutation(len(starts) - 1)
        for batch in np.array_split(order, batches):
            rows = np.concatenate([np.arange(starts[n], starts[n + 1]) for n in batch])
            loss = _loss(network, table, rows)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            schedule.step()
    return network.eval()


def _loss(network: CriticNetwork, table: Table, rows: npt.NDArray[np.int64]) -> Tensor:
    compared = torch.from_numpy(table.comparisons[rows].astype(np.float32)).to(device())
    goals = torch.from_numpy(table.goals[rows]).to(device())
    weights = np.where(table.kinds[rows] == KINDS.index("winner"), _WINNER_WEIGHT, 1.0)
    weight = torch.from_numpy(weights.astype(np.float32)).to(device())[:, None]
    found = network(compared)
    error = goals[..., None] - found
    levels = torch.tensor(QUANTILES, device=device())
    pinball = torch.maximum(levels * error, (levels - 1) * error).mean(dim=(1, 2))[:, None]
    # What decides is how the candidates of one case lie to each other.
    cases = torch.from_numpy(np.unique(table.cases[rows], return_inverse=True)[1]).to(device())
    middle = error[:, :2, len(QUANTILES) // 2]
    counts = torch.bincount(cases)[:, None]
    means = torch.zeros(len(counts), 2, device=device()).index_add(0, cases, middle) / counts
    within = (middle - means[cases]).abs().mean(dim=1, keepdim=True)
    loss: Tensor = ((pinball + _WITHIN_CASE * within) * weight).mean()
    return loss
