"""CMA-ES over the settings of a chain: continuous, integer and categorical parameters together.

Hamano et al., "CatCMA with Margin" (2025), as the library `cmaes` has it. Continuous parameters are
searched in normalised values, integers among their steps; enums, toggles and the bypasses of slots
that may be left out are categories.
"""

import sys
from collections.abc import Sequence, Set
from dataclasses import dataclass
from types import ModuleType
from typing import Any, cast

import numpy as np

from bridge.arrays import Floats
from bridge.chain import Chain, ChainParameter, ChainSetting

_MOST_STEPS = 64
"""An integer of more steps than this is searched as if it were continuous."""
_START_SHARE = 0.5
"""The probability with which a category is at first the start's."""


def prepare() -> Any:
    """The strategy's class; the first call takes a while, and should not count as searching."""
    # cmaes has functions of its own where scipy.stats, which takes a second to load, is missing.
    missing = sys.modules.setdefault("scipy.stats", cast(ModuleType, None)) is None
    try:
        from cmaes import CatCMAwM
    finally:
        if missing:
            del sys.modules["scipy.stats"]
    return CatCMAwM


@dataclass(frozen=True)
class Individual:
    """A setting to be judged, and how the strategy knows it."""

    setting: ChainSetting
    solution: Any


class Evolution:
    """Asks for settings to be judged, and moves to where they are good."""

    def __init__(
        self, start: ChainSetting, spread: float, seed: int, fixed: Set[int] = frozenset()
    ) -> None:
        """`spread`: deviation of normalised values at first; `fixed`: numbers of predicted
        parameters that stay where the start has them."""
        chain = start.chain
        self._start = start
        free = [(n, p) for n, p in enumerate(chain.predicted) if n not in fixed]
        self._classes = [(n, p.spec.classes) for n, p in free if p.spec.classes]
        steps = [(n, p, _steps(p)) for n, p in free if not p.spec.classes]
        self._integers = [n for n, _, values in steps if values]
        self._continuous = [n for n, _, values in steps if not values]
        self._optional = [slot.id for slot in chain.slots if slot.optional]
        self.dimensions = len(free) + len(self._optional)
        """How many things are searched for; where it is 0, nothing may be asked for."""
        if not self.dimensions:
            return
        numeric = [*self._continuous, *self._integers]
        categories = [*(count for _, count in self._classes), *(2 for _ in self._optional)]
        self._strategy = prepare()(
            x_space=[[0.0, 1.0]] * len(self._continuous) or None,
            z_space=[values for _, _, values in steps if values] or None,
            c_space=categories or None,
            mean=np.array([start.predicted[n] for n in numeric]) if numeric else None,
            sigma=spread,
            # By itself a value that starts at an end of its range would never move.
            cov=np.eye(len(numeric)) if numeric else None,
            cat_param=_category_shares(categories, self._categories_of_start(chain)),
            seed=seed,
        )

    @property
    def population(self) -> int:
        """How many settings make a generation."""
        return int(self._strategy.population_size)

    def ask(self) -> Individual:
        """The next setting to be judged."""
        solution = self._strategy.ask()
        values = list(self._start.predicted)
        for numbers, found in ((self._continuous, solution.x), (self._integers, solution.z)):
            for number, value in zip(numbers, found if numbers else (), strict=True):
                values[number] = float(np.clip(value, 0, 1))
        chosen = [] if solution.c is None else [int(row.argmax()) for row in solution.c]
        chain = self._start.chain
        for (number, _), category in zip(self._classes, chosen, strict=False):
            values[number] = chain.predicted[number].spec.normalised_of_class(category)
        switches = zip(self._optional, chosen[len(self._classes) :], strict=True)
        bypassed = {slot_id for slot_id, category in switches if category}
        return Individual(ChainSetting.of_predicted(chain, values, bypassed), solution)

    def tell(self, judged: Sequence[tuple[Individual, float]]) -> None:
        """The costs of a whole generation; they may be infinite, or alike."""
        # Only their order counts; the strategy cannot take differences of what is not finite.
        ranks = np.argsort(np.argsort([cost for _, cost in judged], kind="stable"))
        pairs = zip(judged, ranks.tolist(), strict=True)
        self._strategy.tell([(individual.solution, float(rank)) for (individual, _), rank in pairs])

    def _categories_of_start(self, chain: Chain) -> list[int]:
        classes = [
            chain.predicted[n].spec.class_of(self._start.predicted[n]) for n, _ in self._classes
        ]
        return [*classes, *(int(slot_id in self._start.bypassed) for slot_id in self._optional)]


def _steps(parameter: ChainParameter) -> list[float]:
    """The normalised values of an integer; empty for what is searched as continuous."""
    spec = parameter.spec
    if spec.scale != "integer":
        return []
    count = round(spec.max - spec.min) + 1
    return [n / (count - 1) for n in range(count)] if count <= _MOST_STEPS else []


def _category_shares(counts: Sequence[int], start: Sequence[int]) -> Floats | None:
    """Probabilities at first, (categories, most of their counts): half of it where the start is."""
    if not counts:
        return None
    shares = np.zeros((len(counts), max(counts)), np.float32)
    for row, count, chosen in zip(shares, counts, start, strict=True):
        row[:count] = (1 - _START_SHARE) / count
        row[chosen] += _START_SHARE
    return shares
