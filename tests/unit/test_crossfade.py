import numpy as np
import pytest

from bridge.effect_host.crossfade import FADE_S, Crossfade

RATE = 48_000


def run(blocks: list[tuple[int, bool]], latency_frames: int = 0) -> np.ndarray:
    """A plain sound of 1 and a processed one of -1, both late alike, in blocks of given sizes."""
    fade, parts = Crossfade(RATE, 2, latency_frames), []
    for frames, bypassed in blocks:
        plain = np.ones((2, frames), np.float32)
        parts.append(fade.mix(plain, -plain, bypassed))
        assert parts[-1].shape == plain.shape
    return np.concatenate(parts, axis=1)


def test_it_goes_over_in_its_time_and_without_a_step() -> None:
    heard = run([(1_000, False), (3_000, True), (3_000, False)])
    fade = round(FADE_S * RATE)
    assert (heard[:, :1_000] == -1).all()
    assert (heard[:, 1_000 + fade : 4_000] == 1).all()
    assert (heard[:, 4_000 + fade :] == -1).all()
    assert np.abs(np.diff(heard)).max() == pytest.approx(2 / fade, rel=1e-3)


def test_blocks_are_not_heard_and_a_fade_may_turn_round() -> None:
    whole = run([(300, True), (200, False), (800, True)])
    cut = run([*[(100, True)] * 3, *[(1, False)] * 200, (0, True), *[(80, True)] * 10])
    assert np.abs(whole - cut).max() < 1e-6
    assert whole.max() < 1


def test_plain_sound_is_as_late_as_the_processed() -> None:
    draw = np.random.default_rng(0)
    plain = draw.standard_normal((1, 5_000)).astype(np.float32)
    late = np.pad(plain, ((0, 0), (64, 0)))[:, :5_000]
    fade = Crossfade(RATE, 1, 64)
    parts = [
        fade.mix(plain[:, i : i + 500], late[:, i : i + 500], bypassed=i >= 2_000)
        for i in range(0, 5_000, 500)
    ]
    assert np.abs(np.concatenate(parts, axis=1) - late).max() < 1e-6
