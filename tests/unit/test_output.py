"""How the embedded host is heard."""

import numpy as np
import pytest

from bridge.analysis.features import FeatureSettings
from bridge.audio.files import read_audio
from bridge.demo.run import INPUT
from bridge.effect_host.audition import Audition
from bridge.effect_host.output import Output

RATE = 48_000
BLOCK = np.ones((2, 240), np.float32)


def test_it_is_silenced_within_a_block_and_without_a_click() -> None:
    output = Output(RATE)
    assert output.shape(BLOCK) is BLOCK
    output.playing = False
    falling = output.shape(BLOCK)
    assert falling[0, -1] == 0
    assert np.abs(np.diff(falling)).max() <= 1 / 239
    assert not output.shape(BLOCK).any()
    assert output.shape(BLOCK[:, :0]).shape == (2, 0)
    output.playing, output.level_db = True, -6.0
    assert output.shape(BLOCK)[0, 0] < 0.01
    assert output.shape(BLOCK)[:, -1] == pytest.approx([0.501, 0.501], abs=1e-3)


def test_it_begins_silent_where_it_is_told_to() -> None:
    output = Output(RATE, playing=False)
    assert not output.shape(BLOCK).any()


def test_what_is_made_of_the_input_has_a_spectrum() -> None:
    audio, rate = read_audio(INPUT)
    with Audition(rate, len(audio)) as audition:
        assert audition.spectrum_db() == []
        seconds = 4 * rate
        audition.mix(audio[:, :seconds], audio[:, :seconds] / 2)
        levels = np.array(audition.spectrum_db())
        audition.mix(audio[:, :seconds], audio[:, :seconds])
        louder = np.array(audition.spectrum_db())
    assert len(levels) == FeatureSettings().mel_bands
    assert louder - levels == pytest.approx(np.full(len(levels), 6.02), abs=0.1)
