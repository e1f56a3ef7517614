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
from bridge.analysis.metrics import match_rms, mrstft_each
from bridge.arrays import Audio
from bridge.audio.resample import resample
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
    matched = [match_rms(answer, target) for answer in answers]
    both = mrstft_each([*answers, *matched], target)
    wanted = _levels(target)
    return np.array(
        [
            (
                both[number],
                both[len(answers) + number],
                mel_distance(answer, target),
                centroid_error(answer, target),
                *np.abs(_levels(answer) - wanted),
            )
            for number, answer in enumerate(answers)
        ]
    )


def mel_distance(answer: Audio, target: Audio) -> float:
    """Mel-spectral distance: mean |A-B| + mean |ln A - ln B| of mel magnitudes.

    Windows of 65,536 samples side by side and 128 bands, as DeepAFx-ST (Steinmetz et al., JAES
    2022) measures it; magnitudes here are those of `mel_power`, at least -120 dB.
    """
    a, b = (
        np.sqrt(np.maximum(mel_power(_filled(audio, _MSD_FRAMES), _MSD_FEATURES), 1e-12))
        for audio in (answer, target)
    )
    return float(np.mean(np.abs(a - b)) + np.mean(np.abs(np.log(a / b))))


def centroid_error(answer: Audio, target: Audio) -> float:
    """Difference in Hz of the mean spectral centroids; lower is nearer.

    Over the windows (2,048 samples, hop 512, Hann, magnitudes) within 60 dB of the target's
    loudest, so pauses do not count.
    """
    found, wanted = _magnitudes(answer), _magnitudes(target)
    loudness = wanted.sum(axis=1)
    sounding = loudness >= max(loudness.max() * 10 ** (-_SCE_RANGE_DB / 20), _QUIETEST)
    if not sounding.any():
        return 0.0
    frequencies = np.arange(wanted.shape[1]) * PROTOCOL_RATE_HZ / _SCE_FRAMES
    centroids = [
        (some[sounding] @ frequencies) / np.maximum(some[sounding].sum(axis=1), _QUIETEST)
        for some in (found, wanted)
    ]
    return abs(float(np.mean(centroids[0]) - np.mean(centroids[1])))


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
