"""What sound maps are made of, and the ear that judges them."""

from itertools import islice

import numpy as np
import pytest
import torch

from bridge.manifest import Manifest, PluginSpec
from training.sound_map.ear import BRIGHTNESS, DECAY, LOUDNESS, ROUGHNESS, directness, listen
from training.sound_map.networks import Coding, ToSound
from training.sound_map.settings import even_settings
from training.sound_map.sounds import discriminants

RATE_HZ = 24_000
PLAYED_S = 2.0
TIME_S = np.arange(round(3 * RATE_HZ)) / RATE_HZ
PLAYED = TIME_S < PLAYED_S


def ear(audio: np.ndarray) -> dict[str, float]:
    return listen(audio.astype(np.float32), RATE_HZ, -20.0, PLAYED_S)


def test_settings_fill_the_space_and_classes_are_equally_frequent(plugin: PluginSpec) -> None:
    drawn = list(islice(even_settings(plugin, 1), 384))
    values = np.array([setting.predicted for setting in drawn])
    assert (np.histogram(values[:, 0], 8, (0, 1))[0] == 48).all()
    numbers, counts = np.unique(values[:, 2], return_counts=True)
    assert numbers == pytest.approx([0, 0.5, 1])
    assert np.abs(counts - 128).max() <= 2
    # The parameter that is held stays at its default.
    assert {setting.values["held"] for setting in drawn} == {0.3}


def test_codes_of_settings_lead_back_to_them(manifest: Manifest) -> None:
    leslie = manifest.plugin("mda-leslie")
    coding = Coding(leslie.predicted)
    settings = torch.tensor([s.predicted for s in islice(even_settings(leslie, 1), 64)])
    codes = coding.encode(settings)
    assert codes.shape == (64, coding.size) == (64, 3 + len(leslie.predicted) - 1)
    assert coding.decode(codes) == pytest.approx(settings, abs=1e-6)
    assert coding.missed(codes, codes) == pytest.approx(0, abs=1e-5)
    assert coding.missed(coding.soften(3 * codes), codes) > 0.001


def test_discriminants_find_what_content_does_not_change() -> None:
    draw = np.random.default_rng(0)
    rest = draw.standard_normal((4_000, 6)).astype(np.float32) * [10, 1, 1, 1, 1, 1]
    expected = np.zeros((4_000, 6), np.float32)
    expected[:, 0] = expected[:, 3] = draw.standard_normal(4_000) * 3
    found = discriminants(expected, rest)
    assert found.shape == (6, 1)
    # Both numbers follow the setting, but only in one of them it stands above the content.
    assert abs(found[3, 0]) > 20 * abs(found[0, 0])
    assert (rest @ found).std() == pytest.approx(1, abs=0.05)


def test_reading_a_networks_answers_is_multiplying_them() -> None:
    torch.manual_seed(0)
    network = ToSound(3, 5)
    matrix = np.random.default_rng(0).standard_normal((5, 2)).astype(np.float32)
    codes = torch.rand(7, 3)
    with torch.no_grad():
        expected = network(codes) @ torch.from_numpy(matrix) + 4
    assert network.read(matrix, 4.0)(codes) == pytest.approx(expected, abs=1e-5)


def test_brightness_is_in_octaves() -> None:
    low, high = (ear(np.sin(2 * np.pi * hz * TIME_S) * PLAYED) for hz in (440, 1_760))
    assert high[BRIGHTNESS] - low[BRIGHTNESS] == pytest.approx(2, abs=0.05)


def test_fast_beating_is_rough_and_slow_beating_is_not() -> None:
    tone = np.sin(2 * np.pi * 1_000 * TIME_S) * PLAYED
    found = {
        hz: ear(tone * (1 + 0.5 * np.sin(2 * np.pi * hz * TIME_S)))[ROUGHNESS] for hz in (4, 70)
    }
    assert found[70] > found[4] + 3
    shallow = ear(tone * (1 + 0.25 * np.sin(2 * np.pi * 70 * TIME_S)))[ROUGHNESS]
    assert found[70] - shallow == pytest.approx(1, abs=0.1)


def test_decay_is_how_long_it_sounds_on() -> None:
    noise = np.random.default_rng(0).standard_normal(len(TIME_S))
    assert ear(noise * PLAYED)[DECAY] < 0.01
    # A level that falls by 60 dB in a second: what is still to come does so too.
    tail = np.where(PLAYED, 1.0, 10 ** (-3 * (TIME_S - PLAYED_S)))
    slow, fast = ear(noise * tail), ear(noise * tail * np.where(PLAYED, 1.0, tail))
    assert slow[DECAY] > 1.7 * fast[DECAY] > 0.05
    assert slow[LOUDNESS] == -20


def test_directness_is_the_net_share_of_all_changes() -> None:
    assert directness(np.array([0.0, 1, 2, 5]), 0.1) == 1
    assert directness(np.array([0.0, 2, 1]), 0.1) == pytest.approx(1 / 3)
    assert directness(np.array([1.0, 3, 1]), 0.1) == 0
    assert directness(np.array([0.0, 0.01, 0.02]), 0.1) is None
