"""The dry clips that figures are drawn from, and how they sound to the encoder."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bridge.analysis.features import FeatureSettings
from bridge.analysis.statistics import statistics
from bridge.analysis.windows import ACTIVE_DB, at_feature_rate, fill_window, rms_db
from bridge.arrays import Audio, Floats, finite
from bridge.audio.files import read_audio, require_sound
from bridge.effects import Effect
from bridge.manifest import Setting
from bridge.models import Encoder

AUDIO = Path(__file__).parent / "audio"


@dataclass(frozen=True)
class Clip:
    """A dry recording, (channels, frames)."""

    name: str
    audio: Audio
    sample_rate: float


Listener = Callable[[Audio, float], Floats]
"""Audio (channels, frames) and its rate in Hz to an embedding (d,)."""


def clips_of(paths: Sequence[Path] = ()) -> list[Clip]:
    """These recordings, or those that come with the bridge. Raises AudioError for what is none."""
    clips = []
    for path in paths or sorted(AUDIO.glob("*.flac")):
        audio, rate = read_audio(path)
        require_sound(audio, path)
        clips.append(Clip(path.stem, audio, rate))
    return clips


def listener(embed: Callable[[Floats], Floats], features: FeatureSettings) -> Listener:
    """Hears with `embed`, which takes a vector of statistics; of long audio the end counts."""

    def hear(audio: Audio, sample_rate: float) -> Floats:
        mono = fill_window(at_feature_rate(finite(audio), sample_rate, features), features)
        return embed(statistics(mono, features).vector)

    return hear


def listener_of(encoder: Encoder) -> Listener:
    """Hears with an exported encoder."""
    return listener(lambda vector: encoder.embed(vector).embedding, encoder.card.features)


def shifts(
    effect: Effect, settings: Sequence[Setting], clips: Sequence[Clip], hear: Listener
) -> Floats:
    """How each setting moves the embedding of each clip, (clips, settings, d).

    NaN where nothing is heard.
    """
    rows = []
    for clip in clips:
        dry = hear(clip.audio, clip.sample_rate)
        wet = (effect.render(clip.audio, clip.sample_rate, setting) for setting in settings)
        rows.append(
            [
                hear(audio, clip.sample_rate) - dry if is_heard(audio) else dry * np.nan
                for audio in wet
            ]
        )
    return np.array(rows, np.float32)


def is_heard(audio: Audio) -> bool:
    """Whether audio is more than silence."""
    return rms_db(audio) > ACTIVE_DB
