"""Match whole files: one answer for the whole input."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from bridge.analysis.features import FeatureSettings
from bridge.analysis.metrics import profile_distance, style_profile
from bridge.analysis.report import report_of
from bridge.analysis.statistics import statistics
from bridge.analysis.windows import MOST_WINDOWS, active_windows, at_feature_rate, fill_window
from bridge.arrays import Audio
from bridge.audio.files import require_other_file, require_peak
from bridge.audio.formats import BitDepth
from bridge.audio.recording import Recording, read_recording
from bridge.chain import Chain, ChainSetting
from bridge.effects import ChainEffect, load_chain
from bridge.errors import ModelError
from bridge.estimate.answer import Answer
from bridge.estimate.ears import Ears
from bridge.estimate.estimator import Estimator
from bridge.estimate.listener import Analysis, ReferenceAnalysis
from bridge.library import Library
from bridge.search.contest import CONTEST_SHARE, Contest, Ranking
from bridge.search.deadline import Deadline
from bridge.search.evolution import prepare
from bridge.search.file_rendering import Target, write_answer
from bridge.search.render_search import Search, warm_up

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


def match_files(
    source: Path,
    reference: Path,
    estimator: Estimator,
    out: Path,
    budget_s: float,
    depth: BitDepth = BitDepth.AS_INPUT,
) -> MatchResult:
    """Bring `source` to the style of `reference` and write it at its own rate and channel count.

    Of what is longer than `MOST_WINDOWS` windows, so many are analysed, evenly spread. From when
    files are read and models loaded it takes at most about `budget_s` seconds until there is an
    answer; with 0 the networks answer alone.

    Raises AudioError or EffectError, before anything is written, where it cannot be done, and
    ModelError where no network could answer alone.
    """
    files = _read(source, reference, out, depth, estimator.features)
    if budget_s == 0 and not estimator.trained:
        raise ModelError(
            f"{estimator.chain.id}: no model answers for this chain by itself; give a --budget-s"
            " above 0, so that settings are tried"
        )
    playing = _playing(files.recording, source, estimator.features)
    effect = load_chain(estimator.chain)
    if budget_s > 0:
        warm_up(estimator)
    else:
        estimator.warm_up()
    started_s, deadline = time.monotonic(), Deadline.after(budget_s)
    goal = estimator.analyse(files.wanted.mono, files.wanted.sample_rate, str(reference))
    if budget_s > 0:
        search = Search(estimator, effect, playing, files.recording.sample_rate, goal)
        answer = _searched(search, deadline)
        found = _Found(estimator, effect, goal, answer, len(search.candidates))
    else:
        rate = files.recording.sample_rate
        played = estimator.analyse(playing, rate, str(source), repeat_short=True)
        found = _Found(estimator, effect, goal, estimator.predict(played, goal, rate), 0)
    return _written(files, playing, found, time.monotonic() - started_s)


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
    features = Ears(library).listener(library.encoder_folder()).features
    files = _read(source, reference, out, depth, features)
    playing, rate = _playing(files.recording, source, features), files.recording.sample_rate
    prepare()
    started_s, deadline = time.monotonic(), Deadline.after(budget_s)
    wanted = files.wanted.mono, files.wanted.sample_rate
    contest = Contest(library, (playing, rate), wanted, str(reference))
    ranking = contest.run(chains, deadline.share(CONTEST_SHARE))
    best, goal = ranking.best, contest.goal(ranking.best)
    effect = best.effect or load_chain(best.chain)
    search = Search(best.estimator, effect, playing, rate, goal, seed=1)
    answer = _searched(search, deadline, best.settings)
    tried = ranking.tried + len(search.candidates)
    found = _Found(best.estimator, effect, goal, answer, tried)
    return _written(files, playing, found, time.monotonic() - started_s), ranking


def _searched(search: Search, deadline: Deadline, also: Sequence[ChainSetting] = ()) -> Answer:
    # Products this small wake no second thread in vain.
    with threadpool_limits(1, user_api="blas"):
        search.explore(deadline, also=also)
        return search.answer(deadline)


def rank_files(
    source: Path, reference: Path, chains: Sequence[Chain], library: Library, budget_s: float
) -> Ranking:
    """How near each chain is expected to bring `source` to the sound of `reference`.

    Nothing is written. Raises AudioError where a recording cannot be used.
    """
    features = Ears(library).listener(library.encoder_folder()).features
    recording, wanted = _recordings(source, reference, features)
    playing = _playing(recording, source, features)
    contest = Contest(
        library,
        (playing, recording.sample_rate),
        (wanted.mono, wanted.sample_rate),
        str(reference),
    )
    return contest.run(chains, Deadline.after(budget_s))


@dataclass(frozen=True)
class _Found:
    """An answer, and what it was found with."""

    estimator: Estimator
    effect: ChainEffect
    goal: ReferenceAnalysis
    answer: Answer
    tried: int


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


def _playing(recording: Recording, source: Path, features: FeatureSettings) -> Audio:
    """What settings are tried on, (1, frames) at the source's rate."""
    rate = recording.sample_rate
    long_enough = _repeated(recording.mono, features.least_s * rate)
    heard = fill_window(at_feature_rate(long_enough, rate, features), features)
    # What is too quiet is refused before it is searched for.
    active_windows(heard, features, str(source))
    return long_enough


def _written(files: _Files, playing: Audio, found: _Found, seconds: float) -> MatchResult:
    """The source as the answer makes it, written, and what there is to say of it."""
    recording, wanted, estimator = files.recording, files.wanted, found.estimator
    rate = recording.sample_rate
    played = estimator.analyse(playing, rate, str(files.source), repeat_short=True)
    written = write_answer(
        found.answer,
        found.effect,
        files.source,
        recording,
        files.target,
        MOST_WINDOWS,
        files.piece_s,
    )
    profile = style_profile(wanted.mono, wanted.sample_rate)
    return MatchResult(
        found.answer,
        found.tried,
        seconds,
        profile_distance(style_profile(recording.mono, rate), profile),
        profile_distance(style_profile(written.mono, rate), profile),
        played,
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
