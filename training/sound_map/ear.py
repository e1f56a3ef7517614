"""A digital ear: four numbers for how a recording sounds, and what changes of them are heard."""

from functools import cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import scipy.fft

from bridge.arrays import Audio, Floats

BRIGHTNESS, ROUGHNESS, LOUDNESS, DECAY = "brightness", "roughness", "loudness", "decay"
NOTICED = {BRIGHTNESS: 0.1, ROUGHNESS: 0.23, LOUDNESS: 1.0, DECAY: 0.02}
"""Changes below are not heard: octaves, octaves (17 %: Fastl & Zwicker, Psychoacoustics, 2007,
ch. 11), dB, seconds."""

_ROUGH_HZ = (20.0, 70.0, 200.0)
"""Modulation is rough between the outer ones, most at the middle one (Fastl & Zwicker, ch. 11)."""
_BAND_EDGES_HZ = (100.0, 510.0, 920.0, 1480.0, 2320.0, 3700.0, 6400.0, 11_500.0)
_ENVELOPE_RATE_HZ = 12_000
_LAST_S = 0.5
_QUIET = 1e-2
"""-20 dB, as a share of power."""
_LEAST_ROUGHNESS = 1e-3


def listen(audio: Audio, sample_rate: int, loudness_db: float, played_s: float) -> dict[str, float]:
    """What is heard of mono audio (frames,) whose input fell silent after `played_s` seconds.

    - brightness: spectral centroid (Peeters, A large set of audio features, IRCAM 2004), octaves
      above 1 Hz;
    - roughness: depth of the envelope's modulation between 20 and 200 Hz, weighted as above, mean
      over bands by power; octaves;
    - loudness: what was measured, K-weighted (ITU-R BS.1770), in dB;
    - decay: seconds after the input's end until what is still to come is 20 dB below the last half
      second and all after it (backward integration: Schroeder, J. Acoust. Soc. Am. 37, 1965).
    """
    return {
        BRIGHTNESS: _brightness(audio, sample_rate),
        ROUGHNESS: _roughness(audio[: round(played_s * sample_rate)], sample_rate),
        LOUDNESS: loudness_db,
        DECAY: _decay_s(audio, sample_rate, played_s),
    }


def directness(values: Floats, noticed: float) -> float | None:
    """How straight numbers (n,) go from the first to the last: 1 never turns back, 0 ends nowhere.

    The net change as a share of all changes; None where these are not heard.
    """
    way = float(np.abs(np.diff(values)).sum())
    return float(abs(values[-1] - values[0])) / way if way >= noticed else None


def _brightness(audio: Audio, sample_rate: int) -> float:
    power = np.abs(scipy.fft.rfft(audio)) ** 2
    hz = np.arange(len(power)) * sample_rate / len(audio)
    return float(np.log2(max((power @ hz) / max(power.sum(), 1e-20), 20.0)))


def _roughness(audio: Audio, sample_rate: int) -> float:
    spectrum = scipy.fft.rfft(audio)
    width_hz = sample_rate / len(audio)
    rows = round(_ENVELOPE_RATE_HZ / width_hz)
    weights = _rough_weights(rows, width_hz)
    depths, powers = [], []
    for low, high in pairwise(_BAND_EDGES_HZ):
        band = spectrum[round(low / width_hz) : round(high / width_hz)]
        # The band moved down to 0 Hz: the magnitude of what comes out is its envelope.
        envelope = np.abs(scipy.fft.ifft(np.pad(band, (0, max(0, rows - len(band))))[:rows]))
        swing = np.abs(scipy.fft.rfft(envelope))
        depths.append(float(np.sqrt(2 * np.sum((weights * swing) ** 2)) / max(swing[0], 1e-12)))
        powers.append(float(np.sum(np.abs(band) ** 2)))
    return float(
        np.log2(max(np.average(depths, weights=np.array(powers) + 1e-20), _LEAST_ROUGHNESS))
    )


@cache
def _rough_weights(rows: int, width_hz: float) -> npt.NDArray[np.float64]:
    low, most, high = np.log2(_ROUGH_HZ)
    octaves = np.log2(np.maximum(np.arange(rows // 2 + 1) * width_hz, 1.0))
    return np.asarray(np.interp(octaves, [low, most, high], [0.0, 1.0, 0.0], left=0.0, right=0.0))


def _decay_s(audio: Audio, sample_rate: int, played_s: float) -> float:
    to_come = np.cumsum(audio[::-1].astype(np.float64) ** 2)[::-1]
    end = round(played_s * sample_rate)
    whole = to_come[end - round(_LAST_S * sample_rate)]
    quiet = np.flatnonzero(to_come[end:] <= _QUIET * whole)
    return float(quiet[0] if len(quiet) else len(audio) - end) / sample_rate
