"""Echoes are found to the sample, and settings moved onto them, with the real plugins."""

import numpy as np
import pytest

from bridge.analysis.echoes import SHARPEST, most_prominent, similarity
from bridge.analysis.features import FeatureSettings
from bridge.analysis.statistics import echo_prominence, statistics
from bridge.analysis.windows import at_feature_rate
from bridge.arrays import Audio, Floats
from bridge.effects import load_effect
from bridge.library import Library
from bridge.manifest import PluginSpec, Setting
from bridge.search.echo_alignment import Alignment

FEATURES = FeatureSettings()
RATE = FEATURES.sample_rate_hz


def noise(seed: int) -> Floats:
    sampled = np.random.default_rng(seed).standard_normal(FEATURES.window_frames)
    return np.asarray(0.1 * sampled, np.float32)


def delayed(audio: Floats, lag: int) -> Floats:
    return audio + 0.5 * np.pad(audio, (lag, 0))[: len(audio)]


@pytest.fixture(scope="module")
def delay() -> PluginSpec:
    return Library().manifest.plugin("pedalboard-delay")


def heard(delay: PluginSpec, guitar: tuple[Audio, int], truth: Setting) -> Floats:
    audio, rate = guitar
    wet = load_effect(delay).render(audio[:, : 6 * rate], rate, truth)
    return statistics(at_feature_rate(wet, rate, FEATURES), FEATURES).echoes


@pytest.mark.parametrize("lag", [40, 1_234, 30_001])
def test_an_echo_is_found_to_the_sample(lag: int) -> None:
    first, *_ = most_prominent(echo_prominence(delayed(noise(1), lag)), 3)
    assert first.lag == lag
    assert 12 < first.prominence <= SHARPEST


def test_noise_does_not_echo() -> None:
    assert most_prominent(echo_prominence(noise(2)), 3) == []


def test_similarity_tells_the_same_echo_on_other_playing_from_another_echo() -> None:
    one, same, other = (
        echo_prominence(delayed(noise(seed), lag)) for seed, lag in ((3, 900), (4, 900), (5, 903))
    )
    assert similarity(one, same) > 0.8
    assert similarity(one, other) < 0.1
    assert similarity(echo_prominence(noise(6)), echo_prominence(noise(7))) == 0


@pytest.mark.parametrize("start_s", [0.27, 0.3137, 0.36])
def test_a_delay_is_moved_to_where_the_reference_has_it(
    delay: PluginSpec, guitar: tuple[Audio, int], start_s: float
) -> None:
    values = {"delay_seconds": 0.3137, "feedback": 0.3, "mix": 0.4}
    reference = heard(delay, guitar, Setting.of_values(delay, values))
    alignment = Alignment(load_effect(delay), 48_000, FEATURES, reference)
    best = alignment.align(Setting.of_values(delay, values | {"delay_seconds": start_s}))[0]
    assert best.setting.values["delay_seconds"] == pytest.approx(0.3137, abs=1.5 / RATE)
    assert best.fixed == {0}


def test_nothing_is_moved_where_nothing_echoes(
    delay: PluginSpec, overdrive: PluginSpec, guitar: tuple[Audio, int]
) -> None:
    silent = np.zeros_like(echo_prominence(noise(8)))
    start = Setting.of_values(delay, {"delay_seconds": 0.3, "feedback": 0.3, "mix": 0.4})
    assert Alignment(load_effect(delay), 48_000, FEATURES, silent).align(start) == []
    echoing = echo_prominence(delayed(noise(9), 5_000))
    overdriven = Alignment(load_effect(overdrive), 48_000, FEATURES, echoing)
    assert overdriven.align(Setting(overdrive, (0.6, 0.4, 0.5))) == []
