"""Which effect made a recording wet, read off its embedding by a simple classifier.

A linear probe (Alain & Bengio, Understanding intermediate layers using linear classifier probes,
2016) and a random forest, as the prior work took. Every clip is tested once, by a classifier that
saw no clip of the same stem.
"""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import numpy.typing as npt
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from bridge.arrays import Floats
from training.errors import TrainingError
from training.evaluation.intervals import Json, relative_gain

FOLDS = 5
COMPONENTS = 128
"""Principal components that are compared with, as many as in the prior work."""

FOREST, LINEAR = "random forest", "logistic regression"
CLASSIFIERS: dict[str, Callable[[], object]] = {
    FOREST: lambda: RandomForestClassifier(random_state=0),
    LINEAR: lambda: LogisticRegression(C=0.1, max_iter=500),
}

Rows = npt.NDArray[np.int64]


def folds(stems: npt.NDArray[np.str_]) -> Iterator[tuple[Rows, Rows]]:
    """Rows to learn from and rows to test on, `FOLDS` times; no stem is in both.

    `stems` names every row's, (n,). Raises TrainingError where there are too few.
    """
    if (found := len(set(stems))) < FOLDS:
        raise TrainingError(
            f"the clips come from {found} stems but {FOLDS} are needed to learn and test apart;"
            " take more clips, or build a larger corpus"
        )
    yield from GroupKFold(FOLDS, shuffle=True, random_state=0).split(stems, groups=stems)


def probe(
    sounds: Mapping[str, Floats],
    stems: npt.NDArray[np.str_],
    classifier: str,
    principal: bool = False,
) -> Json:
    """Accuracy with interval, recalls and confusions of telling the classes apart.

    `sounds` holds each class's vectors (n, d) of the same clips, `stems` the clips' files (n,).
    With `principal` the classifier gets the first `COMPONENTS` principal components. The interval
    is 95 % with stems as clusters (Cochran, Sampling Techniques, 1977, eq. 2.46); rows of
    `confusions` are true classes, in the order of `classes`, and add up to 1.
    """
    names = list(sounds)
    vectors = np.concatenate([sounds[name] for name in names])
    truth = np.repeat(np.arange(len(names)), len(stems))
    of = np.tile(stems, len(names))
    answers = np.empty_like(truth)
    for known, asked in folds(of):
        steps = _steps(classifier, principal, len(known), vectors.shape[1])
        answers[asked] = steps.fit(vectors[known], truth[known]).predict(vectors[asked])
    confusions = confusion_matrix(truth, answers, normalize="true")
    _, stem = np.unique(of, return_inverse=True)
    wrong, asked_of = (
        np.bincount(stem, weights=weights).astype(np.float64)
        for weights in (answers != truth, np.ones(len(truth)))
    )
    return {
        "classes": names,
        "accuracy": relative_gain(wrong, asked_of),
        "chance": round(1 / len(names), 6),
        "recalls": dict(zip(names, confusions.diagonal().round(6).tolist(), strict=True)),
        "confusions": confusions.round(6).tolist(),
    }


def _steps(classifier: str, principal: bool, rows: int, columns: int) -> Pipeline:
    components = [PCA(min(COMPONENTS, rows, columns), random_state=0)] if principal else []
    return make_pipeline(StandardScaler(), *components, CLASSIFIERS[classifier]())
