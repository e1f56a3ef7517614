"""The estimator of one plugin's exported models: training works plugin by plugin."""

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
    estimator = Estimator(Chain.of_plugin(plugin), Library.of_models(models))
    predictor_of(estimator)
    return estimator


def predictor_of(estimator: Estimator) -> Predictor:
    """The predictor of a chain of one. Raises ModelError where it has none."""
    (predictor,) = estimator.predictors
    if predictor is None:
        raise ModelError(
            f"{estimator.chain.id}: no model is trained for this plugin yet; train one and name"
            " its folder in the manifest"
        )
    return predictor
