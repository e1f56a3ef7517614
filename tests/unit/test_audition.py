"""The three sounds of the embedded host, equally loud."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyloudnorm
import pytest

from bridge.arrays import Audio
from bridge.effect_host.audition import HEARD_S, Audition
from tests.rigs.children import wait_for

RATE = 24_000
BLOCK = 600


def tone(seconds: float, level: float, hertz: float = 440.0) -> Audio:
    times = np.arange(round(seconds * RATE)) / RATE
    return np.asarray(level * np.sin(2 * np.pi * hertz * times), np.float32)[None]


def lufs(audio: Audio) -> float:
    return float(pyloudnorm.Meter(RATE).integrated_loudness(audio.T.astype(float)))


@pytest.fixture
def audition() -> Iterator[Audition]:
    with Audition(RATE, 1) as opened:
        yield opened


def play(audition: Audition, seconds: float = HEARD_S + 0.5) -> tuple[Audio, Audio, Audio]:
    """What goes in, processed and out; the processed sound is another tone, and quieter."""
    dry, processed = tone(seconds, 0.5), tone(seconds, 0.05, 660.0)
    blocks = range(0, dry.shape[1], BLOCK)
    out = [audition.mix(dry[:, at : at + BLOCK], processed[:, at : at + BLOCK]) for at in blocks]
    return dry, processed, np.concatenate(out, axis=1)


def test_the_matched_sound_is_handed_on_untouched(audition: Audition) -> None:
    _, processed, out = play(audition)
    assert np.array_equal(out, processed)


@pytest.mark.parametrize("choice", ["dry", "reference"])
def test_another_sound_is_as_loud_and_comes_without_a_click(
    audition: Audition, choice: str, write_wav: Callable[..., Path]
) -> None:
    audition.load(write_wav("reference.wav", tone(2, 0.8, 550.0), RATE))
    play(audition)
    audition.choose(choice)
    wait_for("the loudness", lambda: audition._goals[0] == 0.0)
    dry, processed, out = play(audition)
    assert lufs(out[:, RATE:]) == pytest.approx(lufs(processed[:, RATE:]), abs=0.3)
    assert np.abs(np.diff(out)).max() < 0.02
    if choice == "dry":
        heard, there = out[0, RATE:], dry[0, RATE:]
        assert heard @ there / np.sqrt((heard @ heard) * (there @ there)) > 0.999


def test_a_quiet_sound_is_never_raised_above_full_scale(
    audition: Audition, write_wav: Callable[..., Path]
) -> None:
    clicks = np.zeros((1, 2 * RATE), np.float32)
    clicks[0, :: RATE // 4] = 0.9
    audition.load(write_wav("clicks.wav", clicks, RATE))
    play(audition)
    audition.choose("reference")
    wait_for("the loudness", lambda: audition._goals[0] == 0.0)
    *_, out = play(audition)
    assert np.abs(out).max() <= 1.0
