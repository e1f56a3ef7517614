"""What is found of a recording, and what is told of it."""

from collections.abc import Callable
from math import inf
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.analysis.features import FeatureSettings
from bridge.analysis.windows import active_windows
from bridge.arrays import Audio, finite, usable
from bridge.audio.devices import find_device
from bridge.audio.excerpt import Excerpt
from bridge.audio.recording import Recording, read_recording
from bridge.cli.heard import Heard
from bridge.engine.hearing import Hearing
from bridge.engine.session import Status
from bridge.errors import AudioError, DeviceError
from tests.doubles import BlockSource

RATE = 8_000
FEATURES = FeatureSettings(window_frames=24_000, least_frames=12_000)


def noise(frames: int, channels: int = 1, level: float = 0.1) -> Audio:
    draw = np.random.default_rng(0)
    return np.asarray(draw.standard_normal((channels, frames)) * level, np.float32)


def gathered(audio: Audio, lengths: tuple[int, ...], pieces: int) -> Audio:
    excerpt = Excerpt(len(audio), audio.shape[1], RATE, pieces, 1.0)
    start = turn = 0
    while start < audio.shape[1]:
        end = start + lengths[turn % len(lengths)]
        excerpt.take(audio[:, start:end])
        start, turn = end, turn + 1
    return excerpt.audio()


@pytest.mark.parametrize("lengths", [(1_000,), (65_536,), (7, 9_000, 3)])
def test_an_excerpt_is_all_of_what_is_short_and_even_pieces_of_what_is_long(
    lengths: tuple[int, ...],
) -> None:
    short, long = noise(5 * RATE, 2), noise(23 * RATE + 77, 2)
    assert np.array_equal(gathered(short, lengths, 5), short)
    found = gathered(long, lengths, 5)
    assert found.shape == (2, 5 * RATE)
    inside = slice(RATE // 100, -RATE // 100)
    starts = np.linspace(0, long.shape[1] - RATE, 5).round().astype(int)
    for number, start in enumerate(starts):
        piece = found[:, number * RATE : (number + 1) * RATE]
        assert np.array_equal(piece[:, inside], long[:, start : start + RATE][:, inside])
        assert np.abs(piece[:, [0, -1]]).max() < 0.05


def test_a_file_is_heard_in_order_and_in_little_room(write_wav: Callable[..., Path]) -> None:
    audio = noise(200_000, 2)
    audio[1] *= 0.5
    path = write_wav("a.wav", audio, RATE)
    whole = read_recording(path, 25, 1.0)
    assert np.array_equal(whole.mono, audio.mean(axis=0)[None])
    assert (whole.channels, whole.frames, whole.subtype) == (2, 200_000, "FLOAT")
    assert whole.seconds == 25
    assert whole.peak == np.abs(audio).max()
    assert whole.rms == pytest.approx(float(np.sqrt(np.mean(audio**2))), rel=1e-4)
    assert whole.advice == []
    assert read_recording(path, 3, 1.0).mono.shape == (1, 3 * RATE)


def test_pieces_of_a_long_file_that_breaks_off_are_pieces_of_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    soundfile.write(path, noise(60 * RATE).T, RATE)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    found = read_recording(path, 4, 1.0)
    assert 27 < found.seconds < 31
    assert found.advice == [f"It is cut short: {found.seconds:.1f} of 60.0 s could be read."]
    last = found.mono[0, -RATE:]
    assert np.sqrt(np.mean(last[RATE // 2 :] ** 2)) > 0.05


def test_what_is_clipped_silent_or_inverted_is_told(write_wav: Callable[..., Path]) -> None:
    def recording_of(audio: Audio) -> Recording:
        return read_recording(write_wav("x.wav", audio, RATE), 64, 5.5)

    x = noise(4 * RATE)
    assert recording_of(x).advice == []
    (clipped,) = recording_of(np.clip(x * 20, -1, 1)).advice
    assert clipped == "It is clipped; that will be taken for distortion."
    beside = recording_of(np.concatenate([x, 0 * x]))
    assert np.array_equal(beside.mono, x)
    assert beside.advice == ["Channel 2 is silent; only channel 1 is listened to."]
    inverted = recording_of(np.concatenate([x, -x]))
    assert np.array_equal(np.abs(inverted.mono), np.abs(x))
    assert inverted.advice[0].startswith("Its channels cancel each other")


def test_an_input_that_clips_is_told_once() -> None:
    hot = np.clip(noise(4 * 24_000, level=0.5), -1, 1)
    hearing = Hearing(BlockSource(np.split(hot, 40, axis=1), 24_000), FEATURES)
    told = []
    for _ in range(40):
        hearing.hear()
        told.append(hearing.take_fault())
    assert sum("It is clipped" in fault for fault in told) == 1
    assert sum(map(bool, told)) == 1


def test_samples_beyond_all_measure_are_as_bad_as_none() -> None:
    audio = noise(100)
    assert usable(audio)
    assert np.array_equal(finite(audio), audio)
    for bad in (np.nan, np.inf, -np.inf, 1e25, -2e6):
        spoiled = audio.copy()
        spoiled[0, 7] = bad
        assert not usable(spoiled)
        cleaned = finite(spoiled)
        assert cleaned[0, 7] == 0
        assert np.array_equal(np.delete(cleaned, 7, axis=1), np.delete(audio, 7, axis=1))


def test_what_is_too_quiet_is_told_by_how_much() -> None:
    audio = noise(60_000)[0]
    with pytest.raises(AudioError, match=r"x: is too quiet, -70 dBFS RMS .* by at least 10 dB"):
        active_windows(audio * np.float32(10 ** (-50 / 20)), FEATURES, "x")
    with pytest.raises(AudioError, match="x: is silent"):
        active_windows(audio * 0, FEATURES, "x")


def device(index: int, name: str) -> dict[str, object]:
    return {"index": index, "name": name, "max_input_channels": 2, "max_output_channels": 2}


@pytest.mark.parametrize(
    ("asked", "found"),
    [("USB", None), ("usb two", 3), ("3", 3), ("USB One", 1), ("Built-in", 0), ("Long", 4)],
)
def test_a_name_of_several_devices_is_refused_and_they_are_named(
    asked: str, found: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["Built-in", "USB One", "USB One", "USB Two", "Long device na", "Long device name"]
    there = [device(index, name) for index, name in enumerate(names)]
    monkeypatch.setattr("bridge.audio.devices.list_devices", lambda: there)
    if found is not None:
        assert find_device(asked, "input")["index"] == found
        return
    with pytest.raises(DeviceError, match="1 USB One, 2 USB One, 3 USB Two; give more of the name"):
        find_device(asked, "input")


def status(time_s: float, state: str, level_db: float) -> Status:
    return Status(time_s, state, level_db, 0, 0, 0, {}, {}, [], 0, 0, [], False, "")


@pytest.mark.parametrize(
    ("state", "level_db", "says"),
    [
        ("filling", -20.0, r"a.wav: ended after 1\.5 s, before the first values came"),
        ("silent", -66.0, r"a.wav: was too quiet or paused too long, -66 dBFS RMS at most"),
        ("silent", -120.0, r"a.wav: was silent"),
    ],
)
def test_live_says_why_nothing_came_of_it(
    state: str, level_db: float, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    heard = Heard()
    heard.take(status(1.0, state, level_db))
    heard.take(status(1.5, state, -120.0))
    with pytest.raises(AudioError, match=says):
        heard.explain("a.wav", by_itself=True)
    heard.explain("a.wav", by_itself=False)
    assert capsys.readouterr().err.startswith("WARNING: a.wav: ")


@pytest.mark.parametrize(
    ("begin_s", "end_s"), [(0.0, inf), (2.0, 5.0), (11.0, 60.0), (0.5, 0.75), (3.0, 11.5)]
)
def test_of_a_region_only_that_is_heard(
    write_wav: Callable[..., Path], begin_s: float, end_s: float
) -> None:
    x = noise(12 * RATE)
    region = x[:, round(begin_s * RATE) : round(min(end_s, 12.0) * RATE)]
    told = read_recording(write_wav("x.wav", x, RATE), 64, 5.5, begin_s, end_s)
    assert np.array_equal(told.mono, region)
    assert (told.frames, told.peak) == (region.shape[1], np.abs(region).max())


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_a_region_behind_the_end_is_refused_also_of_a_file_that_breaks_off(
    write_wav: Callable[..., Path], share: float
) -> None:
    path = write_wav("x.wav", noise(4 * RATE), RATE)
    whole = path.read_bytes()
    path.write_bytes(whole[: round(share * len(whole))])
    with pytest.raises(AudioError, match=f"begins at 10 s, but the recording ends at {4 * share}"):
        read_recording(path, 2, 0.5, 10.0, 12.0)
    late_s = 3.0 * share
    assert read_recording(path, 2, 0.1, late_s).seconds == pytest.approx(share, abs=0.01)
