"""Match whole files: one setting for the whole input."""

from dataclasses import dataclass
from pathlib import Path

from bridge.analysis.metrics import profile_distance, style_profile
from bridge.audio.files import read_audio, require_other_file, require_sound, write_audio
from bridge.effects import load_effect
from bridge.engine.matcher import Matcher
from bridge.manifest import Setting


@dataclass(frozen=True)
class MatchResult:
    """The setting and the style distance to the reference, in dB, before and after."""

    setting: Setting
    distance_before: float
    distance_after: float


def match_files(source: Path, reference: Path, matcher: Matcher, out: Path) -> MatchResult:
    """Bring `source` to the style of `reference` and write it at its own rate and channel count.

    Raises AudioError or EffectError, before anything is written, where it cannot be done.
    """
    audio, rate = read_audio(source)
    require_sound(audio, source)
    wanted, wanted_rate = read_audio(reference)
    require_sound(wanted, reference)
    require_other_file(out, source, reference)
    effect = load_effect(matcher.plugin)
    setting = matcher.predict(
        matcher.analyse(audio, rate, str(source), repeat_short=True),
        matcher.analyse(wanted, wanted_rate, str(reference)),
        rate,
    )
    processed = effect.render(audio, rate, setting)
    goal = style_profile(wanted, wanted_rate)
    result = MatchResult(
        setting,
        profile_distance(style_profile(audio, rate), goal),
        profile_distance(style_profile(processed, rate), goal),
    )
    write_audio(out, processed, rate)
    return result
