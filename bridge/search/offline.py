"""Match whole files: one answer for the whole input."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bridge.analysis.metrics import profile_distance, style_profile
from bridge.arrays import Audio
from bridge.audio.files import read_audio, require_other_file, require_sound, write_audio
from bridge.effects import load_effect
from bridge.estimate.answer import Answer
from bridge.estimate.matcher import Analysis, Matcher
from bridge.search.render_search import decide


@dataclass(frozen=True)
class MatchResult:
    """The answer, what was heard, and the style distance to the reference, in dB."""

    answer: Answer
    distance_before: float
    distance_after: float
    played: Analysis
    goal: Analysis


def match_files(
    source: Path, reference: Path, matcher: Matcher, out: Path, budget_s: float
) -> MatchResult:
    """Bring `source` to the style of `reference` and write it at its own rate and channel count.

    For about `budget_s` seconds settings are tried by rendering them; with 0 the network answers
    alone. Raises AudioError or EffectError, before anything is written, where it cannot be done.
    """
    audio, rate = read_audio(source)
    require_sound(audio, source)
    wanted, wanted_rate = read_audio(reference)
    require_sound(wanted, reference)
    require_other_file(out, source, reference)
    effect = load_effect(matcher.plugin)
    long_enough = _repeated(audio, matcher.features.least_s * rate)
    goal = matcher.analyse(wanted, wanted_rate, str(reference))
    played = matcher.analyse(long_enough, rate, str(source), repeat_short=True)
    if budget_s > 0:
        answer = decide(matcher, effect, long_enough, rate, goal, budget_s)
    else:
        answer = matcher.predict(played, goal, rate)
    processed = answer.apply(effect, audio, rate)
    profile = style_profile(wanted, wanted_rate)
    result = MatchResult(
        answer,
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
