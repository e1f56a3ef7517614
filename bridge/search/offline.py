"""Match whole files: one answer for the whole input."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bridge.analysis.features import FeatureSettings
from bridge.analysis.metrics import profile_distance, style_profile
from bridge.analysis.report import report_of
from bridge.analysis.statistics import statistics
from bridge.analysis.windows import MOST_WINDOWS, active_windows, at_feature_rate, fill_window
from bridge.arrays import Audio
from bridge.audio.files import require_other_file, require_peak
from bridge.audio.formats import BitDepth
from bridge.audio.recording import Recording, read_recording
from bridge.chain import Chain
from bridge.effects import ChainEffect, load_chain
from bridge.estimate.answer import Answer
from bridge.estimate.ears import Ears
from bridge.estimate.estimator import Estimator
from bridge.estimate.listener import Analysis
from bridge.library import Library
from bridge.search.beside import Beside
from bridge.search.contest import CONTEST_SHARE, Contest, Ranking
from bridge.search.deadline import Deadline
from bridge.search.evolution import prepare
from bridge.search.file_rendering import Target, write_answer
from bridge.search.matching import Found, Take, find_setting, require_network, search_until
from bridge.search.render_search import Search

_ADVICE_WINDOWS = 8


@dataclass(frozen=True)
class MatchResult:
    """The answer, what was analysed, and the style distance to the reference, in dB."""

    answer: Answer
    tried: int
    """How many candidates were rendered and judged."""
    seconds: float
    """How long the answer took, without reading and writing."""
    distance_before: float
    distance_after: float
    played: Analysis
    goal: Analysis
    advice: list[str]
    """What there is to say of the three files, one line each."""


@dataclass(frozen=True)
class _Files:
    """Two recordings that were read, and where to write."""

    source: Path
    recording: Recording
    reference: Path
    wanted: Recording
    target: Target
    piece_s: float

    @property
    def goal(self) -> Take:
        """The wanted recording, for a search."""
        return Take(self.wanted.mono, self.wanted.sample_rate, str(self.reference))


def match_files(
    source: Path,
    reference: Path,
    estimator: Estimator,
    out: Path,
    budget_s: float,
    depth: BitDepth = BitDepth.AS_INPUT,
    beside: Beside | None = None,
) -> MatchResult:
    """Bring `source` to the style of `reference` and write it at its own rate and channel count.

    Of what is longer than `MOST_WINDOWS` windows, so many are analysed, evenly spread. From when
    files are read and models loaded it takes at most about `budget_s` seconds until there is an
    answer; with 0 the networks answer alone. `beside` is a process that helps to try settings; it
    is closed when there is an answer.

    Raises AudioError or EffectError, before anything is written, where it cannot be done, and
    ModelError where no network could answer alone.
    """
    files = _read(source, reference, out, depth, estimator.features)
    require_network(estimator, budget_s, "--budget-s")
    playing = _playing(files.recording, source, estimator.features)
    effect = load_chain(estimator.chain)
    found = find_setting(estimator, effect, playing, files.goal, budget_s, beside)
    if beside:
        # A long file needs the memory.
        beside.close()
    return _written(files, playing, estimator, effect, found)


def match_best(
    source: Path,
    reference: Path,
    chains: Sequence[Chain],
    library: Library,
    out: Path,
    budget_s: float,
    depth: BitDepth = BitDepth.AS_INPUT,
) -> tuple[MatchResult, Ranking]:
    """`match_files` with the chain that is expected to come nearest, and how all of them did.

    `budget_s` is for all together. Raises as `match_files` does, and EffectError where none of the
    chains can be tried.
    """
    ears = Ears(library)
    features = ears.newest.features
    files = _read(source, reference, out, depth, features)
    playing = _playing(files.recording, source, features)
    prepare()
    started_s, deadline = time.monotonic(), Deadline.after(budget_s)
    contest = _contest(library, ears, playing, files.goal)
    ranking = contest.run(chains, deadline.share(CONTEST_SHARE))
    best, goal = ranking.best, contest.goal(ranking.best)
    effect = best.effect or load_chain(best.chain)
    search = Search(best.estimator, effect, playing.audio, playing.sample_rate, goal, seed=1)
    answer = search_until(search, deadline, best.settings)
    tried = ranking.tried + len(search.candidates)
    found = Found(answer, tried, time.monotonic() - started_s, goal)
    return _written(files, playing, best.estimator, effect, found), ranking


def rank_files(
    source: Path, reference: Path, chains: Sequence[Chain], library: Library, budget_s: float
) -> Ranking:
    """How near each chain is expected to bring `source` to the sound of `reference`.

    Nothing is written. Raises AudioError where a recording cannot be used.
    """
    ears = Ears(library)
    features = ears.newest.features
    recording, wanted = _recordings(source, reference, features)
    playing = _playing(recording, source, features)
    goal = Take(wanted.mono, wanted.sample_rate, str(reference))
    return _contest(library, ears, playing, goal).run(chains, Deadline.after(budget_s))


def _contest(library: Library, ears: Ears, playing: Take, goal: Take) -> Contest:
    played, wanted = ((take.audio, take.sample_rate) for take in (playing, goal))
    return Contest(library, played, wanted, goal.name, ears)


def _read(
    source: Path, reference: Path, out: Path, depth: BitDepth, features: FeatureSettings
) -> _Files:
    recording, wanted = _recordings(source, reference, features)
    require_other_file(out, source, reference)
    target = Target.like(recording, out, depth)
    return _Files(source, recording, reference, wanted, target, features.window_s)


def _recordings(
    source: Path, reference: Path, features: FeatureSettings
) -> tuple[Recording, Recording]:
    recording = read_recording(source, MOST_WINDOWS, features.window_s)
    require_peak(recording.peak, source)
    wanted = read_recording(reference, MOST_WINDOWS, features.window_s)
    require_peak(wanted.peak, reference)
    return recording, wanted


def _playing(recording: Recording, source: Path, features: FeatureSettings) -> Take:
    """What settings are tried on, mono at the source's rate."""
    rate = recording.sample_rate
    long_enough = _repeated(recording.mono, features.least_s * rate)
    heard = fill_window(at_feature_rate(long_enough, rate, features), features)
    # What is too quiet is refused before it is searched for.
    active_windows(heard, features, str(source))
    return Take(long_enough, rate, str(source))


def _written(
    files: _Files, playing: Take, estimator: Estimator, effect: ChainEffect, found: Found
) -> MatchResult:
    """The source as the answer makes it, written, and what there is to say of it."""
    recording, wanted, rate = files.recording, files.wanted, files.recording.sample_rate
    target, pieces = files.target, MOST_WINDOWS
    written = write_answer(
        found.answer, effect, files.source, recording, target, pieces, files.piece_s
    )
    profile = style_profile(wanted.mono, wanted.sample_rate)
    return MatchResult(
        found.answer,
        found.tried,
        found.seconds,
        profile_distance(style_profile(recording.mono, rate), profile),
        profile_distance(style_profile(written.mono, rate), profile),
        playing.analysed(estimator),
        found.goal,
        [
            *(f"{files.source}: {sentence}" for sentence in recording.advice),
            *(f"{files.reference}: {sentence}" for sentence in _advice(wanted, estimator.features)),
            *(f"{files.target.path}: {sentence}" for sentence in written.advice),
        ],
    )


def _advice(wanted: Recording, features: FeatureSettings) -> list[str]:
    """What the engine would say of a reference."""
    mono = at_feature_rate(wanted.mono, wanted.sample_rate, features)
    windows = active_windows(mono, features, "")
    # A few windows tell how much it varies.
    few = windows[:: -(-len(windows) // _ADVICE_WINDOWS)]
    measured = [statistics(window, features) for window in few]
    return report_of(wanted, mono, measured, features).advice


def _repeated(audio: Audio, least_frames: float) -> Audio:
    """Audio (channels, frames) from the start again and again until it is long enough."""
    missing = max(int(np.ceil(least_frames)) - audio.shape[1], 0)
    return np.pad(audio, ((0, 0), (0, missing)), mode="wrap")
