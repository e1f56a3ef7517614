"""Which stretches of the playing settings are tried on."""

import numpy as np
import pytest

from bridge.analysis.features import FeatureSettings
from bridge.analysis.windows import ACTIVE_DB, rms_db
from bridge.arrays import Audio
from bridge.errors import AudioError
from bridge.search.excerpts import excerpts

FEATURES = FeatureSettings(window_frames=24_000, least_frames=12_000)
RATE_HZ = 48_000
WINDOW = RATE_HZ
"""One second, in frames of the host."""


def noise(*levels_db: float, seconds: float = 1.0) -> Audio:
    """Noise, (1, frames), that long at each of these levels in dBFS; -inf is silence."""
    draw = np.random.default_rng(0)
    parts = [
        10 ** (level / 20) * draw.standard_normal(round(seconds * RATE_HZ)) for level in levels_db
    ]
    return np.concatenate(parts)[None].astype(np.float32)


def test_the_liveliest_window_has_no_long_pause() -> None:
    """The loudest one here is interrupted; the steady one is chosen."""
    loud = noise(-10.0, -np.inf, -10.0, -np.inf, seconds=0.25)
    played = np.concatenate([loud, noise(-20.0)], axis=1)
    (chosen,) = excerpts(played, RATE_HZ, FEATURES)
    assert chosen.start == WINDOW
    assert np.array_equal(chosen.audio, played[:, WINDOW:])


def test_it_is_told_how_much_quieter_than_the_loudest_an_excerpt_is() -> None:
    """Of two, the louder is the livelier; that one is 0 dB below."""
    first, second = excerpts(noise(-20.0, -np.inf, -35.0), RATE_HZ, FEATURES, 2)
    assert (first.start, second.start) == (0, 2 * WINDOW)
    assert first.below_db == 0
    assert second.below_db == pytest.approx(15, abs=0.2)


def test_several_lie_apart_and_the_liveliest_comes_first() -> None:
    played = noise(-30.0, -24.0, -18.0, -27.0, -21.0)
    found = excerpts(played, RATE_HZ, FEATURES, 3)
    starts = np.array([excerpt.start for excerpt in found])
    assert len(found) == 3
    assert starts[0] == 2 * WINDOW
    assert np.diff(np.sort(starts)).min() >= 0.75 * WINDOW
    # No window that lies far enough from those before it has a louder quietest quarter.
    assert [e.below_db for e in found] == sorted(e.below_db for e in found)
    assert len(excerpts(played, RATE_HZ, FEATURES, 100)) <= 1 + 4 / 0.75


def test_channels_are_mixed_and_short_playing_is_one_excerpt() -> None:
    played = noise(-20.0, seconds=0.6)
    (mixed,) = excerpts(np.concatenate([played, 0.5 * played]), RATE_HZ, FEATURES, 3)
    assert mixed.audio == pytest.approx(0.75 * played, abs=1e-7)
    assert (mixed.start, mixed.below_db) == (0, 0)


def test_pauses_are_no_excerpts() -> None:
    """On silence every setting is silent, so it would say something against all of them."""
    played = noise(-20.0, -np.inf, -np.inf, -np.inf)
    hissing = noise(-20.0, -70.0, -70.0, -70.0)
    for some in (played, hissing):
        found = excerpts(some, RATE_HZ, FEATURES, 4)
        assert found[0].start == 0
        assert all(rms_db(excerpt.audio) > ACTIVE_DB for excerpt in found)


@pytest.mark.parametrize("frames", [0, 1, 3 * RATE_HZ])
def test_silence_is_refused(frames: int) -> None:
    with pytest.raises(AudioError, match="the playing is silent"):
        excerpts(np.zeros((1, frames), np.float32), RATE_HZ, FEATURES)
