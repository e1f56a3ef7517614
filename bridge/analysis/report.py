"""What there is to say of a recording, whoever listens to it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bridge.analysis.features import FeatureSettings
from bridge.analysis.statistics import Statistics
from bridge.analysis.windows import active_share, level_db
from bridge.arrays import Audio
from bridge.audio.recording import Recording

GOOD_S = 8.0
SPARSE_SHARE = 0.5
LEAST_VARIETY_DB = 3.0


@dataclass(frozen=True)
class Report:
    """What is known of a recording, in numbers and words."""

    seconds: float
    level_db: float
    sounding_share: float
    clipped_share: float
    variety_db: float
    """Mean standard deviation of the mel bands over time."""
    advice: list[str]
    """What could be better, one sentence each."""


def report_of(
    recording: Recording,
    mono: Audio,
    measured: Sequence[Statistics],
    features: FeatureSettings,
) -> Report:
    """A report on a recording; `mono` is it at the features' rate, (frames,), and `measured` the
    statistics of its windows."""
    bands = features.mel_bands
    sounding = active_share(mono, features.sample_rate_hz)
    variety = float(np.mean([20 * part.vector[bands : 2 * bands].mean() for part in measured]))
    advice = [
        sentence
        for holds, sentence in (
            (recording.seconds < GOOD_S, "It is short; about ten seconds say more."),
            (sounding < SPARSE_SHARE, "Much of it is silent; choose where it plays."),
            (variety < LEAST_VARIETY_DB, "It hardly changes; several notes say more than one."),
        )
        if holds
    ]
    return Report(
        round(recording.seconds, 2),
        round(level_db(recording.rms), 1),
        round(sounding, 3),
        round(recording.clipped_share, 5),
        round(variety, 1),
        [*recording.advice, *advice],
    )
