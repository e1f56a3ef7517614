"""Settings that fill a plugin's parameter space evenly."""

from collections.abc import Iterator, Sequence

from scipy.stats import qmc

from bridge.manifest import PluginSpec, Setting
from training.canonical import canonical

_BATCH = 512


def even_settings(plugin: PluginSpec, seed: int) -> Iterator[Setting]:
    """Settings without end: a scrambled Sobol sequence over the predicted parameters.

    Sobol, USSR Comput. Math. Math. Phys. 7 (1967). Classes share their range evenly; of settings
    that sound alike the one that stands for them is drawn.
    """
    sequence = qmc.Sobol(len(plugin.predicted), rng=seed)
    while True:
        for values in sequence.random(_BATCH).tolist():
            yield canonical(Setting.of_predicted(plugin, _with_classes(plugin, values)))


def _with_classes(plugin: PluginSpec, values: Sequence[float]) -> list[float]:
    """0..1 cut into as many equal parts as a parameter has classes."""
    return [
        spec.normalised_of_class(min(int(value * spec.classes), spec.classes - 1))
        if spec.classes
        else value
        for spec, value in zip(plugin.predicted, values, strict=True)
    ]
