"""A reference as the engine keeps it: what models know of it, and what a person is told of it."""

import json
from dataclasses import asdict, dataclass, replace
from math import inf
from pathlib import Path

import numpy as np

from bridge.analysis.report import Report, report_of
from bridge.analysis.spectrum import spectrum_db
from bridge.analysis.statistics import statistics
from bridge.analysis.windows import MOST_WINDOWS, active_windows, at_feature_rate
from bridge.audio.files import require_peak
from bridge.audio.recording import read_recording
from bridge.errors import AudioError
from bridge.estimate.listener import Listener, ReferenceAnalysis

_ROUNDED_S = 0.05
"""A region's end may be beyond the recording's by as much: times are told rounded."""


@dataclass(frozen=True)
class Region:
    """The part of a recording that counts, in seconds; from 0 to 0 is all of it."""

    begin_s: float = 0.0
    end_s: float = 0.0

    def __post_init__(self) -> None:
        """Refuse an end that is not behind the beginning."""
        if not self.whole and self.end_s <= self.begin_s:
            raise AudioError(
                f"the region ends at {self.end_s:g} s, which is not after its beginning at"
                f" {self.begin_s:g} s; move one of them, or give 0 and 0 for all of it"
            )

    @property
    def whole(self) -> bool:
        """Whether it is all of a recording."""
        return self.begin_s == self.end_s == 0

    @property
    def until_s(self) -> float:
        """Where it ends; infinite where it goes to a recording's end."""
        return inf if self.whole else self.end_s

    def excess(self, seconds: float) -> str:
        """What to say where it goes beyond the end of a recording; empty otherwise."""
        if self.end_s <= seconds + _ROUNDED_S:
            return ""
        return (
            f"The region ends at {self.end_s:g} s and the recording at {seconds:.1f} s; it counts"
            " up to there."
        )


@dataclass(frozen=True)
class Reference:
    """A region of a recording, analysed."""

    path: Path
    region: Region
    analysis: ReferenceAnalysis
    spectrum_db: list[float]
    report: Report

    def same_as(self, other: "Reference | None") -> bool:
        """Whether another one was read from the same place and sounds the same."""
        return other is not None and (self.path, self.region, self.spectrum_db) == (
            other.path,
            other.region,
            other.spectrum_db,
        )


def read_reference(path: Path, region: Region, listener: Listener) -> Reference:
    """Read and analyse a region of a file. Raises AudioError where it cannot be used.

    Of what is longer than `MOST_WINDOWS` windows, so many are analysed, evenly spread.
    """
    features = listener.features
    recording = read_recording(
        path, MOST_WINDOWS, features.window_s, region.begin_s, region.until_s
    )
    require_peak(recording.peak, path)
    analysis = listener.analyse(recording.mono, recording.sample_rate, str(path))
    mono = at_feature_rate(recording.mono, recording.sample_rate, features)
    measured = [statistics(part, features) for part in active_windows(mono, features, str(path))]
    spectra = np.mean([spectrum_db(part, features) for part in measured], axis=0)
    report = report_of(recording, mono, measured, features)
    if excess := region.excess(region.begin_s + recording.seconds):
        report = replace(report, advice=[excess, *report.advice])
    return Reference(path, region, analysis, spectra.tolist(), report)


def as_json(report: Report) -> str:
    """For whoever reads it from the control surface."""
    return json.dumps(asdict(report))
