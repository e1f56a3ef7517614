import auraloss
import numpy as np
import pytest
import torch

from bridge.analysis.features import FeatureSettings, mel_power
from bridge.analysis.metrics import (
    MRSTFT_FRAMES,
    match_rms,
    mrstft,
    style_distance,
    style_profile,
)
from bridge.analysis.windows import (
    MOST_WINDOWS,
    active_share,
    active_windows,
    fill_window,
    rms_db,
)
from bridge.errors import AudioError

SETTINGS = FeatureSettings()
RATE = SETTINGS.sample_rate_hz


def noise(frames: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(frames).astype(np.float32) * 0.1


def sine(hz: float, frames: int, amplitude: float = 1.0) -> np.ndarray:
    return (amplitude * np.sin(2 * np.pi * hz * np.arange(frames) / RATE)).astype(np.float32)


@pytest.mark.parametrize("frames", [131_072, 66_048])
def test_mrstft_equals_auraloss(frames: int) -> None:
    loss = auraloss.freq.MultiResolutionSTFTLoss(
        list(MRSTFT_FRAMES),
        [size // 2 for size in MRSTFT_FRAMES],
        list(MRSTFT_FRAMES),
        w_sc=0,
        w_phs=0,
        w_lin_mag=1,
        w_log_mag=1,
    )
    a, b = noise(frames), np.tanh(3 * noise(frames, 1))
    expected = loss(torch.tensor(a)[None, None], torch.tensor(b)[None, None]).item()
    assert mrstft(a, b) == pytest.approx(expected, rel=1e-4)


def test_mrstft_of_equal_signals_is_exactly_zero() -> None:
    assert mrstft(noise(50_000), noise(50_000)) == 0.0
    assert mrstft(np.zeros(50_000, np.float32), np.zeros(50_000, np.float32)) == 0.0


def test_mrstft_takes_short_signals_and_refuses_different_shapes() -> None:
    assert mrstft(noise(1_000), noise(1_000, 1)) > 0
    with pytest.raises(ValueError, match="equal length"):
        mrstft(noise(1_000), noise(1_001))


def test_match_rms_leaves_only_the_shape() -> None:
    target = noise(10_000)
    assert np.allclose(match_rms(target * 0.01, target), target, atol=1e-6)
    assert not match_rms(np.zeros(100, np.float32), target[:100]).any()


def test_a_sine_lies_in_the_band_of_its_frequency() -> None:
    power = mel_power(sine(1000, RATE), SETTINGS)
    band = int(power.mean(axis=1).argmax())

    def mel(hz: float) -> float:
        return 2595 * np.log10(1 + hz / 700)

    low, high = mel(SETTINGS.low_hz), mel(SETTINGS.high_hz)
    centre = low + (band + 1) * (high - low) / (SETTINGS.mel_bands + 1)
    assert abs(centre - mel(1000)) < (high - low) / SETTINGS.mel_bands
    assert 0.1 < power[band].mean() < 0.6


def test_windows_reach_from_first_to_last_frame_and_leave_silence_out() -> None:
    frames = SETTINGS.window_frames
    audio = noise(3 * frames + 1_234)
    windows = list(active_windows(audio, SETTINGS, "x"))
    assert len(windows) == 6
    assert np.array_equal(windows[0], audio[:frames])
    assert np.array_equal(windows[-1], audio[-frames:])
    audio[: 2 * frames] = 0
    assert len(list(active_windows(audio, SETTINGS, "x"))) < len(windows)


@pytest.mark.parametrize(
    ("audio", "says"),
    [(noise(1_000), "0.04 s but the model needs 2.73 s"), (np.zeros(200_000), "is silent")],
)
def test_a_recording_that_cannot_serve_is_named(audio: np.ndarray, says: str) -> None:
    with pytest.raises(AudioError, match=f"take.wav: .*{says}"):
        list(active_windows(audio.astype(np.float32), SETTINGS, "take.wav"))


def test_a_recording_between_the_least_and_a_window_is_one_window() -> None:
    audio = noise(SETTINGS.least_frames + 100)
    (window,) = active_windows(audio, SETTINGS, "x")
    assert np.array_equal(window, audio)


def test_of_a_long_recording_windows_are_taken_evenly() -> None:
    audio = noise(SETTINGS.window_frames * (MOST_WINDOWS + 10))
    windows = active_windows(audio, SETTINGS, "x")
    assert len(windows) == MOST_WINDOWS
    assert np.array_equal(windows[-1], audio[-SETTINGS.window_frames :])


def test_short_audio_is_repeated_until_it_suffices() -> None:
    filled = fill_window(noise(1_000), SETTINGS)
    assert len(filled) == SETTINGS.least_frames
    assert np.array_equal(filled[1_000:2_000], filled[:1_000])


def test_style_distance_hears_character_not_content() -> None:
    bright, other = noise(5 * RATE), noise(5 * RATE, 1)
    dull = np.convolve(other, np.ones(16) / 16, mode="same").astype(np.float32)

    def distance(a: np.ndarray, b: np.ndarray) -> float:
        return style_distance((a[None], RATE), (b[None], RATE))

    assert distance(bright, other) < 0.5
    assert distance(bright, dull) > 5
    assert distance(bright, bright * 2) == pytest.approx(20 * np.log10(2), abs=0.01)


def test_style_profile_does_not_depend_on_rate_channels_or_pauses() -> None:
    audio = noise(4 * RATE)
    profile = style_profile(audio[None], RATE)
    assert np.array_equal(style_profile(np.stack([audio, audio]), RATE), profile)
    paused = np.concatenate([audio, np.zeros(4 * RATE, np.float32)])
    assert np.abs(style_profile(paused[None], RATE) - profile).mean() < 0.5


def test_active_share_counts_sounding_frames() -> None:
    audio = noise(2 * RATE)
    assert active_share(audio, RATE) == 1.0
    audio[RATE // 2 :] = 0
    assert active_share(audio, RATE) == 0.25
    assert active_share(audio * 1e-4, RATE) == 0.0


def test_rms_db_of_silence_is_a_number() -> None:
    assert rms_db(np.zeros(10, np.float32)) == pytest.approx(-120)
