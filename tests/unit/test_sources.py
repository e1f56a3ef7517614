"""Sources without a sound device: files, channels, and clocks that are none."""

import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event

import numpy as np
import pytest

from bridge.analysis.features import FeatureSettings
from bridge.arrays import Audio
from bridge.audio.sources import FileSource, open_source, parse_channels
from bridge.chain import Chain, ChainSetting
from bridge.drive.settings import LiveSettings
from bridge.drive.smoothing import Glide
from bridge.engine.live import LiveEngine
from bridge.engine.session import Status
from bridge.errors import AudioError, BridgeError
from bridge.estimate.estimator import Estimator
from bridge.library import Library
from bridge.manifest import PluginSpec
from tests.bursts import bursts
from tests.doubles import BlockSource, MemoryHost
from tests.stand_ins import write_models

RATE = 24_000
PERIOD = 1_200


def read_all(source: FileSource, clock: Callable[[float], None]) -> Audio:
    blocks, now_s = [], 0.0
    while not source.finished:
        clock(now_s)
        blocks.append(source.read())
        now_s += 0.03
    return np.concatenate(blocks, axis=1)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets the time that a file is paced by."""

    def at(now_s: float) -> None:
        monkeypatch.setattr("bridge.audio.sources.time.monotonic", lambda: now_s)

    return at


@pytest.mark.parametrize("rate", [44_100, 192_000])
@pytest.mark.parametrize(("chosen", "rows"), [(None, [0, 1, 2]), ([3], [2]), ([2, 1], [1, 0])])
def test_a_file_comes_at_its_pace_whole_and_with_the_channels_chosen(
    write_wav: Callable[..., Path],
    clock: Callable[[float], None],
    rate: int,
    chosen: Sequence[int] | None,
    rows: list[int],
) -> None:
    audio = np.random.default_rng(0).uniform(-1, 1, (3, rate // 4)).astype(np.float32)
    with open_source(str(write_wav("three.wav", audio, rate)), chosen) as source:
        assert (source.sample_rate, source.channels) == (rate, len(rows))
        clock(0.0)
        assert source.read().shape == (len(rows), 0)
        clock(0.1)
        assert source.read().shape == (len(rows), rate // 10)
    with FileSource(write_wav("three.wav", audio, rate), chosen) as source:
        assert np.array_equal(read_all(source, clock), audio[rows])


def test_a_file_can_be_played_again_and_again(
    write_wav: Callable[..., Path], clock: Callable[[float], None]
) -> None:
    audio = np.random.default_rng(0).uniform(-1, 1, (1, 1_000)).astype(np.float32)
    with FileSource(write_wav("loop.wav", audio, 1_000), repeat=True) as source:
        heard = []
        for now_s in (0.0, 0.7, 1.4, 3.5):
            clock(now_s)
            heard.append(source.read())
        assert not source.finished
    assert np.array_equal(np.concatenate(heard, axis=1), np.tile(audio, 4)[:, :3_500])


def test_a_long_file_is_not_held(write_wav: Callable[..., Path]) -> None:
    path = write_wav("long.wav", np.full((2, 4_000_000), 0.1, np.float32))
    tracemalloc.start()
    with FileSource(path, repeat=True) as source:
        source.read()
    most_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most_bytes < path.stat().st_size / 10


def test_a_file_that_has_changed_ends_with_a_word(
    write_wav: Callable[..., Path], clock: Callable[[float], None]
) -> None:
    path = write_wav("gone.wav", np.ones((1, 100_000), np.float32), 10_000)
    with FileSource(path, repeat=True) as source:
        clock(0.0)
        source.read()
        path.write_bytes(b"")
        clock(20.0)
        assert source.read().shape == (1, 0)
        assert source.finished
        assert "gone.wav" in source.take_fault()


def test_nothing_is_read_once_it_is_closed(
    write_wav: Callable[..., Path], clock: Callable[[float], None]
) -> None:
    source = FileSource(write_wav("closed.wav", np.ones((1, 1_000), np.float32), 1_000))
    clock(0.0)
    source.read()
    source.close()
    source.close()
    clock(0.5)
    assert source.read().shape == (1, 0)


def test_channels_that_are_not_there_are_refused(write_wav: Callable[..., Path]) -> None:
    path = write_wav("mono.wav", np.ones((1, 100), np.float32))
    with pytest.raises(AudioError, match=r"channels 1 to 1, and not all of 1,2"):
        open_source(str(path), [1, 2])


def test_channels_are_chosen_by_number() -> None:
    assert (parse_channels("first"), parse_channels("3"), parse_channels("1,2")) == (
        None,
        [3],
        [1, 2],
    )
    for wrong in ("", "0", "1,", "-1", "left", "1.5", "1;2"):
        with pytest.raises(BridgeError, match="numbers from 1 on"):
            parse_channels(wrong)


@pytest.mark.parametrize("stall", [0, 12])
def test_a_bursty_clock_changes_nothing_but_when_things_are_heard(
    tmp_path: Path, overdrive: PluginSpec, monkeypatch: pytest.MonkeyPatch, stall: int
) -> None:
    monkeypatch.setattr("bridge.engine.live.STATUS_S", 0.0)
    features = FeatureSettings(window_frames=24_000, least_frames=12_000)
    chain = Chain.of_plugin(overdrive)
    models = write_models(tmp_path, overdrive, -3.0, features, hop_s=0.002)
    estimator = Estimator(chain, Library.of_models(models))
    draw = np.random.default_rng(0)
    audio = draw.standard_normal((1, 60 * PERIOD)).astype(np.float32) * np.float32(0.1)
    reference = estimator.analyse(np.tanh(4 * audio), RATE, "reference")

    def follow(blocks: list[Audio]) -> list[Status]:
        statuses: list[Status] = []
        host = MemoryHost(ChainSetting.start(chain).values)
        settings = LiveSettings(averaging_s=0, glide=Glide(0, 0))
        source = BlockSource(blocks, RATE)
        with LiveEngine(source, estimator, reference, host, settings) as engine:
            engine.run(Event(), on_status=statuses.append)
        return statuses

    regular = follow(np.split(audio, 60, axis=1))
    bursty = follow(bursts(audio, PERIOD, stall))
    assert {status.state for status in bursty} == {"filling", "provisional", "matching"}
    assert bursty[-1].values == pytest.approx(regular[-1].values, abs=1e-4)
    assert bursty[-1].lost == 0
