"""A reference as the engine keeps it: what models know of it, and what a person is told of it."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from bridge.analysis.features import FeatureSettings
from bridge.analysis.statistics import Statistics, statistics
from bridge.analysis.windows import active_share, active_windows, at_feature_rate, rms_db
from bridge.arrays import Audio
from bridge.audio.files import read_audio, require_sound
from bridge.engine.hearing import CLIPPED
from bridge.errors import AudioError
from bridge.estimate.matcher import Matcher, ReferenceAnalysis

GOOD_S = 8.0
SPARSE_SHARE = 0.5
CLIPPED_SHARE = 1e-4
LEAST_VARIETY_DB = 3.0


@dataclass(frozen=True)
class Report:
    """What there is to say of a recording."""

    seconds: float
    level_db: float
    sounding_share: float
    clipped_share: float
    variety_db: float
    """Mean standard deviation of the mel bands over time."""
    advice: list[str]
    """What could be better, one sentence each."""


@dataclass(frozen=True)
class Reference:
    """A recording, analysed."""

    analysis: ReferenceAnalysis
    spectrum_db: list[float]
    report: Report


def read_reference(path: Path, region: tuple[float, float], matcher: Matcher) -> Reference:
    """Read and analyse the part of a file from `region[0]` to `region[1]` seconds; 0, 0 is all.

    Raises AudioError where it cannot be used.
    """
    audio, rate = read_audio(path)
    begin, end = (round(at * rate) for at in region)
    if end > begin:
        audio = audio[:, begin:end]
    if not audio.shape[1]:
        seconds = audio.shape[1] / rate
        raise AudioError(f"{path}: the region lies behind its end at {seconds:.1f} s; move it")
    require_sound(audio, path)
    analysis = matcher.analyse(audio, rate, str(path))
    features = matcher.features
    mono = at_feature_rate(audio, rate, features)
    heard = [statistics(part, features) for part in active_windows(mono, features, str(path))]
    spectra = np.mean([spectrum_db(part, features) for part in heard], axis=0)
    return Reference(analysis, spectra.tolist(), _report(audio, rate, mono, heard, features))


def spectrum_db(heard: Statistics, features: FeatureSettings) -> list[float]:
    """Mean level of every mel band, in dBFS."""
    level_free_db = 20 * heard.vector[: features.mel_bands]
    return [float(level) for level in level_free_db + heard.levels[0]]


def _report(
    audio: Audio, rate: int, mono: Audio, heard: list[Statistics], features: FeatureSettings
) -> Report:
    bands = features.mel_bands
    seconds = audio.shape[1] / rate
    sounding = active_share(mono, features.sample_rate_hz)
    clipped = float(np.mean(np.abs(audio) >= CLIPPED))
    variety = float(np.mean([20 * part.vector[bands : 2 * bands].mean() for part in heard]))
    advice = [
        sentence
        for holds, sentence in (
            (seconds < GOOD_S, "It is short; about ten seconds say more."),
            (sounding < SPARSE_SHARE, "Much of it is silent; choose where it plays."),
            (clipped > CLIPPED_SHARE, "It is clipped; that will be taken for distortion."),
            (variety < LEAST_VARIETY_DB, "It hardly changes; several notes say more than one."),
        )
        if holds
    ]
    return Report(
        round(seconds, 2),
        round(rms_db(audio), 1),
        round(sounding, 3),
        round(clipped, 5),
        round(variety, 1),
        advice,
    )


def as_json(report: Report) -> str:
    """For whoever reads it from the control surface."""
    return json.dumps(asdict(report))
