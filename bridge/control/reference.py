"""A reference as the engine keeps it: what models know of it, and what a person is told of it."""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from bridge.analysis.report import Report, report_of
from bridge.analysis.spectrum import spectrum_db
from bridge.analysis.statistics import statistics
from bridge.analysis.windows import active_windows, at_feature_rate
from bridge.arrays import Audio
from bridge.audio.files import require_sound
from bridge.audio.reading import AudioReader
from bridge.audio.recording import recording_of
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

    def excess(self, seconds: float) -> str:
        """What to say where it goes beyond the end of a recording; empty otherwise."""
        if self.end_s <= seconds + _ROUNDED_S:
            return ""
        return (
            f"The region ends at {self.end_s:g} s and the recording at {seconds:.1f} s; it counts"
            " up to there."
        )

    def cut(self, audio: Audio, rate: int, path: Path) -> Audio:
        """Audio (channels, frames) of the file at `path`, from beginning to end.

        Raises AudioError where the recording ends before the region begins.
        """
        if self.whole:
            return audio
        begin, end = round(self.begin_s * rate), round(self.end_s * rate)
        if begin >= audio.shape[1]:
            raise AudioError(
                f"{path}: the region begins at {self.begin_s:g} s, but the recording ends at"
                f" {audio.shape[1] / rate:.1f} s; move it"
            )
        return audio[:, begin:end]


@dataclass(frozen=True)
class Reference:
    """A recording, analysed."""

    analysis: ReferenceAnalysis
    spectrum_db: list[float]
    report: Report


def read_reference(path: Path, region: Region, listener: Listener) -> Reference:
    """Read and analyse a region of a file. Raises AudioError where it cannot be used."""
    with AudioReader(path) as file:
        whole, rate = file.rest(), file.sample_rate
        faults = tuple(file.advice)
    audio, seconds = region.cut(whole, rate, path), whole.shape[1] / rate
    require_sound(audio, path)
    analysis = listener.analyse(audio, rate, str(path))
    features = listener.features
    mono = at_feature_rate(audio, rate, features)
    measured = [statistics(part, features) for part in active_windows(mono, features, str(path))]
    spectra = np.mean([spectrum_db(part, features) for part in measured], axis=0)
    recording = replace(recording_of(audio, rate), faults=faults)
    report = report_of(recording, mono, measured, features)
    if excess := region.excess(seconds):
        report = replace(report, advice=[excess, *report.advice])
    return Reference(analysis, spectra.tolist(), report)


def as_json(report: Report) -> str:
    """For whoever reads it from the control surface."""
    return json.dumps(asdict(report))
