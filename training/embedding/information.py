"""How many bits an embedding holds about a parameter of the effect.

The whole embedding is judged by a lower bound: what a regressor or classifier that never saw the
recording finds out, I(X; Y) >= H(Y) + E[log q(Y | X)] for any q (Barber & Agakov, The IM algorithm,
NIPS 2003). A continuous parameter is first given a normal distribution by its ranks, which changes
no mutual information; with a Gaussian q the bound is then -log2(1 - r²) / 2, which without the
ranks could be too high by 0.25 bits for a uniform parameter.

The most that one coordinate holds is estimated from nearest neighbours (Kraskov, Stögbauer &
Grassberger, Phys. Rev. E 69, 2004; Ross, PLoS ONE 9, 2014, for classes). The largest of many noisy
estimates is too high, so the same of shuffled values stands beside it.
"""

from math import log

import numpy as np
import numpy.typing as npt
from scipy.stats import norm, rankdata
from sklearn.feature_selection import mutual_info_classif, mutual_info_regression
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

from bridge.arrays import Floats
from training.embedding.probe import folds

_PENALTIES = tuple(float(p) for p in np.geomspace(1, 1e5, 11))
