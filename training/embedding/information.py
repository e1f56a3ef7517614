"""How many bits an embedding holds about a parameter of an effect.

Of the whole embedding a lower bound is found: what somebody q who never heard the stem knows of
the parameter, I(X; Y) >= E[log q(Y | X) - log p(Y)] (Barber & Agakov, The IM algorithm, NIPS
2003). q is a mixture of three: one who knows nothing; a Gaussian around a regression, whose bound
alone is -log2(1 - r²) / 2; a classifier of eighths of the range, as the sound of a delay or of a
symmetric parameter leaves the choice between a few values. Only the weights of the mixture have
seen what is tested (stacking: Smyth & Wolpert, Machine Learning 36, 1999). Ranks first give the
parameter a normal distribution, which changes no mutual information; without them
-log2(1 - r²) / 2 could exceed it.

The most that any one coordinate holds is estimated from nearest neighbours (Kraskov, Stögbauer &
Grassberger, Phys. Rev. E 69, 2004; for classes Ross, PLoS ONE 9, 2014). The largest of many noisy
estimates is too high, so its value for shuffled parameters has to stand beside it.
"""

from math import log

import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls
from scipy.stats import norm, rankdata
from sklearn.feature_selection import mutual_info_classif, mutual_info_regression
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

from bridge.arrays import Floats
from training.embedding.probe import folds
from training.evaluation.intervals import Json, interval

_PENALTIES = np.geomspace(1, 1e5, 11)
_STRENGTH = 0.03
_PARTS = 8
_ROUNDS = 200

Values = npt.NDArray[np.float64] | npt.NDArray[np.int64]
"""A parameter of n clips, (n,): continuous, or classes."""


def lower_bound(vectors: Floats, values: Values, stems: npt.NDArray[np.str_]) -> Json:
    """At least so many bits do vectors (n, d) hold about a parameter (n,); integers are classes.

    Mean and 95 % interval; `stems` names the files that the clips come from, (n,). Raises
    TrainingError where these are too few.
    """
    if np.issubdtype(values.dtype, np.integer):
        told = [_by_class(vectors, values.astype(np.int64), stems)]
    else:
        ranks = (rankdata(values) - 0.5) / len(values)
        told = [
            _by_regression(vectors, norm.ppf(ranks), stems),
            _by_class(vectors, (ranks * _PARTS).astype(np.int64), stems),
        ]
    ratios = np.stack([np.ones(len(values)), *told], axis=1)
    weights = np.full(ratios.shape[1], 1 / ratios.shape[1])
    for _ in range(_ROUNDS):
        shares = ratios * weights
        weights = np.mean(shares / shares.sum(axis=1, keepdims=True), axis=0)
    found = interval(np.log2(ratios @ weights)) or {}
    # There is no negative information; the weights may still be on their way to knowing nothing.
    return {**found, "mean": max(0.0, found["mean"])}


def best_coordinate(vectors: Floats, values: Values) -> float:
    """Bits that the most telling coordinate of (n, d) holds; integers (n,) are classes."""
    discrete = np.issubdtype(values.dtype, np.integer)
    estimate = mutual_info_classif if discrete else mutual_info_regression
    return float(estimate(vectors, values, random_state=0).max() / log(2))


def entropy(classes: Values) -> float:
    """Entropy in bits of classes (n,): the most that can be known about them."""
    shares = np.bincount(classes) / len(classes)
    return float(-np.sum(shares[shares > 0] * np.log2(shares[shares > 0])))


def _by_regression(
    vectors: Floats, values: npt.NDArray[np.float64], stems: npt.NDArray[np.str_]
) -> npt.NDArray[np.float64]:
    """q(Y | X) / p(Y) of every clip, of normally distributed values (n,).

    The regression is a linear and a kernel one, stacked (Wolpert, Neural Networks 5, 1992).
    """
    values = values / values.std()
    found = np.empty((len(values), 2))
    for known, asked in folds(stems):
        for number, regressor in enumerate((RidgeCV(_PENALTIES), SVR())):
            steps = make_pipeline(StandardScaler(), regressor).fit(vectors[known], values[known])
            found[asked, number] = steps.predict(vectors[asked])
    found -= found.mean(axis=0)
    rest = values - found @ nnls(found, values)[0]
    spread = rest.std()
    return np.asarray(norm.pdf(rest / spread) / spread / norm.pdf(values))


def _by_class(
    vectors: Floats, classes: npt.NDArray[np.int64], stems: npt.NDArray[np.str_]
) -> npt.NDArray[np.float64]:
    """q(Y | X) / p(Y) of every clip, of classes (n,)."""
    shares = np.bincount(classes) / len(classes)
    beliefs = np.zeros((len(classes), len(shares)))
    for known, asked in folds(stems):
        classifier = LogisticRegression(C=_STRENGTH, max_iter=500)
        steps = make_pipeline(StandardScaler(), classifier).fit(vectors[known], classes[known])
        beliefs[np.ix_(asked, steps.classes_)] = steps.predict_proba(vectors[asked])
    return np.asarray(beliefs[np.arange(len(classes)), classes] / shares[classes])
