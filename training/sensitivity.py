"""How much each parameter of a plugin changes what is heard: the weights of the losses."""

from concurrent.futures import Executor
from functools import partial

import numpy as np

from bridge.analysis.metrics import mrstft
from bridge.arrays import Floats
from bridge.manifest import Setting
from training.examples import ExampleSource
from training.workers import in_order

CASES = 24
STEP = 0.15
_LEAST, _MOST = 0.3, 3.0


def measure(source: ExampleSource, workers: Executor) -> Floats:
    """Weight of each predicted parameter, (p,), mean 1: the MRSTFT that a step of it makes."""
    changes = np.array(list(in_order(workers, partial(_changes, source), range(CASES))))
    weights = changes.mean(axis=0)
    return np.asarray(np.clip(weights / weights.mean(), _LEAST, _MOST), np.float32)


def _changes(source: ExampleSource, index: int) -> list[float]:
    clip = source.clips[index]
    draw = np.random.default_rng((41, index))
    values = draw.random(len(source.plugin.predicted))
    changes = []
    for number, parameter in enumerate(source.plugin.predicted):
        step = parameter.normalised_of_class(1) if parameter.classes else STEP
        moved = values.copy()
        moved[number] += step if moved[number] < 0.5 else -step
        one, other = (
            source.effect.render(
                clip.dry, clip.sample_rate, Setting.of_predicted(source.plugin, v.tolist())
            )
            for v in (values, moved)
        )
        changes.append(mrstft(one[0], other[0]))
    return changes
