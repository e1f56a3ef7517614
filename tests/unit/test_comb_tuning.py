"""A response's comb is found in playing, and reverberations tuned to it, with the real plugins."""

import numpy as np
import pytest

from bridge.analysis.cepstral_comb import cepstral_comb, response_comb
from bridge.analysis.features import FeatureSettings
from bridge.analysis.windows import at_feature_rate
from bridge.arrays import Audio, Floats
from bridge.audio.resample import resample
from bridge.effects import Effect, load_effect
from bridge.library import Library
from bridge.manifest import PluginSpec, Setting
from bridge.search.comb_tuning import CLEAR, Tuning, is_linear

FEATURES = FeatureSettings()
RATE = FEATURES.sample_rate_hz


@pytest.fixture(scope="module")
def ambience() -> PluginSpec:
    return Library().manifest.plugin("mda-ambience")


@pytest.fixture(scope="module")
def reverberation(ambience: PluginSpec) -> Effect:
    return load_effect(ambience)


@pytest.fixture(scope="module")
def truth(ambience: PluginSpec) -> Setting:
    return Setting.of_predicted(ambience, [0.437, 0.4, 0.6, 0.5])


@pytest.fixture(scope="module")
def wet(reverberation: Effect, truth: Setting, guitar: tuple[Audio, int]) -> Floats:
    """The reference's cepstral_comb."""
    audio, rate = guitar
    return cepstral_comb(at_feature_rate(reverberation.render(audio, rate, truth), rate, FEATURES))


def echoing(lag: int, frames: int = 4_096) -> Audio:
    response = np.zeros(frames, np.float32)
    response[[0, lag]] = 1, 0.3
    return response


def test_a_responses_comb_stands_out_of_playing_at_its_own_lag_alone() -> None:
    noise = 0.1 * np.random.default_rng(1).standard_normal(131_072)
    heard = np.convolve(noise, echoing(301))[: len(noise)].astype(np.float32)
    responses = np.stack([echoing(lag) for lag in (301, 302, 700)])
    fits = response_comb(responses, echoing(0)) @ cepstral_comb(heard)
    assert fits[0] > 7
    assert np.abs(fits[1:]).max() < 4


def test_what_went_through_nothing_fits_by_chance() -> None:
    noise = 0.1 * np.random.default_rng(2).standard_normal(131_072)
    responses = np.stack([echoing(lag) for lag in range(30, 1_030)])
    fits = response_comb(responses, echoing(0)) @ cepstral_comb(noise.astype(np.float32))
    assert abs(float(fits.mean())) < 0.2
    assert 0.7 < float(fits.std()) < 1.4


def test_a_response_without_a_comb_fits_nothing() -> None:
    impulse = echoing(0)
    assert not response_comb(np.stack([0.2 * impulse, 0 * impulse]), impulse).any()


def test_what_a_resampler_cuts_off_is_no_comb() -> None:
    """A low-pass leaves nothing of the highest octave's edge that could be told from the floor."""
    impulse = np.zeros(8_192, np.float32)
    impulse[0] = 1
    soft = np.asarray(0.05 * 0.95 ** np.arange(8_192), np.float32)
    heard = resample(np.stack([impulse, soft]), 48_000, RATE)
    assert not response_comb(heard[1:], heard[0]).any()


@pytest.mark.parametrize("audio", [np.zeros(131_072), np.ones(1_000)])
def test_silence_and_short_audio_have_no_comb(audio: Audio) -> None:
    assert not cepstral_comb(audio.astype(np.float32)).any()


@pytest.mark.parametrize("rate", [24_000, 44_100, 48_000])
@pytest.mark.parametrize(
    ("name", "linear"),
    [
        ("mda-ambience", True),
        ("pedalboard-reverb", True),
        ("mda-overdrive", False),
        ("mda-multiband", False),
        ("mda-leslie", False),
        ("pedalboard-chorus", False),
    ],
)
def test_effects_are_linear_or_not_at_every_rate(name: str, linear: bool, rate: int) -> None:
    effect = load_effect(Library().manifest.plugin(name))
    assert is_linear(effect, rate, FEATURES) == linear


@pytest.mark.parametrize("rate", [24_000, 44_100, 48_000])
def test_a_room_is_tuned_to_the_sample(
    ambience: PluginSpec,
    reverberation: Effect,
    guitar: tuple[Audio, int],
    wet: Floats,
    truth: Setting,
    rate: int,
) -> None:
    """Also at another rate than the reference's, where another size makes rooms as long."""
    tuning = Tuning(reverberation, rate, FEATURES, wet)
    draw = np.random.default_rng(3)
    starts = [Setting.of_predicted(ambience, draw.random(4).tolist()) for _ in range(25)]
    best, *_ = tuning.tune(starts)
    # The plugin counts its delays in samples, and makes them 0.025 + 2.665 * size as long.
    size = ((0.025 + 2.665 * truth.predicted[0]) * rate / guitar[1] - 0.025) / 2.665
    assert best.fixed == {0}
    assert best.setting.predicted[0] == pytest.approx(size, abs=0.002)
    assert tuning.fit(best.setting) > max(CLEAR, 1.5 * max(map(tuning.fit, starts)))


def test_another_makers_reverberation_leaves_no_clear_fit(
    ambience: PluginSpec, reverberation: Effect, guitar: tuple[Audio, int]
) -> None:
    other = Library().manifest.plugin("pedalboard-reverb")
    audio, rate = guitar
    setting = Setting.of_predicted(other, [0.6, 0.4, 0.5, 0.5, 1.0][: len(other.predicted)])
    heard = at_feature_rate(load_effect(other).render(audio, rate, setting), rate, FEATURES)
    tuning = Tuning(reverberation, RATE, FEATURES, cepstral_comb(heard))
    draw = np.random.default_rng(4)
    starts = [Setting.of_predicted(ambience, draw.random(4).tolist()) for _ in range(25)]
    assert max(tuning.fit(found.setting) for found in tuning.tune(starts)) < CLEAR
