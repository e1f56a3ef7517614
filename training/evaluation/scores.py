"""How far an answer is from its target: the metrics, in the order of `METRICS`.

All audio is mono, at `PROTOCOL_RATE_HZ`, and as long as its target.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt
import pyloudnorm
import scipy.fft

from bridge.analysis.features import FeatureSettings, hann, mel_power
from bridge.analysis.metrics import magnitudes, mrstft_with_gain
from bridge.arrays import Audio
from bridge.audio.resample import resample
from training.evaluation.modulation import modulation_distance, modulation_spectrum
from training.evaluation.protocol import KEYS, PROTOCOL_RATE_HZ

try:
    import pesq
except ModuleNotFoundError:
    pesq = None

HAS_PESQ = pesq is not None
"""Whether the user has chosen to install it; see `pyproject.toml`."""

QUIETEST_LUFS = -70.0
"""Absolute gate of ITU-R BS.1770-5; what lies below counts as this."""

_QUIETEST = 1e-6
_MSD_FRAMES = 65_536
_MSD_FEATURES = FeatureSettings(
    sample_rate_hz=PROTOCOL_RATE_HZ,
    fft_frames=_MSD_FRAMES,
    fft_hop_frames=_MSD_FRAMES,
    mel_bands=128,
    low_hz=0.0,
    high_hz=PROTOCOL_RATE_HZ / 2,
)
_SCE_FRAMES, _SCE_HOP = 2_048, 512
_SCE_RANGE_DB = 60.0
_PESQ_RATE_HZ = 16_000

Scores = npt.NDArray[np.float64]


def score(answers: Sequence[Audio], target: Audio, with_pesq: bool = False) -> Scores:
    """Every answer's metrics, (answers, METRICS); NaN where PESQ was not asked for or has no say.

    An answer that equals its target scores exactly 0 in all but PESQ.
    """
    rows = np.zeros((len(answers), len(KEYS)))
    differing = [n for n, answer in enumerate(answers) if not np.array_equal(answer, target)]
    if differing:
        rows[differing, :-1] = _distances([answers[n] for n in differing], target)
    rows[:, -1] = [pesq_score(answer, target) if with_pesq else np.nan for answer in answers]
    return rows


def _distances(answers: Sequence[Audio], target: Audio) -> Scores:
    """All metrics but PESQ, (answers, METRICS - 1)."""
    spectra, mel, centroid = magnitudes(target), _mel_magnitudes(target), _Centroid(target)
    wanted, modulation = _levels(target), modulation_spectrum(target)
    return np.array(
        [
            (
                *mrstft_with_gain(answer, target, spectra),
                _mel_distance(_mel_magnitudes(answer), mel),
                centroid.error(answer),
                *np.abs(_levels(answer) - wanted),
                modulation_distance(modulation_spectrum(answer), modulation),
            )
            for answer in answers
        ]
    )


def mel_distance(answer: Audio, target: Audio) -> float:
    """Mel-spectral distance: mean |A-B| + mean |ln A - ln B| of mel magnitudes.

    Windows of 65,536 samples side by side and 128 bands, as DeepAFx-ST (Steinmetz et al., JAES
    2022) measures it; magnitudes here are those of `mel_power`, at least -120 dB.
    """
    return _mel_distance(_mel_magnitudes(answer), _mel_magnitudes(target))


def _mel_magnitudes(audio: Audio) -> Scores:
    return np.sqrt(np.maximum(mel_power(_filled(audio, _MSD_FRAMES), _MSD_FEATURES), 1e-12))


def _mel_distance(a: Scores, b: Scores) -> float:
    return float(np.mean(np.abs(a - b)) + np.mean(np.abs(np.log(a / b))))


def centroid_error(answer: Audio, target: Audio) -> float:
    """Difference in Hz of the mean spectral centroids; lower is nearer.

    Over the windows (2,048 samples, hop 512, Hann, magnitudes) within 60 dB of the target's
    loudest, so pauses do not count.
    """
    return _Centroid(target).error(answer)


class _Centroid:
    """The mean spectral centroid of a target, to be compared with several answers."""

    def __init__(self, target: Audio) -> None:
        spectra = _magnitudes(target)
        loudness = spectra.sum(axis=1)
        self._sounding = loudness >= max(loudness.max() * 10 ** (-_SCE_RANGE_DB / 20), _QUIETEST)
        self._wanted_hz = self._mean_hz(spectra)

    def error(self, answer: Audio) -> float:
        """Difference in Hz; 0 of a silent target."""
        return abs(self._mean_hz(_magnitudes(answer)) - self._wanted_hz)

    def _mean_hz(self, spectra: Scores) -> float:
        if not self._sounding.any():
            return 0.0
        sounding = spectra[self._sounding]
        frequencies_hz = np.arange(spectra.shape[1]) * PROTOCOL_RATE_HZ / _SCE_FRAMES
        return float(
            np.mean(sounding @ frequencies_hz / np.maximum(sounding.sum(axis=1), _QUIETEST))
        )


def loudness(audio: Audio, sample_rate: int) -> float:
    """Integrated loudness of mono audio in LUFS (ITU-R BS.1770), at least `QUIETEST_LUFS`."""
    if float(np.abs(audio).max()) < _QUIETEST:
        return QUIETEST_LUFS
    with np.errstate(all="ignore"):
        return max(float(_meter(sample_rate).integrated_loudness(audio)), QUIETEST_LUFS)


def pesq_score(answer: Audio, target: Audio) -> float:
    """Wideband PESQ (ITU-T P.862.2), about 1 to 4.64, higher is nearer.

    NaN where no speech is heard, or without the package.

    The measure was made for codecs and networks, so an effect that is meant to change a voice
    leaves what it was validated for.
    """
    if pesq is None:
        return float("nan")
    wanted, found = (
        np.asarray(resample(audio, PROTOCOL_RATE_HZ, _PESQ_RATE_HZ)) for audio in (target, answer)
    )
    # A silent answer would be levelled by dividing by zero.
    if float(np.abs(found).max()) < _QUIETEST:
        return float("nan")
    result = pesq.pesq(_PESQ_RATE_HZ, wanted, found, "wb", on_error=pesq.PesqError.RETURN_VALUES)
    return float(result) if result >= 0 else float("nan")


def _levels(audio: Audio) -> Scores:
    """Crest factor in dB, loudness in LUFS, RMS in dBFS."""
    rms = max(float(np.sqrt(np.mean(audio**2))), _QUIETEST)
    peak = max(float(np.abs(audio).max()), _QUIETEST)
    crest_db = 20 * np.log10(peak / rms)
    return np.array([crest_db, loudness(audio, PROTOCOL_RATE_HZ), 20 * np.log10(rms)])


def _magnitudes(audio: Audio) -> Scores:
    windows = np.lib.stride_tricks.sliding_window_view(_filled(audio, _SCE_FRAMES), _SCE_FRAMES)
    return np.asarray(np.abs(scipy.fft.rfft(windows[::_SCE_HOP] * hann(_SCE_FRAMES), axis=-1)))


def _filled(audio: Audio, frames: int) -> Audio:
    """Audio with silence after it until it fills one window."""
    return np.pad(audio, (0, max(0, frames - len(audio))))


@cache
def _meter(sample_rate: int) -> pyloudnorm.Meter:
    return pyloudnorm.Meter(sample_rate)
