"""Several channels heard as one: silent and inverted ones do not count."""

import numpy as np
import pytest

from bridge.analysis.features import FeatureSettings
from bridge.arrays import Audio
from bridge.audio.channels import ChannelMix, StreamMix
from bridge.audio.resample import to_mono
from bridge.engine.hearing import Hearing
from bridge.engine.window import LiveWindow
from tests.doubles import BlockSource

RATE = 24_000
FEATURES = FeatureSettings(window_frames=24_000, least_frames=12_000)


def noise(seconds: float = 2.0, seed: int = 0, level: float = 0.1) -> Audio:
    draw = np.random.default_rng(seed)
    return np.asarray(draw.standard_normal(round(seconds * RATE)) * level, np.float32)


def blocks(audio: Audio, frames: int = 1_200) -> list[Audio]:
    return np.split(audio, range(frames, audio.shape[1], frames), axis=1)


def streamed(audio: Audio) -> Audio:
    mix = StreamMix(RATE)
    return np.concatenate([mix.process(block) for block in blocks(audio)])


STEREO = {
    "one thing": np.stack([noise(), noise() * np.float32(0.5)]),
    "two things": np.stack([noise(), noise(seed=1)]),
    "partly out of phase": np.stack([noise(), noise(seed=1) - 0.5 * noise()]),
    "20 dB apart": np.stack([noise(), noise(seed=1, level=0.01)]),
    "both silent": np.zeros((2, RATE), np.float32),
    "five": np.stack([noise(seed=seed) for seed in range(5)]),
}


@pytest.mark.parametrize("name", STEREO)
def test_usual_stereo_is_its_mean_bit_for_bit(name: str) -> None:
    audio = STEREO[name].astype(np.float32)
    mean = audio.mean(axis=0)
    assert np.array_equal(to_mono(audio), mean)
    assert np.array_equal(streamed(audio), mean)
    assert ChannelMix.of(audio).advice == []


@pytest.mark.parametrize("hum", [0.0, 0.0008])
def test_a_silent_channel_does_not_count(hum: float) -> None:
    x, other = noise(), noise(seed=1, level=hum)
    for audio, says in (
        (np.stack([x, other]), "Channel 2 is silent; only channel 1 is listened to."),
        (np.stack([other, x]), "Channel 1 is silent; only channel 2 is listened to."),
    ):
        assert np.array_equal(to_mono(audio), x)
        assert np.array_equal(streamed(audio), x)
        assert ChannelMix.of(audio).advice == [says]
    three = np.stack([x, other, noise(seed=2)])
    assert np.array_equal(to_mono(three), three[[0, 2]].mean(axis=0))


@pytest.mark.parametrize("share", [-1.0, -0.97, -0.4])
def test_of_channels_that_cancel_the_louder_one_is_heard(share: float) -> None:
    x = noise()
    audio = np.stack([x * np.float32(share), x])
    assert np.array_equal(to_mono(audio[::-1]), x)
    assert np.array_equal(streamed(audio[::-1]), x)
    (advice,) = ChannelMix.of(audio[::-1]).advice
    assert advice.startswith("Its channels cancel each other, as if channel 2 were inverted")
    if share > -1:
        assert np.array_equal(to_mono(audio), x)
    both = np.stack([x, -x, noise(seed=1)])
    assert np.array_equal(to_mono(both), both[[0, 2]].mean(axis=0))


def test_no_number_is_no_reason_to_leave_a_channel_out() -> None:
    audio = np.stack([noise(), noise(seed=1)])
    audio[0, 5] = np.nan
    assert np.array_equal(to_mono(audio), audio.mean(axis=0), equal_nan=True)


def test_a_quiet_beginning_does_not_change_what_is_heard_of_one_side() -> None:
    x = np.concatenate([noise(0.5, level=1e-4), noise()])
    assert np.array_equal(streamed(np.stack([x, 0 * x])), x)


def test_a_stream_does_not_flicker() -> None:
    """Stereo whose sides take turns for seconds, with pauses: once both were heard, both count."""
    left, right = noise(2), noise(2, seed=1)
    pause = np.zeros(RATE, np.float32)
    turns = [np.stack([left, 0 * left]), np.stack([pause, pause]), np.stack([0 * right, right])]
    audio = np.concatenate(turns * 3, axis=1)
    heard, mean = streamed(audio), audio.mean(axis=0)
    assert np.array_equal(heard[: left.size], left)
    later = slice(turns[0].shape[1] + turns[1].shape[1] + RATE // 10, None)
    assert np.array_equal(heard[later], mean[later])


def test_an_inverted_stream_stays_with_the_channel_it_has_chosen() -> None:
    draw = np.random.default_rng(3)
    x = noise(6)
    sway = np.repeat(draw.uniform(0.9, 1.1, 60), RATE // 10)
    audio = np.stack([x, -x * sway]).astype(np.float32)
    heard = streamed(audio)
    assert any(np.array_equal(heard[RATE:], channel[RATE:]) for channel in audio)


def test_a_change_of_what_counts_glides() -> None:
    tone = np.sin(np.arange(4 * RATE) * 2 * np.pi * 100 / RATE).astype(np.float32) * 0.5
    late = tone.copy()
    late[: 2 * RATE] = 0
    heard = streamed(np.stack([tone, -late]))
    steepest = np.abs(np.diff(tone)).max()
    assert np.abs(np.diff(heard)).max() < 1.2 * steepest
    assert np.array_equal(heard[: 2 * RATE], tone[: 2 * RATE])


@pytest.mark.parametrize(
    ("gains", "says"),
    [((1, -1), "cancel each other"), ((0, 1), "Channel 1 is silent"), ((1, 1), "")],
)
def test_the_live_window_hears_one_side_and_says_so_once(
    gains: tuple[float, float], says: str
) -> None:
    x = noise(4)
    audio = np.outer(gains, x).astype(np.float32)
    alone, window = LiveWindow(RATE, FEATURES), Hearing(BlockSource(blocks(audio), RATE), FEATURES)
    told = []
    for block in blocks(x[None]):
        alone.push(block)
        window.hear()
        told.append(window.take_fault())
    assert np.array_equal(window.window.audio, alone.audio)
    assert window.sounding
    faults = [fault for fault in told if fault]
    assert len(faults) == bool(says)
    assert all(says in fault and "\n" not in fault for fault in faults)


def test_what_was_played_last_outlives_the_silence_after_it() -> None:
    loud, quiet = noise(4, level=0.3), np.zeros(6 * RATE, np.float32)
    audio = np.concatenate([loud, quiet])[None]
    hearing = Hearing(BlockSource(blocks(audio), RATE), FEATURES)
    assert hearing.last_played is None
    lasts = []
    for _ in blocks(audio):
        hearing.hear()
        lasts.append(hearing.last_played)
    assert not hearing.sounding
    last = lasts[-1]
    assert last is not None
    assert last.shape == (1, round(FEATURES.window_s * RATE))
    # Half of it is what was played at the end.
    assert np.abs(last).max() > 0.1
    assert lasts[-2] is last
