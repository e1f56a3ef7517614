import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.analysis.metrics import mrstft
from bridge.arrays import Audio
from bridge.effects import load_effect
from bridge.errors import EffectError
from bridge.manifest import Manifest, PluginSpec, Setting, load_manifest

PLUGINS = load_manifest().plugins
RATES = (24_000, 44_100, 48_000, 96_000)
FRAMES = 20_011

each_plugin = pytest.mark.parametrize("plugin", PLUGINS, ids=lambda plugin: plugin.id)


def noise(channels: int, frames: int = FRAMES, level: float = 0.2) -> Audio:
    draw = np.random.default_rng(channels)
    return (draw.standard_normal((channels, frames)) * level).astype(np.float32)


def random_setting(plugin: PluginSpec, seed: int) -> Setting:
    draw = np.random.default_rng(seed)
    return Setting(plugin, tuple(draw.random(len(plugin.parameters)).tolist()))


@each_plugin
@pytest.mark.parametrize("rate", RATES)
def test_the_same_setting_gives_the_same_bits_after_any_render(
    plugin: PluginSpec, rate: int
) -> None:
    effect = load_effect(plugin)
    audio, setting = noise(2), random_setting(plugin, 1)
    first = effect.render(audio, rate, setting)
    assert first.shape == audio.shape
    assert first.dtype == np.float32
    for seed in range(2, 12):
        effect.render(noise(1, level=3.0), RATES[seed % 4], random_setting(plugin, seed))
    again = effect.render(audio, rate, setting)
    assert np.array_equal(again, first)
    assert mrstft(again[0], first[0]) == 0.0


@each_plugin
def test_bits_are_the_same_in_every_process(plugin: PluginSpec) -> None:
    program = (
        "import hashlib, sys\n"
        "from tests.integration.test_rendering import load_effect, noise, random_setting\n"
        "from bridge.manifest import load_manifest\n"
        f"plugin = load_manifest().plugin({plugin.id!r})\n"
        "wet = load_effect(plugin).render(noise(2), 48000, random_setting(plugin, 3))\n"
        "print(hashlib.sha256(wet.tobytes()).hexdigest())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    here = load_effect(plugin).render(noise(2), 48_000, random_setting(plugin, 3))
    assert done.stdout.strip() == hashlib.sha256(here.tobytes()).hexdigest()


@each_plugin
@pytest.mark.parametrize("block", [1, 2, 63, 1_024, 5_000])
def test_any_block_size_gives_the_whole_render(plugin: PluginSpec, block: int) -> None:
    effect = load_effect(plugin)
    audio, setting = noise(2, 3_000), random_setting(plugin, 4)
    whole = effect.render(audio, 44_100, setting)
    with effect.open(44_100, 2, setting) as stream:
        parts = [stream.process(audio[:, i : i + block]) for i in range(0, 3_000, block)]
    assert np.array_equal(np.concatenate(parts, axis=1), whole)


@pytest.mark.parametrize("block", [1, 2, 3, 500])
@pytest.mark.parametrize("name", ["LowpassFilter", "Reverb", "Delay"])
def test_builtins_with_a_memory_keep_it_from_block_to_block(name: str, block: int) -> None:
    """Effects of other issues, held to the same promise: their state survives any block."""
    parameter = {
        "LowpassFilter": {"symbol": "cutoff_frequency_hz", "min": 20, "max": 9_000},
        "Reverb": {"symbol": "room_size", "min": 0, "max": 1},
        "Delay": {"symbol": "delay_seconds", "min": 0.001, "max": 0.1},
    }[name]
    plugin = PluginSpec.model_validate(
        {
            "id": "builtin",
            "name": name,
            "kind": "test",
            "formats": {"builtin": name},
            "parameters": [
                parameter | {"name": "x", "default": parameter["min"], "scale": "linear"}
            ],
        }
    )
    effect, setting = load_effect(plugin), Setting(plugin, (0.3,))
    audio = noise(2, 3_000)
    whole = effect.render(audio, 44_100, setting)
    with effect.open(44_100, 2, setting) as stream:
        parts = [stream.process(audio[:, i : i + block]) for i in range(0, 3_000, block)]
    assert np.abs(np.concatenate(parts, axis=1) - whole).max() < 1e-6
    assert mrstft(whole[0], audio[0]) > 0.01


@each_plugin
@pytest.mark.parametrize("channels", [1, 2, 3, 5])
def test_any_channel_count_is_rendered(plugin: PluginSpec, channels: int) -> None:
    effect, setting = load_effect(plugin), random_setting(plugin, 5)
    wet = effect.render(np.repeat(noise(1), channels, axis=0), 48_000, setting)
    assert wet.shape == (channels, FRAMES)
    # Overdrive and Distortion treat channels alike, so every one equals the mono render.
    assert np.abs(wet - effect.render(noise(1), 48_000, setting)).max() == 0


@each_plugin
def test_a_stream_follows_its_knobs(plugin: PluginSpec) -> None:
    effect = load_effect(plugin)
    low = Setting(plugin, (0.0,) * len(plugin.parameters))
    high = Setting(plugin, (1.0,) * len(plugin.parameters))
    with effect.open(48_000, 1, low) as stream:
        before = stream.process(noise(1))
        stream.set(high)
        after = stream.process(noise(1))
    assert np.array_equal(before, effect.render(noise(1), 48_000, low))
    # What the plugin remembers of the block before fades within the first half.
    later = slice(FRAMES // 2, None)
    expected = effect.render(noise(1), 48_000, high)
    assert mrstft(after[0, later], expected[0, later]) < 0.01
    assert mrstft(after[0], before[0]) > 0.5


@each_plugin
def test_nothing_in_gives_nothing_out(plugin: PluginSpec) -> None:
    effect = load_effect(plugin)
    assert effect.render(noise(2, 0), 48_000, Setting.default(plugin)).shape == (2, 0)


def test_levels_above_full_scale_survive(overdrive: PluginSpec) -> None:
    loud = Setting.of_values(overdrive, {"output": 1.0})
    wet = load_effect(overdrive).render(noise(1), 48_000, loud)
    assert np.abs(wet).max() > 2
    assert np.abs(wet - 10 * noise(1)).max() < 1e-4


@pytest.mark.parametrize("seed", range(4))
def test_lv2_renders_equal_lv2apply_bit_for_bit(
    overdrive: PluginSpec, tmp_path: Path, seed: int
) -> None:
    setting = random_setting(overdrive, 20 + seed)
    soundfile.write(tmp_path / "in.wav", noise(2).T, 44_100, subtype="FLOAT")
    controls = [
        word for symbol, value in setting.values.items() for word in ("-c", symbol, repr(value))
    ]
    subprocess.run(
        ["lv2apply", "-i", "in.wav", "-o", "out.wav", *controls, str(overdrive.formats.lv2)],
        cwd=tmp_path,
        check=True,
        timeout=60,
        capture_output=True,
    )
    expected, _ = soundfile.read(tmp_path / "out.wav", dtype="float32", always_2d=True)
    ours = load_effect(overdrive).render(noise(2), 44_100, setting)
    assert np.array_equal(ours, expected.T)


def changed(plugin: PluginSpec, **fields: object) -> PluginSpec:
    return PluginSpec.model_validate(plugin.model_dump() | fields)


def test_what_is_not_installed_says_what_to_install(
    manifest: Manifest, overdrive: PluginSpec
) -> None:
    with pytest.raises(EffectError, match=r"http://no\.such is not installed.*apt install"):
        load_effect(changed(overdrive, formats={"lv2": "http://no.such"}))
    distortion = manifest.plugin("pedalboard-distortion")
    with pytest.raises(EffectError, match="has no 'Fuzz'"):
        load_effect(changed(distortion, formats={"builtin": "Fuzz"}))
    with pytest.raises(EffectError, match="no format this version can load"):
        load_effect(changed(distortion, formats={"vst3": "Fuzz"}))


def test_a_manifest_that_differs_from_the_plugin_is_refused(overdrive: PluginSpec) -> None:
    first = overdrive.parameters[0].model_dump()
    with pytest.raises(EffectError, match="no control 'tone'"):
        load_effect(changed(overdrive, parameters=[first | {"symbol": "tone"}]))
    with pytest.raises(EffectError, match=r"drive is 0\.\.1 in the plugin but 0\.\.10"):
        load_effect(changed(overdrive, parameters=[first | {"max": 10.0}]))


def test_a_setting_of_another_plugin_is_refused(manifest: Manifest, overdrive: PluginSpec) -> None:
    other = Setting.default(manifest.plugin("pedalboard-distortion"))
    with pytest.raises(EffectError, match="cannot take a setting of pedalboard-distortion"):
        load_effect(overdrive).render(noise(1), 48_000, other)
    with pytest.raises(EffectError, match="shape"):
        load_effect(overdrive).render(noise(1)[0], 48_000, Setting.default(overdrive))
    with pytest.raises(EffectError, match="sample rate"):
        load_effect(overdrive).render(noise(1), 0, Setting.default(overdrive))
