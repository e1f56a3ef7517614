"""The mda effects against `lv2apply` of lilv-utils, a second host, bit for bit.

lv2apply hands the plugin one frame at a time, which Leslie sounds different with, so that is done
here too. It does not turn the controls forth and back after opening, so a control at the value that
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
from tests.integration.renders import each_lv2, in_blocks, noise, random_setting

FRAMES = 8_000


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
    expected = lv2apply(tmp_path, noise(2, FRAMES), rate, random_setting(plugin, seed))
    frame_by_frame = PluginSpec.model_validate(plugin.model_dump() | {"fixed_block": False})
    setting = random_setting(frame_by_frame, seed)
    ours = in_blocks(load_effect(frame_by_frame), noise(2, FRAMES), rate, setting, [1])
    assert np.array_equal(ours, expected)


@each_lv2
def test_only_leslie_tells_one_frame_at_a_time_from_a_block(
    plugin: PluginSpec, tmp_path: Path
) -> None:
    setting = random_setting(plugin, 22)
    expected = lv2apply(tmp_path, noise(2, FRAMES), 44_100, setting)
    ours = load_effect(plugin).render(noise(2, FRAMES), 44_100, setting)
    assert np.array_equal(ours, expected) == (not plugin.fixed_block)
