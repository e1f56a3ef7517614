"""The estimator of exported models: training works plugin by plugin, evaluation on rigs too."""

from pathlib import Path

from bridge.chain import Chain
from bridge.errors import ModelError
from bridge.estimate.estimator import Estimator
from bridge.library import Library
from bridge.manifest import PluginSpec
from bridge.models import Predictor


def estimator_of(plugin: PluginSpec, models: Path) -> Estimator:
    """The plugin as a chain of one, with the models of this folder.

    Raises ModelError where a model is missing, is corrupt or does not fit.
    """
    estimator = chain_estimator(Chain.of_plugin(plugin), models)
    predictor_of(estimator)
    return estimator


def chain_estimator(chain: Chain, models: Path) -> Estimator:
    """A chain with the models of this folder; it may be one that no network knows.

    Raises ModelError where a model that the manifest names is missing, is corrupt or does not fit.
    """
    return Estimator(chain, Library.of_models(models))


def predictor_of(estimator: Estimator) -> Predictor:
    """The predictor of a chain of one. Raises ModelError where it has none."""
    (predictor,) = estimator.predictors
    if predictor is None:
        raise ModelError(
            f"{estimator.chain.id}: no model is trained for this plugin yet; train one and name"
            " its folder in the manifest"
        )
    return predictor
