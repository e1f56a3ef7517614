"""The soak of `benchmarks.soak`, for a minute."""

import numpy as np
import pytest

from benchmarks.soak import Compared, soak
from bridge.arrays import Audio
from tests.doubles import BlockSource

SIGNAL = np.random.default_rng(0).uniform(0.1, 1, 10_000).astype(np.float32)


@pytest.mark.xdist_group("jack")
@pytest.mark.parametrize("block_frames", [64, 256])
def test_no_sample_is_lost_beside_a_busy_processor(block_frames: int) -> None:
    result = soak(block_frames, seconds=25.0, hogs=1)
    assert result.faults == []
    assert result.samples > 5 * 48_000
    assert result.predictions > 0
    assert result.sends > 0


def blocks(audio: Audio) -> list[Audio]:
    return np.split(audio[None], range(137, len(audio), 137), axis=1)


def test_a_lost_sample_would_be_noticed() -> None:
    lead = np.zeros(300, np.float32)
    whole = np.concatenate([lead, np.tile(SIGNAL, 3)[4_000:]])
    for cut, missing in ([], 0), ([12_345], 1), (range(3_000, 3_500), 500):
        source = Compared(BlockSource(blocks(np.delete(whole, cut)), 48_000), SIGNAL)
        while not source.finished:
            source.read()
        assert (source.missing, source.gaps) == (missing, int(missing > 0))
        assert source.samples >= len(whole) - len(lead) - missing - 32
