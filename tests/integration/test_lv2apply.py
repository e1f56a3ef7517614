"""The LV2 effects against `lv2apply` of lilv-utils, a second host, bit for bit.

lv2apply hands the plugin one frame at a time, which some sound different with, so that is done here
too. It does not turn the controls forth and back after opening, so a control at the value that
the plugin's constructor left keeps what that computed: drawn settings stay clear of it.
"""

import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.arrays import Audio
from bridge.effects import load_effect
from bridge.manifest import PluginSpec, Setting
from tests.integration.renders import PLUGINS, in_blocks, noise, random_setting

FRAMES = 8_000
MONO = {"ace-eq"}
UNKNOWN = {"ace-delay"}
"""lv2apply knows no port of events."""

each_lv2 = pytest.mark.parametrize(
    "plugin",
    [p for p in PLUGINS if p.formats.lv2 and p.id not in UNKNOWN],
    ids=lambda plugin: plugin.id,
)


def lv2apply(folder: Path, audio: Audio, rate: int, setting: Setting) -> Audio:
    soundfile.write(folder / "in.wav", audio.T, rate, subtype="FLOAT")
    controls = [
        word for symbol, value in setting.values.items() for word in ("-c", symbol, repr(value))
    ]
    subprocess.run(
        ["lv2apply", "-i", "in.wav", "-o", "out.wav", *controls, str(setting.plugin.formats.lv2)],
        cwd=folder,
        check=True,
        timeout=60,
        capture_output=True,
    )
    wet, _ = soundfile.read(folder / "out.wav", dtype="float32", always_2d=True)
    return wet.T


@each_lv2
@pytest.mark.parametrize("rate", [44_100, 48_000])
@pytest.mark.parametrize("seed", [20, 21])
def test_renders_are_equal(plugin: PluginSpec, tmp_path: Path, rate: int, seed: int) -> None:
    audio = audio_for(plugin)
    expected = lv2apply(tmp_path, audio, rate, random_setting(plugin, seed))
    frame_by_frame = PluginSpec.model_validate(plugin.model_dump() | {"fixed_block": False})
    setting = random_setting(frame_by_frame, seed)
    ours = in_blocks(load_effect(frame_by_frame), audio, rate, setting, [1])
    assert np.array_equal(ours, expected)


@each_lv2
def test_only_what_has_fixed_blocks_tells_one_frame_at_a_time_from_a_block(
    plugin: PluginSpec, tmp_path: Path
) -> None:
    audio, setting = audio_for(plugin), random_setting(plugin, 22)
    expected = lv2apply(tmp_path, audio, 44_100, setting)
    ours = load_effect(plugin).render(audio, 44_100, setting)
    assert np.array_equal(ours, expected) == (not plugin.fixed_block)


def audio_for(plugin: PluginSpec) -> Audio:
    return noise(1 if plugin.id in MONO else 2, FRAMES)
