"""What searches foretell, against what comes of it: the correction that the critic's card keeps.

Of many settings that were tried the one that is expected nearest is expected too near, and medians
are less than means. Both are corrected on validation scenes whose targets are known.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bridge.analysis.windows import at_feature_rate
from bridge.arrays import Floats
from bridge.estimate.answer import Answer
from bridge.models.cards import Foretelling
from bridge.models.critic import LEAST_DISTANCE
from training.critic.rows import Heard, distances, searched
from training.critic.scenes import effect_of

_BOUND = 0.1
"""Share of the distances that lie below the lower bound, and above the upper one."""
_KEPT = np.linspace(0.02, 1.5, 149)
_LEAST_SPREAD = 0.01


def told_of(heard: Heard) -> dict[str, npt.NDArray[Any]]:
    """Of every reference of a scene what a search foretells and what comes of it, (m, 6).

    In this order: the distance now, the lower bound, what is expected, the upper bound; the true
    distance now and with the answer. All are half raw, half at the target's level.
    """
    scene, features = heard.scene, heard.estimator.features
    told = []
    for number, made in enumerate(scene.made):
        answer = searched(heard, number).answer()
        dry = scene.excerpt.audio
        if answer.setting.dry:
            wet = dry * np.float32(10 ** (answer.gain_db / 20))
        else:
            wet = effect_of(scene.chain).render(dry, scene.sample_rate, answer.setting)
        monos = [at_feature_rate(a, scene.sample_rate, features) for a in (dry, made.target, wet)]
        (true,) = distances(monos, 1).mean(axis=-1)
        told.append((*_foretold(answer), true[0], true[-1]))
    return {"told": np.array(told, np.float32)}


def _foretold(answer: Answer) -> tuple[float, float, float, float]:
    near = answer.closeness
    if near is None:
        raise ValueError("a search always foretells")
    return near.now, near.low, near.expected, near.high


def load_told(folders: Sequence[Path]) -> Floats:
    """All that `told_of` kept below these folders, (n, 6)."""
    found = []
    for path in (path for folder in folders for path in sorted(folder.glob("*[0-9].npz"))):
        with np.load(path) as arrays:
            found += [arrays[name] for name in arrays.files]
    return np.concatenate(found)


def fitted(told: Floats) -> Foretelling:
    """The correction of what searches foretold (n, 6), without any, by a critic.

    Means of corrected and true distances agree, now and with the answer, and so many true distances
    lie between the bounds as are meant to.
    """
    now, low, expected, high, true_now, true = np.log(told.astype(np.float64) + LEAST_DISTANCE).T
    slope = max(float(np.polyfit(now, true_now, 1)[0]), 0.1)
    offset = float(np.log(np.exp(true_now).mean() / np.exp(slope * now).mean()))
    corrected = offset + slope * now
    wanted = np.exp(true).mean()
    means = [np.exp(corrected + kept * (expected - now)).mean() for kept in _KEPT]
    kept = float(_KEPT[np.abs(np.array(means) - wanted).argmin()])
    error = true - (corrected + kept * (expected - now))
    below = -error / np.maximum(expected - low, _LEAST_SPREAD)
    above = error / np.maximum(high - expected, _LEAST_SPREAD)
    bounds = [max(float(np.quantile(side, 1 - _BOUND)), 0.1) for side in (below, above)]
    numbers = (round(value, 4) for value in (offset, slope, kept, *bounds))
    return Foretelling(**dict(zip(Foretelling.model_fields, numbers, strict=True)))
