import numpy as np
import pytest

from bridge.arrays import Audio
from bridge.effects import load_effect
from bridge.estimate.answer import NEAR, Answer, confidences
from bridge.manifest import PluginSpec, Setting
from bridge.models import Prediction

BINS = 20


def rows(continuous: np.ndarray, classes: list[float]) -> np.ndarray:
    """The same distribution for both continuous parameters, and one of the classes."""
    bins = np.zeros((3, BINS), np.float32)
    bins[:2], bins[2, : len(classes)] = continuous, classes
    return bins


def test_confidence_is_the_mass_near_the_value_and_of_the_class(plugin: PluginSpec) -> None:
    even = np.full(BINS, 1 / BINS)
    bins = rows(even, [0.2, 0.7, 0.1])
    # At the end of the range there is only one side.
    setting = Setting.of_predicted(plugin, [0.5, 1.0, 0.5])
    assert confidences(setting, bins) == pytest.approx((2 * NEAR, NEAR, 0.7))
    last = Setting.of_predicted(plugin, [0.0, 0.5, 1.0])
    assert confidences(last, bins) == pytest.approx((NEAR, 2 * NEAR, 0.1))


def test_confidence_tells_sure_from_lost(plugin: PluginSpec) -> None:
    sharp = np.zeros(BINS)
    sharp[10] = 1
    inside, outside, _ = confidences(Setting.of_predicted(plugin, [0.52, 0.8, 0]), rows(sharp, [1]))
    assert inside == pytest.approx(1)
    assert outside == 0


def test_a_networks_answer_takes_its_word(plugin: PluginSpec) -> None:
    bins = rows(np.full(BINS, 1 / BINS), [0, 0, 1])
    prediction = Prediction(np.array([0.25, 0.5, 1.0], np.float32), bins, 0.7)
    answer = Answer.of(plugin, prediction)
    assert answer.setting.predicted == (0.25, 0.5, 1.0)
    assert (answer.bypass, answer.bypass_probability, answer.gain_db) == (True, 0.7, 0)
    decided = answer.decided(Setting.of_predicted(plugin, [0.9, 0.5, 0.0]), bins)
    assert (decided.bypass, decided.bypass_probability) == (False, 0.7)
    assert decided.confidence == pytest.approx((0.2, 0.2, 0.0), abs=1e-3)


def test_bypass_is_the_playing_at_another_level(
    overdrive: PluginSpec, guitar: tuple[Audio, int]
) -> None:
    audio, rate = guitar[0][:, : guitar[1]], guitar[1]
    effect, setting = load_effect(overdrive), Setting(overdrive, (0.9, 0.3, 0.4))
    bypassed = Answer(setting, (1, 1, 1), 1.0, bypass=True, gain_db=-6.0206)
    assert np.abs(bypassed.apply(effect, audio, rate) - audio / 2).max() < 1e-5
    wet = Answer(setting, (1, 1, 1), 0.0, bypass=False)
    assert np.array_equal(wet.apply(effect, audio, rate), effect.render(audio, rate, setting))
