"""What tests of rendering share: the manifest's plugins, material, settings and cutting."""

from itertools import cycle

import numpy as np
import pytest

from bridge.arrays import Audio
from bridge.effects import Effect
from bridge.library import Library
from bridge.manifest import PluginSpec, Setting

PLUGINS = Library().manifest.plugins
FRAMES = 20_011

each_plugin = pytest.mark.parametrize("plugin", PLUGINS, ids=lambda plugin: plugin.id)
each_lv2 = pytest.mark.parametrize(
    "plugin", [p for p in PLUGINS if p.formats.lv2], ids=lambda plugin: plugin.id
)


def noise(channels: int, frames: int = FRAMES, level: float = 0.2) -> Audio:
    """White noise of shape (channels, frames), the same at every call."""
    draw = np.random.default_rng(channels)
    return (draw.standard_normal((channels, frames)) * level).astype(np.float32)


def notes(rate: int = 44_100, seconds: float = 0.7) -> Audio:
    """Plucked notes over a little noise, shape (1, frames)."""
    time_s = np.arange(int(rate * seconds)) / rate
    sound = np.random.default_rng(0).standard_normal(len(time_s)) * 0.002
    for start_s, pitch_hz in ((0.0, 110), (0.2, 220), (0.4, 330), (0.55, 165)):
        decay = (time_s >= start_s) * np.exp(-6 * np.maximum(time_s - start_s, 0))
        for partial in range(1, 12):
            sound += decay * np.sin(2 * np.pi * pitch_hz * partial * time_s) / partial
    return np.asarray(0.5 * sound / np.abs(sound).max(), np.float32)[np.newaxis]


def random_setting(plugin: PluginSpec, seed: int) -> Setting:
    """Every parameter drawn, also those that no model predicts."""
    draw = np.random.default_rng(seed)
    return Setting(plugin, tuple(draw.random(len(plugin.parameters)).tolist()))


def in_blocks(
    effect: Effect, audio: Audio, rate: float, setting: Setting, blocks: list[int]
) -> Audio:
    """A stream's answers to audio cut into these block sizes, in turns; without its latency."""
    with effect.open(rate, len(audio), setting) as stream:
        late = stream.latency_frames
        remaining = np.pad(audio, ((0, 0), (0, late)))
        parts = []
        for frames in cycle(blocks):
            block, remaining = remaining[:, :frames], remaining[:, frames:]
            parts.append(stream.process(block))
            assert parts[-1].shape == block.shape
            if not remaining.shape[1]:
                return np.concatenate(parts, axis=1)[:, late:]
    raise AssertionError("there is always a last block")
