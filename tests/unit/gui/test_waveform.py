"""The outline of a recording, which is read in pieces."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from gui.views.waveform import COLUMNS, read_outline


def test_a_long_recording_is_drawn_from_end_to_end(write_wav: Callable[..., Path]) -> None:
    draw = np.random.default_rng(0)
    audio = draw.uniform(-1, 1, (2, 700_001)).astype(np.float32)
    audio[:, 350_000:] *= 0.25
    outline = read_outline(write_wav("long.wav", audio))
    assert (len(outline.low), outline.seconds) == (COLUMNS, 700_001 / 48_000)
    half = COLUMNS // 2
    for part, level in ((slice(half), 1.0), (slice(half + 1, None), 0.25)):
        # The loudest of a column's 583 frames comes as near to the end of the range as this.
        assert outline.high[part].min() > 0.97 * level
        assert outline.low[part].max() < -0.97 * level
        assert outline.high[part].max() <= level


def test_a_short_recording_has_a_column_for_every_frame(write_wav: Callable[..., Path]) -> None:
    audio = np.array([[0.1, -0.2, 0.3], [0.0, 0.1, -0.4]], np.float32)
    outline = read_outline(write_wav("short.wav", audio))
    assert outline.low.tolist() == audio.min(axis=0).tolist()
    assert outline.high.tolist() == audio.max(axis=0).tolist()
