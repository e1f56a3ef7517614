import numpy as np
import pytest

from bridge.arrays import Audio
from bridge.effects import load_effect
from bridge.engine.answers import NEAR, Answer, confidences
from bridge.manifest import Choice, ParamSpec, PluginSpec, Setting
from bridge.models import Prediction

BINS = 20
MODE = ParamSpec(
    symbol="mode",
    name="Mode",
    min=0,
    max=2,
    default=0,
    scale="enum",
    choices=tuple(Choice(label=str(value), value=value) for value in range(3)),
)


@pytest.fixture
def plugin(overdrive: PluginSpec) -> PluginSpec:
    """A continuous parameter and an enum of three classes."""
    return overdrive.model_copy(update={"parameters": (overdrive.parameters[0], MODE)})


def rows(continuous: np.ndarray, classes: list[float]) -> np.ndarray:
    bins = np.zeros((2, BINS), np.float32)
    bins[0], bins[1, : len(classes)] = continuous, classes
    return bins


def test_confidence_is_the_mass_near_the_value_and_of_the_class(plugin: PluginSpec) -> None:
    even = np.full(BINS, 1 / BINS)
    setting = Setting.of_predicted(plugin, [0.5, 0.5])
    assert confidences(setting, rows(even, [0.2, 0.7, 0.1])) == pytest.approx((2 * NEAR, 0.7))
    # At the end of the range there is only one side.
    at_end = Setting.of_predicted(plugin, [1.0, 1.0])
    assert confidences(at_end, rows(even, [0.2, 0.7, 0.1])) == pytest.approx((NEAR, 0.1))


def test_confidence_tells_sure_from_lost(plugin: PluginSpec) -> None:
    sharp = np.zeros(BINS)
    sharp[10] = 1
    inside, outside = (Setting.of_predicted(plugin, [value, 0]) for value in (0.52, 0.8))
    assert confidences(inside, rows(sharp, [1]))[0] == pytest.approx(1)
    assert confidences(outside, rows(sharp, [1]))[0] == 0


def test_a_networks_answer_takes_its_word(plugin: PluginSpec) -> None:
    bins = rows(np.full(BINS, 1 / BINS), [0, 0, 1])
    prediction = Prediction(np.array([0.25, 1.0], np.float32), bins, 0.7)
    answer = Answer.of(plugin, prediction)
    assert answer.setting.predicted == (0.25, 1.0)
    assert (answer.bypass, answer.bypass_probability, answer.gain_db) == (True, 0.7, 0)
    decided = answer.decided(Setting.of_predicted(plugin, [0.9, 0.0]), bins)
    assert (decided.bypass, decided.bypass_probability) == (False, 0.7)
    assert decided.confidence == pytest.approx((0.2, 0.0), abs=1e-3)


def test_bypass_is_the_playing_at_another_level(
    overdrive: PluginSpec, guitar: tuple[Audio, int]
) -> None:
    audio, rate = guitar[0][:, : guitar[1]], guitar[1]
    effect, setting = load_effect(overdrive), Setting(overdrive, (0.9, 0.3, 0.4))
    bypassed = Answer(setting, (1, 1, 1), 1.0, bypass=True, gain_db=-6.0206)
    assert np.abs(bypassed.apply(effect, audio, rate) - audio / 2).max() < 1e-5
    wet = Answer(setting, (1, 1, 1), 0.0, bypass=False)
    assert np.array_equal(wet.apply(effect, audio, rate), effect.render(audio, rate, setting))
