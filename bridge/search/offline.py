"""Match whole files: one answer for the whole input."""

import time
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
from bridge.effects import load_chain
from bridge.errors import ModelError
from bridge.estimate.answer import Answer
from bridge.estimate.estimator import Estimator
from bridge.estimate.listener import Analysis
from bridge.search.deadline import Deadline
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
    pieces, piece_s = MOST_WINDOWS, estimator.features.window_s
    recording = read_recording(source, pieces, piece_s)
    require_peak(recording.peak, source)
    wanted = read_recording(reference, pieces, piece_s)
    require_peak(wanted.peak, reference)
    require_other_file(out, source, reference)
    target = Target.like(recording, out, depth)
    if budget_s == 0 and not estimator.trained:
        raise ModelError(
            f"{estimator.chain.id}: no model answers for this chain by itself; give a --budget-s"
            " above 0, so that settings are tried"
        )
    rate, features = recording.sample_rate, estimator.features
    long_enough = _repeated(recording.mono, features.least_s * rate)
    heard = fill_window(at_feature_rate(long_enough, rate, features), features)
    # What is too quiet is refused before it is searched for.
    active_windows(heard, features, str(source))
    effect = load_chain(estimator.chain)
    if budget_s > 0:
        warm_up(estimator)
        effect.warm_up()
    else:
        estimator.warm_up()
    started_s, deadline = time.monotonic(), Deadline.after(budget_s)
    goal = estimator.analyse(wanted.mono, wanted.sample_rate, str(reference))
    tried = 0
    if budget_s > 0:
        search = Search(estimator, effect, long_enough, rate, goal)
        search.explore(deadline)
        answer, tried = search.answer(deadline), len(search.candidates)
        seconds = time.monotonic() - started_s
    played = estimator.analyse(long_enough, rate, str(source), repeat_short=True)
    if budget_s == 0:
        answer = estimator.predict(played, goal, rate)
        seconds = time.monotonic() - started_s
    written = write_answer(answer, effect, source, recording, target, pieces, piece_s)
    profile = style_profile(wanted.mono, wanted.sample_rate)
    return MatchResult(
        answer,
        tried,
        seconds,
        profile_distance(style_profile(recording.mono, rate), profile),
        profile_distance(style_profile(written.mono, rate), profile),
        played,
        goal,
        [
            *(f"{source}: {sentence}" for sentence in recording.advice),
            *(f"{reference}: {sentence}" for sentence in _advice(wanted, features)),
            *(f"{out}: {sentence}" for sentence in written.advice),
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
