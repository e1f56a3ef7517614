import ctypes
import hashlib
import subprocess
import sys
from itertools import product

import numpy as np
import pytest

from bridge.analysis.metrics import mrstft
from bridge.arrays import Audio
from bridge.chain import ChainSetting, chain_of
from bridge.effects import load_effect
from bridge.effects.chain import load_chain
from bridge.errors import EffectError
from bridge.manifest import Manifest, PluginSpec, Setting
from tests.integration.renders import (
    FRAMES,
    PLUGINS,
    each_lv2,
    each_plugin,
    in_blocks,
    noise,
    random_setting,
)

RATES = (24_000, 44_100, 48_000, 96_000)


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


def hashes() -> list[str]:
    """A hash of one render of every plugin."""
    renders = [
        load_effect(plugin).render(noise(2), 48_000, random_setting(plugin, 3))
        for plugin in PLUGINS
    ]
    return [hashlib.sha256(wet.tobytes()).hexdigest() for wet in renders]


def test_bits_are_the_same_in_every_process() -> None:
    program = "from tests.integration.test_rendering import hashes; print(*hashes())"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == hashes()


@each_lv2
@pytest.mark.parametrize("rate", RATES)
def test_a_fresh_plugin_plays_its_default_as_if_it_had_been_set(
    plugin: PluginSpec, rate: int
) -> None:
    """mda plugins apply a control only when it changes, and assume 44.1 kHz until then."""
    effect, default = load_effect(plugin), Setting.default(plugin)
    other = Setting(plugin, tuple((x + 0.4) % 1.0 for x in default.normalised))
    with effect.open(rate, 2, other) as stream:
        stream.set(default)
        late = stream.latency_frames
        turned = stream.process(np.pad(noise(2), ((0, 0), (0, late))))[:, late:]
    assert np.array_equal(turned, effect.render(noise(2), rate, default))


def test_what_memory_held_before_is_not_heard(manifest: Manifest) -> None:
    """mda Delay reads memory that it never wrote."""
    delay = manifest.plugin("mda-delay")
    effect, libc = load_effect(delay), ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    libc.malloc.argtypes = [ctypes.c_size_t]
    libc.free.argtypes = [ctypes.c_void_p]
    # Delay lines longer than half of the plugin's buffer are where it reads first.
    long = Setting.of_values(delay, {"l_delay": 1.0, "r_delay": 1.0, "fx_mix": 1.0, "output": 1.0})
    for _ in range(5):
        blocks = [libc.malloc(size) for size in (40_000, 131_000, 132_000, 262_200) * 8]
        for block in blocks:
            ctypes.memset(block, 0x42, 40_000)
        for block in blocks:
            libc.free(block)
        assert not effect.render(np.zeros((2, FRAMES), np.float32), 48_000, long).any()


@each_plugin
@pytest.mark.parametrize(
    "blocks", [[1], [2], [63], [1_024], [5_000], [1, 5, 64, 700, 3, 1_024, 2_000]], ids=str
)
def test_any_block_size_gives_the_whole_render(plugin: PluginSpec, blocks: list[int]) -> None:
    effect = load_effect(plugin)
    audio, setting = noise(2, 5_000), random_setting(plugin, 4)
    parts = in_blocks(effect, audio, 44_100, setting, blocks)
    assert np.array_equal(parts, effect.render(audio, 44_100, setting))


@each_plugin
def test_any_channel_count_is_rendered(plugin: PluginSpec) -> None:
    effect, setting = load_effect(plugin), random_setting(plugin, 5)
    mono, stereo = (effect.render(noise(n), 48_000, setting) for n in (1, 2))
    assert (mono.shape, stereo.shape) == ((1, FRAMES), (2, FRAMES))
    five = effect.render(np.concatenate((noise(2), noise(2), noise(1))), 48_000, setting)
    assert np.array_equal(five, np.concatenate((stereo, stereo, mono)))


@each_plugin
def test_mono_is_the_middle_of_the_same_on_both_channels(plugin: PluginSpec) -> None:
    effect, setting = load_effect(plugin), random_setting(plugin, 5)
    both = effect.render(np.repeat(noise(1), 2, axis=0), 48_000, setting)
    difference = np.abs(effect.render(noise(1), 48_000, setting) - both.mean(axis=0)).max()
    # pedalboard's reverb plays mono through one of its two tanks, and stereo through both.
    assert (difference < 1e-6) == (plugin.id != "pedalboard-reverb")


@each_plugin
def test_a_stream_follows_its_knobs(plugin: PluginSpec) -> None:
    effect, count = load_effect(plugin), len(plugin.parameters)
    low, high = Setting(plugin, (0.2,) * count), Setting(plugin, (0.9,) * count)
    # A gate's knobs are heard where sound lies between its two thresholds.
    audio = noise(1, 2 * FRAMES, level=0.02 if plugin.kind == "noise gate" else 0.2)
    untouched = effect.render(audio, 48_000, low)
    with effect.open(48_000, 1, low) as stream:
        late = stream.latency_frames
        before = stream.process(audio[:, : FRAMES + late])[:, late:]
        stream.set(high)
        after = stream.process(audio[:, FRAMES + late :])
    assert np.array_equal(before, untouched[:, :FRAMES])
    assert mrstft(after[0], untouched[0, FRAMES : 2 * FRAMES - late]) > 0.2


@pytest.mark.parametrize("plugin_id", ["mda-overdrive", "pedalboard-distortion"])
def test_after_a_turn_the_new_setting_is_heard(manifest: Manifest, plugin_id: str) -> None:
    """Plugins that remember little: they soon sound as if they had never been set otherwise."""
    plugin = manifest.plugin(plugin_id)
    effect, count = load_effect(plugin), len(plugin.parameters)
    low, high = Setting(plugin, (0.0,) * count), Setting(plugin, (1.0,) * count)
    with effect.open(48_000, 1, low) as stream:
        stream.process(noise(1))
        stream.set(high)
        after = stream.process(noise(1))
    later = slice(FRAMES // 2, None)
    assert mrstft(after[0, later], effect.render(noise(1), 48_000, high)[0, later]) < 0.01


@each_plugin
def test_nothing_in_gives_nothing_out(plugin: PluginSpec) -> None:
    effect = load_effect(plugin)
    assert effect.render(noise(2, 0), 48_000, Setting.default(plugin)).shape == (2, 0)


def test_levels_above_full_scale_survive(overdrive: PluginSpec) -> None:
    loud = Setting.of_values(overdrive, {"output": 1.0})
    wet = load_effect(overdrive).render(noise(1), 48_000, loud)
    assert np.abs(wet).max() > 2
    assert np.abs(wet - 10 * noise(1)).max() < 1e-4


@each_plugin
def test_no_plugin_clips_at_full_scale(plugin: PluginSpec) -> None:
    effect = load_effect(plugin)
    peaks = [
        float(
            np.abs(effect.render(noise(2, level=2.0), 48_000, random_setting(plugin, seed))).max()
        )
        for seed in range(8)
    ]
    assert np.isfinite(peaks).all()
    if plugin.id in ("pedalboard-distortion", "pedalboard-limiter", "pedalboard-clipping"):
        # They are there to clip: in a tanh, or hard.
        assert max(peaks) <= 1.0
    else:
        assert max(peaks) > 1.05


@each_plugin
@pytest.mark.parametrize("level", [0.0, 1e-39, 1e-20])
def test_silence_and_denormals_stay_quiet(plugin: PluginSpec, level: float) -> None:
    effect = load_effect(plugin)
    for seed in range(4):
        wet = effect.render(noise(2) * np.float32(level), 48_000, random_setting(plugin, seed))
        assert np.isfinite(wet).all()
        # Combo's bias is an offset that it filters out, with a click at the start.
        assert np.abs(wet[:, FRAMES // 2 :]).max() < 1e-3


@pytest.mark.parametrize(
    "plugin", [p for p in PLUGINS if p.formats.builtin and not p.model], ids=lambda p: p.id
)
@pytest.mark.parametrize("rate", [8_000, *RATES])
def test_every_corner_of_the_plain_effects_is_safe(plugin: PluginSpec, rate: int) -> None:
    """At a low rate, a filter's cutoff would lie above half of the rate, where it is unstable."""
    effect, audio = load_effect(plugin), noise(1, rate // 2)
    ends = [
        [spec.normalised_of_class(i) for i in range(spec.classes)] or [0.0, 1.0]
        for spec in plugin.parameters
    ]
    for corner in product(*ends):
        wet = effect.render(audio, rate, Setting(plugin, corner))
        assert np.isfinite(wet).all(), corner
        assert level_db(wet) < level_db(audio) + 40, corner


@pytest.mark.parametrize(
    ("rig", "most_db"),
    [("guitar-amp", 12), ("guitar-amp-lv2", 6), ("mda-amp", 6), ("vocal", 6)],
)
def test_a_rig_starts_near_the_level_it_is_given(
    manifest: Manifest, guitar: tuple[Audio, int], rig: str, most_db: float
) -> None:
    """But for the guitar amplifier: its start is driven by 12 dB."""
    (audio, rate), chain = guitar, chain_of(rig, manifest)
    wet = load_chain(chain).render(audio, rate, ChainSetting.start(chain))
    assert abs(level_db(wet) - level_db(audio)) < most_db
    assert np.abs(wet).max() < 1.0


def test_an_enum_of_pedalboard_is_set_by_its_number(manifest: Manifest) -> None:
    """The ladder's modes leave of noise what they are named for."""
    ladder = manifest.plugin("pedalboard-ladder")
    effect, audio = load_effect(ladder), noise(1, 48_000)

    def share_below_1_khz(mode: float) -> float:
        setting = Setting.of_values(ladder, {"mode": mode, "cutoff_hz": 1_000.0})
        power = np.abs(np.fft.rfft(effect.render(audio, 48_000, setting)[0])) ** 2
        return float(power[:1_000].sum() / power.sum())

    low_12, high_12, band_12, low_24, high_24, band_24 = map(share_below_1_khz, range(6))
    assert high_24 < high_12 < band_12 < low_12 < low_24
    assert high_24 < band_24 < low_24


def level_db(audio: Audio) -> float:
    return float(10 * np.log10(np.mean(np.square(audio, dtype=np.float64)) + 1e-12))


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
