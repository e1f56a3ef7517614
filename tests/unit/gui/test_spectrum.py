"""Spectra as they are drawn."""

import numpy as np
import pytest

from gui.views.spectrum import HELD_DB_PER_S, Held, Smoothing, band_hz


def test_a_spectrum_is_averaged_over_a_sixth_of_an_octave() -> None:
    smoothing = Smoothing(band_hz(80))
    flat = smoothing.of(np.full(80, -40.0))
    assert flat == pytest.approx(np.full(len(flat), -40.0), abs=1e-3)
    line = np.full(80, -90.0)
    line[60] = -20.0
    drawn = smoothing.of(line)
    peak = float(drawn.max())
    assert -26 < peak < -20
    # Between the points, as a curve is drawn.
    octaves = np.linspace(*np.log2(smoothing.hz[[0, -1]]), 5000)
    loud = octaves[np.interp(octaves, np.log2(smoothing.hz), drawn) > peak - 3]
    # A line is as wide as its band and the averaging, and stays where it was.
    assert 1 / 6 < loud[-1] - loud[0] < 1 / 3
    assert 2 ** float(loud[0] + loud[-1]) == pytest.approx(band_hz(80)[60] ** 2, rel=0.06)


def test_peaks_are_held_and_come_down_slowly() -> None:
    held, loud, soft = Held(), np.full(5, -20.0), np.full(5, -60.0)
    assert held.over(loud, 10.0) == pytest.approx(loud)
    assert held.over(soft, 12.0) == pytest.approx(loud - 2 * HELD_DB_PER_S)
    assert held.over(soft, 112.0) == pytest.approx(soft)
    held.forget()
    assert held.over(soft, 113.0) == pytest.approx(soft)
