import itertools

import numpy as np
import pytest

from bridge.analysis.features import FeatureSettings
from bridge.analysis.statistics import (
    BROAD_BANDS,
    CARRIER_BINS,
    ECHO_BINS,
    ECHO_FROM,
    ECHO_HOP,
    GROUPS,
    LEVEL_NAMES,
    MODULATION_HZ,
    SIZE,
    StatisticsStream,
    _slow_power,
    statistics,
)
from bridge.arrays import Audio, Floats

SETTINGS = FeatureSettings()
RATE = SETTINGS.sample_rate_hz
WINDOW = SETTINGS.window_frames


def noise(frames: int = WINDOW, seed: int = 0) -> Audio:
    draw = np.random.default_rng(seed)
    return draw.standard_normal(frames).astype(np.float32) * np.float32(0.1)


def sine(hz: float, frames: int = WINDOW, amplitude: float = 1.0) -> Audio:
    return (amplitude * np.sin(2 * np.pi * hz * np.arange(frames) / RATE)).astype(np.float32)


def plucks(frames: int = WINDOW, seed: int = 0) -> Audio:
    """Decaying notes at irregular times: something like playing."""
    draw = np.random.default_rng(seed)
    audio, time_s = np.zeros(frames, np.float32), np.arange(RATE) / RATE
    for start in range(0, frames - RATE, 7_001):
        hz, decay = 110 * 2 ** (draw.integers(0, 24) / 12), np.exp(-6 * time_s)
        partials = sum(np.sin(2 * np.pi * hz * k * time_s) / k for k in range(1, 9))
        audio[start : start + RATE] += (0.2 * decay * partials).astype(np.float32)
    return audio + noise(frames, seed) * np.float32(0.001)


def group(audio: Audio, name: str) -> Floats:
    """One group of the vector."""
    ends = dict(zip(GROUPS, np.cumsum(list(GROUPS.values())), strict=True))
    return statistics(audio, SETTINGS).vector[ends[name] - GROUPS[name] : ends[name]]


@pytest.mark.parametrize("seconds", [2.75, 4.1, 12.3])
def test_a_stream_in_odd_blocks_says_what_the_whole_recording_says(seconds: float) -> None:
    audio = plucks(round(seconds * RATE))
    whole, stream = statistics(audio, SETTINGS), StatisticsStream(SETTINGS)
    draw = np.random.default_rng(1)
    start = 0
    while start < len(audio):
        size = int(draw.choice([0, 1, 7, 255, 1_200, 5_000, 40_000]))
        stream.push(audio[start : start + size])
        start += size
        if stream.frames > SETTINGS.fft_frames and size == 40_000:
            # To be asked in between changes nothing.
            stream.statistics()
    streamed = stream.statistics()
    assert streamed.vector.shape == (SIZE,)
    assert np.abs(streamed.vector - whole.vector).max() < 1e-5
    assert np.abs(streamed.levels - whole.levels).max() < 1e-4
    assert np.array_equal(stream.audio(), audio[-WINDOW:])


def test_only_the_last_window_counts() -> None:
    late = statistics(np.concatenate([noise(5 * WINDOW), plucks(3 * WINDOW)]), SETTINGS)
    quiet = statistics(np.concatenate([noise(5 * WINDOW) * 0, plucks(3 * WINDOW)]), SETTINGS)
    assert np.array_equal(late.vector, quiet.vector)


def test_the_vector_is_free_of_level_and_levels_are_not() -> None:
    """The floor alone may tell: bands far below the level are cut off, whatever is left of them."""
    audio = noise()
    loud, quiet = statistics(audio, SETTINGS), statistics(audio * np.float32(0.1), SETTINGS)
    assert np.abs(loud.vector - quiet.vector).max() < 0.02
    difference = loud.levels - quiet.levels
    assert difference[:2] == pytest.approx([20, 20], abs=1e-3)
    assert np.abs(difference[2:]).max() < 1e-3


def test_levels_are_what_they_are_called() -> None:
    named = dict(
        zip(LEVEL_NAMES, statistics(sine(997, amplitude=0.5), SETTINGS).levels, strict=True)
    )
    assert named["rms_db"] == pytest.approx(20 * np.log10(0.5 / np.sqrt(2)), abs=0.01)
    assert named["crest_db"] == pytest.approx(20 * np.log10(np.sqrt(2)), abs=0.02)
    # A sine's amplitude has the quantiles sin(q · 90°).
    for percent in (25, 50, 75, 90, 97):
        expected = 20 * np.log10(np.sqrt(2) * np.sin(percent / 100 * np.pi / 2))
        assert named[f"quantile_{percent}_db"] == pytest.approx(expected, abs=0.3)


def test_loudness_is_weighted_as_in_bs_1770() -> None:
    def weight(hz: float) -> float:
        named = dict(zip(LEVEL_NAMES, statistics(sine(hz), SETTINGS).levels, strict=True))
        return float(named["k_weighted_db"] - named["rms_db"])

    assert weight(997) == pytest.approx(0.7, abs=0.5)
    assert weight(6_000) == pytest.approx(4, abs=0.5)
    assert weight(60) < 0


@pytest.mark.parametrize("lag", [480, 3_000, 9_600, 24_000])
def test_an_echo_peaks_at_its_lag(lag: int) -> None:
    dry = plucks(2 * WINDOW)
    wet = dry.copy()
    wet[lag:] += np.float32(0.7) * dry[:-lag]
    added = group(wet, "echo") - group(dry, "echo")
    roots = np.linspace(np.sqrt(ECHO_FROM), np.sqrt(ECHO_HOP), ECHO_BINS + 1)
    expected = int(np.searchsorted(roots, np.sqrt(lag)) - 1)
    assert abs(int(added.argmax()) - expected) <= 1
    assert added.max() > 5 * np.abs(np.delete(added, range(expected - 2, expected + 3))).mean()


@pytest.mark.parametrize("source", [noise(), plucks()], ids=["noise", "plucks"])
@pytest.mark.parametrize("carrier_hz", [440.0, 1_500.0, 5_000.0])
def test_a_ring_modulator_peaks_at_twice_its_carrier(source: Audio, carrier_hz: float) -> None:
    found = group(source * sine(carrier_hz), "carrier")
    bin_hz = RATE / CARRIER_BINS
    assert abs(int(found.argmax()) - 2 * carrier_hz / bin_hz) <= 1.5


def test_a_tremolo_peaks_at_its_rate() -> None:
    dry = noise()
    wet = dry * (1 + np.float32(0.6) * sine(4.0))
    rows = group(wet, "modulation").reshape(BROAD_BANDS + 1, -1)
    still = group(dry, "modulation").reshape(BROAD_BANDS + 1, -1)
    band = int(np.searchsorted(MODULATION_HZ, 4.0) - 1)
    assert int((rows - still)[-1].argmax()) == band
    assert (np.abs((rows - still)[:-1].argmax(axis=1) - band) <= 1).all()


def test_a_filter_that_moves_shows_in_the_sweep() -> None:
    dry, frames = noise(), np.arange(WINDOW)
    lag = 60 + 40 * np.sin(2 * np.pi * 1.0 * frames / RATE)
    moving = dry + np.interp(frames - lag, frames, dry).astype(np.float32)
    fixed = dry + np.roll(dry, 60)
    band = int(np.searchsorted(MODULATION_HZ, 1.0) - 1)
    bands = len(MODULATION_HZ) - 1
    risen = (group(moving, "sweep") - group(fixed, "sweep")).reshape(-1, bands).max(axis=0)
    assert risen[band : band + 4].max() > 0.5
    assert risen[-6:].max() < risen[band : band + 4].max()


def test_clipping_shows_in_the_amplitudes_and_a_slow_decay_in_the_slopes() -> None:
    dry = plucks()
    clipped = np.clip(dry, -0.1, 0.1)
    assert np.abs(group(clipped, "amplitude") - group(dry, "amplitude")).max() > 0.3
    tail = np.exp(-np.arange(2 * RATE) / RATE * 3) * noise(2 * RATE, 5)
    reverberated = np.fft.irfft(np.fft.rfft(dry, 2 * WINDOW) * np.fft.rfft(tail, 2 * WINDOW))
    dry_slopes = group(dry, "slopes").reshape(2, 5, BROAD_BANDS)
    wet_slopes = group(reverberated[:WINDOW].astype(np.float32), "slopes").reshape(
        2, 5, BROAD_BANDS
    )
    # The fastest falls, of the slower pair of frames, are slower with a tail.
    assert wet_slopes[1, 0].mean() > dry_slopes[1, 0].mean() + 0.2


@pytest.mark.parametrize("seconds", [0.1, 2.75, 6])
def test_silence_and_its_edges_are_finite(seconds: float) -> None:
    frames = round(seconds * RATE)
    click = np.zeros(frames, np.float32)
    click[frames // 2] = 1
    for audio in (np.zeros(frames, np.float32), click, np.ones(frames, np.float32)):
        found = statistics(audio, SETTINGS)
        assert np.isfinite(found.vector).all()
        assert np.isfinite(found.levels).all()


def test_too_little_says_how_much_is_needed() -> None:
    with pytest.raises(ValueError, match="1024 frames"):
        statistics(noise(1_000), SETTINGS)


@pytest.mark.parametrize("frames", [2, 60, 253, 505])
def test_slow_changes_are_those_of_the_whole_transform(frames: int) -> None:
    """Against every bin of a windowed Fourier transform in double precision."""
    rows = np.random.default_rng(0).standard_normal((frames, 3)).astype(np.float32) - 20
    rate_hz = RATE / SETTINGS.fft_hop_frames
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(frames) / frames)
    window *= np.sqrt(2) / max(window.sum(), 1e-12)
    centred = rows.astype(np.float64) - rows.mean(axis=0, dtype=np.float64)
    power = np.abs(np.fft.rfft(centred * window[:, None], axis=0)) ** 2
    bins_hz = np.fft.rfftfreq(frames, 1 / rate_hz)
    found = _slow_power(rows, SETTINGS)
    assert found.shape == (3, len(MODULATION_HZ) - 1)
    for band, (low, high) in enumerate(itertools.pairwise(MODULATION_HZ)):
        inside = (bins_hz >= low) & (bins_hz < high)
        if not inside.any():
            inside[np.abs(bins_hz - np.sqrt(low * high)).argmin()] = True
        assert found[:, band] == pytest.approx(power[inside].mean(axis=0), rel=1e-4, abs=1e-7)
