"""What a value means to a player, against the plugins themselves."""

import numpy as np
import pytest

from bridge.effects import load_effect
from bridge.library import Library
from bridge.manifest import Manifest, Setting
from bridge.readings import shown

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

    assert spec.display
    told = spec.display.of(0.5) - spec.display.of(0.3)
    assert told == pytest.approx(level(0.5) - level(0.3), abs=0.1)
    assert spec.display.unit == "dB"


def test_a_ring_modulators_frequency_is_the_plugins(manifest: Manifest) -> None:
    plugin = manifest.plugin("mda-ringmod")
    constant = np.full((1, RATE), 0.1, np.float32)
    setting = Setting.of_values(plugin, {"freq": 0.1, "fine": 0.0, "feedback": 0.0})
    made = load_effect(plugin).render(constant, RATE, setting)[0]
    loudest = int(np.argmax(np.abs(np.fft.rfft(made))))
    display = plugin.parameter("freq").display
    assert display
    assert (display.of(0.1), display.unit) == (pytest.approx(loudest, abs=2), "Hz")


def test_a_value_is_shown_with_what_it_means() -> None:
    manifest = Library().manifest
    overdrive, combo = manifest.plugin("mda-overdrive"), manifest.plugin("mda-combo")
    assert shown(overdrive.parameter("output"), 0.25) == "0.250 (-10.0 dB)"
    assert shown(combo.parameter("model"), 0.5) == "Small combo (close mic)"
    assert shown(combo.parameter("stereo"), 0.0) == "off"
    drive = manifest.plugin("pedalboard-distortion")
    assert shown(drive.parameter("drive_db"), 25.0) == "25.000 dB"
