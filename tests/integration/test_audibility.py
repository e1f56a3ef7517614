"""What the manifest asks a model to predict can be heard in mono, and what it holds cannot.

Some parameters are held although they are heard; the manifest says why beside each.
"""

import numpy as np
import pytest

from bridge.analysis.metrics import mrstft
from bridge.effects import load_effect
from bridge.manifest import ParamSpec, PluginSpec, Setting
from tests.integration.renders import PLUGINS, notes

RATE_HZ = 44_100
SEEDS = range(6)
HELD_FOR_OTHER_REASONS = {
    ("mda-combo", "stereo"),
    ("mda-dynamics", "gate_att"),
    ("mda-multiband", "listen"),
    ("mda-multiband", "process"),
    ("mda-ringmod", "fine"),
    ("pedalboard-reverb", "width"),
    ("pedalboard-reverb", "freeze_mode"),
}


def each_parameter(predicted: bool) -> pytest.MarkDecorator:
    pairs = [(p, q) for p in PLUGINS for q in p.parameters if q.predicted == predicted]
    return pytest.mark.parametrize(
        ("plugin", "parameter"), pairs, ids=[f"{p.id}/{q.symbol}" for p, q in pairs]
    )


def changes(plugin: PluginSpec, parameter: ParamSpec) -> list[float]:
    """MRSTFT between the parameter's two ends, at drawn values of the predicted others."""
    effect, number = load_effect(plugin), plugin.parameters.index(parameter)
    distances = []
    for seed in SEEDS:
        drawn = np.random.default_rng(seed).random(len(plugin.predicted)).tolist()
        base = Setting.of_predicted(plugin, drawn).normalised
        ends = [
            effect.render(
                notes(), RATE_HZ, Setting(plugin, (*base[:number], end, *base[number + 1 :]))
            )
            for end in (0.0, 1.0)
        ]
        distances.append(mrstft(ends[0][0], ends[1][0]))
    return distances


@each_parameter(predicted=True)
def test_a_predicted_parameter_is_heard(plugin: PluginSpec, parameter: ParamSpec) -> None:
    assert max(changes(plugin, parameter)) > 0.2


@each_parameter(predicted=False)
def test_a_held_parameter_is_not_heard_or_held_for_a_reason(
    plugin: PluginSpec, parameter: ParamSpec
) -> None:
    heard = max(changes(plugin, parameter)) > 0.001
    assert heard == ((plugin.id, parameter.symbol) in HELD_FOR_OTHER_REASONS)


def test_width_of_a_mono_reverb_is_its_wet_level() -> None:
    plugin = next(p for p in PLUGINS if p.id == "pedalboard-reverb")
    effect = load_effect(plugin)
    narrow, quiet = (
        effect.render(notes(), RATE_HZ, Setting.of_values(plugin, {"width": w, "wet_level": x}))
        for w, x in ((0.0, 0.8), (1.0, 0.4))
    )
    assert np.abs(narrow - quiet).max() < 1e-5


def test_every_default_is_what_a_setting_of_the_defaults_gives() -> None:
    """A default between two choices would be moved to one of them."""
    for plugin in PLUGINS:
        values = Setting.default(plugin).values
        assert values == pytest.approx({p.symbol: p.default for p in plugin.parameters})
