import numpy as np
import pytest

from bridge.analysis.features import FeatureSettings
from bridge.analysis.statistics import statistics
from bridge.arrays import Audio
from bridge.chain import Chain, ChainSetting
from bridge.drive.smoothing import Glide, Smoother, blend
from bridge.engine.window import LiveWindow
from bridge.manifest import Choice, ParamSpec, PluginSpec

SETTINGS = FeatureSettings()


def noise(rate: int, seconds: float) -> Audio:
    draw = np.random.default_rng(0)
    return draw.standard_normal((1, round(seconds * rate))).astype(np.float32) * np.float32(0.1)


def test_a_window_holds_the_newest_audio_whatever_the_block_size() -> None:
    audio = noise(24_000, 8)
    window = LiveWindow(24_000, SETTINGS)
    start = 0
    for size in [1, 500, 1_200, 30_000, 7, 0, 50_000, 100_000]:
        window.push(audio[:, start : start + size])
        start += size
    newest = audio[:, start - SETTINGS.window_frames : start]
    assert window.full
    assert np.array_equal(window.audio, newest[0])
    assert np.array_equal(window.played(), newest)


def test_a_window_speaks_of_what_it_holds() -> None:
    audio = noise(24_000, 7)
    window = LiveWindow(24_000, SETTINGS)
    for block in np.array_split(audio, 41, axis=1):
        window.push(block)
    offline = statistics(audio[0], SETTINGS)
    assert np.abs(window.statistics().vector - offline.vector).max() < 1e-5
    assert np.abs(window.statistics().levels - offline.levels).max() < 1e-4


def test_what_was_played_is_kept_at_the_hosts_rate_in_mono() -> None:
    audio = noise(44_100, 7)
    window = LiveWindow(44_100, SETTINGS)
    for block in np.array_split(np.concatenate([audio, 0.5 * audio]), 33, axis=1):
        window.push(block)
    frames = round(SETTINGS.window_s * 44_100)
    assert window.played() == pytest.approx(0.75 * audio[:, -frames:])


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000, 192_000])
def test_a_window_hears_any_device_rate_alike(rate: int) -> None:
    window = LiveWindow(rate, SETTINGS)
    time_s = np.arange(6 * rate) / rate
    tone = np.sin(2 * np.pi * 1_000 * time_s).astype(np.float32)
    for block in np.array_split(np.stack([tone, tone]), 80, axis=1):
        window.push(block)
    spectrum = np.abs(np.fft.rfft(window.audio * np.hanning(len(window.audio))))
    assert spectrum.argmax() * SETTINGS.sample_rate_hz / len(window.audio) == pytest.approx(
        1_000, abs=0.5
    )


def test_a_window_is_ready_half_way_and_full_after_its_length() -> None:
    window = LiveWindow(48_000, SETTINGS)
    states = []
    for _ in range(6):
        window.push(np.zeros((1, 48_000), np.float32))
        states.append((window.ready, window.full))
    assert states == [(False, False)] * 2 + [(True, False)] * 3 + [(True, True)]


def setting(plugin: PluginSpec, *values: float) -> ChainSetting:
    return ChainSetting.of_normalised(Chain.of_plugin(plugin), values)


def test_a_glide_covers_63_percent_in_its_time_constant(overdrive: PluginSpec) -> None:
    smoother, glide = Smoother(setting(overdrive, 0, 0, 1)), Glide(0.25, 0.5)
    for _ in range(5):
        now = smoother.towards(setting(overdrive, 1, 0.5, 0), 0.05, lambda _: glide)
    # The last one falls, with its own time constant.
    assert now.normalised == pytest.approx((0.632, 0.316, 0.607), abs=1e-3)


def test_a_slew_limit_is_the_least_time_for_the_range(overdrive: PluginSpec) -> None:
    smoother, glide = Smoother(setting(overdrive, 0, 0, 1)), Glide(0, 0, slew_s=2)
    for _ in range(4):
        now = smoother.towards(setting(overdrive, 1, 0.1, 0), 0.25, lambda _: glide)
    assert now.normalised == pytest.approx((0.5, 0.1, 0.5))


def test_no_glide_follows_at_once(overdrive: PluginSpec) -> None:
    smoother = Smoother(setting(overdrive, 0, 0, 0))
    now = smoother.towards(setting(overdrive, 1, 0.5, 0), 0.05, lambda _: Glide(0, 0))
    assert now.normalised == (1, 0.5, 0)


def test_enums_switch_and_never_glide(overdrive: PluginSpec) -> None:
    mode = ParamSpec(
        symbol="mode",
        name="Mode",
        min=0,
        max=1,
        default=0,
        scale="enum",
        choices=(Choice(label="a", value=0), Choice(label="b", value=1)),
    )
    plugin = overdrive.model_copy(update={"parameters": (mode,)})
    off, on = setting(plugin, 0.0), setting(plugin, 1.0)
    assert Smoother(off).towards(on, 0.01, lambda _: Glide(10, 10)).normalised == (1.0,)
    assert blend(off, on, 0.4) == off
    assert blend(off, on, 0.6) == on


@pytest.mark.parametrize(("amount", "expected"), [(0, 0.2), (0.5, 0.5), (1, 0.8)])
def test_amount_blends_between_host_and_prediction(
    overdrive: PluginSpec, amount: float, expected: float
) -> None:
    base, target = setting(overdrive, 0.2, 0.2, 0.2), setting(overdrive, 0.8, 0.8, 0.8)
    assert blend(base, target, amount).normalised == pytest.approx((expected,) * 3)
