import numpy as np
import pytest

from bridge.analysis.features import FeatureSettings
from bridge.engine.sending import DEADBAND, FULL_STATE_S, Sender
from bridge.engine.smoothing import Smoother, blend
from bridge.engine.window import LiveWindow
from bridge.manifest import Choice, ParamSpec, PluginSpec, Setting
from tests.doubles import MemoryHost

SETTINGS = FeatureSettings()


def test_a_window_holds_the_newest_audio_whatever_the_block_size() -> None:
    audio = np.random.default_rng(0).standard_normal((1, 4 * 24_000)).astype(np.float32)
    window = LiveWindow(24_000, SETTINGS)
    start = 0
    for size in [1, 500, 1_200, 30_000, 7, 50_000]:
        window.push(audio[:, start : start + size])
        start += size
    assert window.full
    assert np.array_equal(window.audio, audio[0, start - SETTINGS.window_frames : start])


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000, 192_000])
def test_a_window_hears_any_device_rate_alike(rate: int) -> None:
    window = LiveWindow(rate, SETTINGS)
    time_s = np.arange(4 * rate) / rate
    tone = np.sin(2 * np.pi * 1_000 * time_s).astype(np.float32)
    for block in np.array_split(np.stack([tone, tone]), 80, axis=1):
        window.push(block)
    spectrum = np.abs(np.fft.rfft(window.audio * np.hanning(len(window.audio))))
    assert spectrum.argmax() * SETTINGS.sample_rate_hz / len(window.audio) == pytest.approx(
        1_000, abs=0.5
    )


def test_a_window_is_full_only_after_its_length() -> None:
    window = LiveWindow(48_000, SETTINGS)
    window.push(np.zeros((1, 48_000), np.float32))
    assert not window.full
    window.push(np.zeros((1, 2 * 48_000), np.float32))
    assert window.full


def setting(plugin: PluginSpec, *values: float) -> Setting:
    return Setting(plugin, values)


def test_a_glide_covers_63_percent_in_its_time_constant(overdrive: PluginSpec) -> None:
    smoother = Smoother(setting(overdrive, 0, 0, 0), 0.25)
    for _ in range(5):
        now = smoother.towards(setting(overdrive, 1, 0.5, 0), 0.05)
    assert now.normalised == pytest.approx((0.632, 0.316, 0), abs=1e-3)


def test_no_glide_follows_at_once(overdrive: PluginSpec) -> None:
    smoother = Smoother(setting(overdrive, 0, 0, 0), 0)
    assert smoother.towards(setting(overdrive, 1, 0.5, 0), 0.05).normalised == (1, 0.5, 0)


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
    assert Smoother(off, 10).towards(on, 0.01).normalised == (1.0,)
    assert blend(off, on, 0.4) == off
    assert blend(off, on, 0.6) == on


@pytest.mark.parametrize(("amount", "expected"), [(0, 0.2), (0.5, 0.5), (1, 0.8)])
def test_amount_blends_between_host_and_prediction(
    overdrive: PluginSpec, amount: float, expected: float
) -> None:
    base, target = setting(overdrive, 0.2, 0.2, 0.2), setting(overdrive, 0.8, 0.8, 0.8)
    assert blend(base, target, amount).normalised == pytest.approx((expected,) * 3)


def test_only_changes_are_sent(overdrive: PluginSpec) -> None:
    host = MemoryHost({"drive": 0, "muffle": 0, "output": 0.5})
    sender = Sender(host)
    sender.update(setting(overdrive, 0.5, 0.5, 0.5), 0.0)
    assert host.received == [{"drive": 0.5, "muffle": 0.5, "output": 0.5}]
    sender.update(setting(overdrive, 0.5 + DEADBAND / 2, 0.6, 0.5), 0.05)
    assert host.received[1:] == [{"muffle": pytest.approx(0.6)}]
    sender.update(setting(overdrive, 0.5 + DEADBAND / 2, 0.6, 0.5), 0.1)
    assert len(host.received) == 2
    assert sender.sends_per_s == 4


def test_small_drifts_add_up_to_a_send(overdrive: PluginSpec) -> None:
    host = MemoryHost({})
    sender = Sender(host)
    for step in range(11):
        sender.update(setting(overdrive, 0.5 + step * DEADBAND / 4, 0, 0), 0.05 * step)
    assert len(host.received) == 3


def test_the_full_state_goes_out_from_time_to_time_and_at_the_end(overdrive: PluginSpec) -> None:
    host = MemoryHost({})
    sender = Sender(host)
    still = setting(overdrive, 0.1, 0.2, 0.3)
    for step in range(int(2.5 * FULL_STATE_S / 0.05)):
        sender.update(still, 0.05 * step)
    assert [len(values) for values in host.received] == [3, 3, 3]
    last = setting(overdrive, 0.1 + DEADBAND / 2, 0.2, 0.3)
    sender.finish(last)
    assert host.values == pytest.approx(last.values)
