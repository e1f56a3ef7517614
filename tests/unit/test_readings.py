"""What a value means to a player, against the plugins themselves."""

import numpy as np
import pytest

from bridge.effects import load_effect
from bridge.library import Library
from bridge.manifest import Manifest, Setting
from bridge.readings import reading, shown

RATE = 48_000


@pytest.mark.parametrize(
    ("plugin_id", "others"),
    [
        ("mda-overdrive", {"drive": 0.0, "muffle": 0.0}),
        ("mda-ambience", {"mix": 0.0}),
        ("mda-delay", {"fx_mix": 0.0}),
        ("mda-dynamics", {"thresh": 1.0, "output": 0.0}),
    ],
)
def test_an_output_in_db_is_the_plugins_gain(
    manifest: Manifest, plugin_id: str, others: dict[str, float]
) -> None:
    plugin = manifest.plugin(plugin_id)
    spec, effect = plugin.parameter("output"), load_effect(plugin)
    tone = 0.05 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE, dtype=np.float32)[None]

    def level(output: float) -> float:
        setting = Setting.of_values(plugin, {**others, "output": output})
        late = effect.render(tone, RATE, setting)[:, RATE // 2 :]
        return 20 * float(np.log10(np.sqrt(np.mean(late**2))))

    told = [reading(plugin, spec, value) for value in (0.3, 0.5)]
    assert told[0] is not None
    assert told[1] is not None
    assert told[1].value - told[0].value == pytest.approx(level(0.5) - level(0.3), abs=0.1)
    assert told[0].unit == "dB"


def test_a_ring_modulators_frequency_is_the_plugins(manifest: Manifest) -> None:
    plugin = manifest.plugin("mda-ringmod")
    constant = np.full((1, RATE), 0.1, np.float32)
    setting = Setting.of_values(plugin, {"freq": 0.1, "fine": 0.0, "feedback": 0.0})
    made = load_effect(plugin).render(constant, RATE, setting)[0]
    loudest = int(np.argmax(np.abs(np.fft.rfft(made))))
    told = reading(plugin, plugin.parameter("freq"), 0.1)
    assert told is not None
    assert (told.value, told.unit) == (pytest.approx(loudest, abs=2), "Hz")


def test_a_delay_in_ms_is_the_plugins_at_any_rate(manifest: Manifest) -> None:
    plugin = manifest.plugin("mda-delay")
    spec = plugin.parameter("l_delay")
    assert reading(plugin, spec, 0.5) is None
    for rate in (44_100, 96_000):
        click = np.zeros((2, rate), np.float32)
        click[:, 0] = 0.5
        setting = Setting.of_values(plugin, {"l_delay": 0.5, "fx_mix": 1.0, "feedback": 0.0})
        left = load_effect(plugin).render(click, rate, setting)[0]
        echo_s = int(np.argmax(np.abs(left[1:])) + 1) / rate
        told = reading(plugin, spec, 0.5, rate)
        assert told is not None
        assert told.value == pytest.approx(1e3 * echo_s, abs=0.1)


def test_every_reading_is_of_a_parameter_there_is_and_finite(manifest: Manifest) -> None:
    mda = [plugin for plugin in manifest.plugins if plugin.id.startswith("mda-")]
    told = {
        plugin.id: [
            reading(plugin, spec, real, RATE)
            for spec in plugin.parameters
            for real in (0.0, 0.5, 0.97)
        ]
        for plugin in mda
    }
    assert all(any(told[plugin.id]) for plugin in mda)
    assert all(np.isfinite(one.value) for of_one in told.values() for one in of_one if one)


def test_a_value_is_shown_with_what_it_means() -> None:
    manifest = Library().manifest
    overdrive, combo = manifest.plugin("mda-overdrive"), manifest.plugin("mda-combo")
    assert shown(overdrive, overdrive.parameter("output"), 0.25, None) == "0.250 (-10.0 dB)"
    assert shown(combo, combo.parameter("model"), 0.5, None) == "Small combo (close mic)"
    assert shown(combo, combo.parameter("stereo"), 0.0, None) == "off"
    drive = manifest.plugin("pedalboard-distortion")
    assert shown(drive, drive.parameter("drive_db"), 25.0, None) == "25.000 dB"
