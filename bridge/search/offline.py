"""Match whole files: one answer for the whole input."""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bridge.analysis.metrics import profile_distance, style_profile
from bridge.arrays import Audio
from bridge.audio.files import read_audio, require_other_file, require_sound, write_audio
from bridge.effects import load_chain
from bridge.errors import ModelError
from bridge.estimate.answer import Answer
from bridge.estimate.estimator import Estimator
from bridge.estimate.listener import Analysis
from bridge.search.deadline import Deadline
from bridge.search.render_search import Search, warm_up


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


def match_files(
    source: Path, reference: Path, estimator: Estimator, out: Path, budget_s: float
) -> MatchResult:
    """Bring `source` to the style of `reference` and write it at its own rate and channel count.

    From when files are read and models loaded it takes at most about `budget_s` seconds until there
    is an answer; with 0 the networks answer alone.

    Raises AudioError or EffectError, before anything is written, where it cannot be done, and
    ModelError where no network could answer alone.
    """
    audio, rate = read_audio(source)
    require_sound(audio, source)
    wanted, wanted_rate = read_audio(reference)
    require_sound(wanted, reference)
    require_other_file(out, source, reference)
    if budget_s == 0 and not estimator.trained:
        raise ModelError(
            f"{estimator.chain.id}: no model answers for this chain by itself; give a --budget-s"
            " above 0, so that settings are tried"
        )
    effect = load_chain(estimator.chain)
    if budget_s > 0:
        warm_up(estimator)
    else:
        estimator.warm_up()
    started_s, deadline = time.monotonic(), Deadline.after(budget_s)
    long_enough = _repeated(audio, estimator.features.least_s * rate)
    goal = estimator.analyse(wanted, wanted_rate, str(reference))
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
    processed = answer.apply(effect, audio, rate)
    profile = style_profile(wanted, wanted_rate)
    result = MatchResult(
        answer,
        tried,
        seconds,
        profile_distance(style_profile(audio, rate), profile),
        profile_distance(style_profile(processed, rate), profile),
        played,
        goal,
    )
    write_audio(out, processed, rate)
    return result


def _repeated(audio: Audio, least_frames: float) -> Audio:
    """Audio (channels, frames) from the start again and again until it is long enough."""
    missing = max(int(np.ceil(least_frames)) - audio.shape[1], 0)
    return np.pad(audio, ((0, 0), (0, missing)), mode="wrap")
