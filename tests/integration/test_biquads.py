"""pedalboard's equalizer bands, where JUCE makes their sound depend on the size of blocks."""

import numpy as np
import pytest

from bridge.effects import load_effect
from bridge.manifest import PluginSpec, Setting
from tests.integration.renders import in_blocks, noise, notes

BLOCKS = [1, 5, 64, 700, 3, 1_024, 2_000]


def band(kind: str) -> PluginSpec:
    ranges = (("cutoff_frequency_hz", 20, 12_000), ("gain_db", -24, 24), ("q", 0.1, 10))
    return PluginSpec.model_validate(
        {
            "id": "band",
            "name": "Band",
            "kind": "equalizer band",
            "formats": {"builtin": kind},
            "parameters": [
                {"symbol": s, "name": s, "min": low, "max": high, "default": low, "scale": "linear"}
                for s, low, high in ranges
            ],
        }
    )


@pytest.mark.parametrize("kind", ["PeakFilter", "LowShelfFilter", "HighShelfFilter"])
@pytest.mark.parametrize("rate", [24_000, 44_100, 96_000])
@pytest.mark.parametrize("gain_db", [-12.0, -0.03, 0.0, 0.2, 12.0])
def test_the_size_of_blocks_is_not_heard(kind: str, rate: int, gain_db: float) -> None:
    """At the end of a block JUCE sets a filter's memory to zero where it is below 1e-8.

    That happens as a sound begins. From there on single precision rounds another way, which at a
    low frequency and a high rate makes a difference 60 dB below the sound.
    """
    plugin = band(kind)
    effect = load_effect(plugin)
    for cutoff, q in ((50.0, 0.7), (1_000.0, 6.0), (8_000.0, 1.5)):
        values = {"cutoff_frequency_hz": cutoff, "gain_db": gain_db, "q": q}
        setting = Setting.of_values(plugin, values)
        for audio in (noise(2), notes()):
            whole = effect.render(audio, rate, setting)
            parts = in_blocks(effect, audio, rate, setting, BLOCKS)
            assert np.abs(parts - whole).max() <= 1.5e-3 * np.abs(whole).max()
            assert np.array_equal(effect.render(audio, rate, setting), whole)
