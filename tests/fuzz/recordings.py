"""Recordings that hypothesis draws: format, rate, channels, level, length and content."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import soundfile
from hypothesis import strategies as st

from bridge.arrays import Audio
from bridge.audio.resample import resample
from bridge.demo.run import INPUT

FORMATS = {
    "wav": ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "IMA_ADPCM"),
    "flac": ("PCM_S8", "PCM_16", "PCM_24"),
    "aiff": ("PCM_16", "PCM_24", "FLOAT"),
    "ogg": ("VORBIS", "OPUS"),
    "mp3": ("MPEG_LAYER_III",),
    # No ALAC: on noise libsndfile's encoder writes beyond its memory.
    "caf": ("PCM_16",),
    "rf64": ("PCM_24",),
}
RATES_HZ = (8_000, 11_025, 16_000, 22_050, 32_000, 37_013, 44_100, 48_000, 88_200, 96_000, 192_000)
CONTENTS = ("playing", "noise", "tone", "clicks", "constant", "silence")
SIDES = ("alike", "apart", "one silent", "inverted", "nearly inverted")


@dataclass(frozen=True)
class Recording:
    """One drawn recording; its repr is enough to write it again."""

    suffix: str
    subtype: str
    rate_hz: int
    channels: int
    level_db: float
    seconds: float
    content: str
    sides: str

    def write(self, path: Path) -> Path | None:
        """The file; None where libsndfile does not write such a one."""
        path = path.with_suffix(f".{self.suffix}")
        try:
            soundfile.write(
                path, self._audio().T, self.rate_hz, self.subtype, format=self.suffix.upper()
            )
        except (soundfile.SoundFileError, ValueError):
            path.unlink(missing_ok=True)
            return None
        return path

    def _audio(self) -> Audio:
        mono = _mono(self.content, self.rate_hz, round(self.seconds * self.rate_hz))
        audio = np.repeat(mono[None], self.channels, axis=0)
        match self.sides:
            case "apart":
                audio *= np.linspace(1, 0.2, self.channels, dtype=np.float32)[:, None]
            case "one silent":
                audio[-1] = 0
            case "inverted":
                audio[1::2] *= -1
            case "nearly inverted":
                audio[1::2] *= -0.97
        return np.asarray(audio * 10 ** (self.level_db / 20), np.float32)


@cache
def _playing(rate_hz: int) -> Audio:
    audio, rate = soundfile.read(INPUT, dtype="float32")
    return resample(audio / np.abs(audio).max(), rate, rate_hz)


def _mono(content: str, rate_hz: int, frames: int) -> Audio:
    """With a peak of about 1."""
    draw = np.random.default_rng(1)
    time_s = np.arange(frames) / rate_hz
    match content:
        case "playing":
            return np.resize(_playing(rate_hz), frames)
        case "noise":
            return draw.uniform(-1, 1, frames).astype(np.float32)
        case "tone":
            return np.sin(2 * np.pi * 220 * time_s).astype(np.float32)
        case "clicks":
            return (np.arange(frames) % (rate_hz // 2) == 0).astype(np.float32)
        case "constant":
            return np.ones(frames, np.float32)
    return np.zeros(frames, np.float32)


def recordings(longest_s: float) -> st.SearchStrategy[Recording]:
    """Mostly usable ones."""
    kinds = [(suffix, subtype) for suffix, subtypes in FORMATS.items() for subtype in subtypes]
    usual_s, edge_s = st.floats(2.8, longest_s), st.sampled_from((0.0, 1e-4, 0.1, 2.72, 2.74))
    return st.builds(
        lambda kind, **rest: Recording(*kind, **rest),
        st.sampled_from(kinds),
        rate_hz=st.sampled_from(RATES_HZ),
        channels=st.sampled_from((1, 1, 2, 2, 3, 6, 8)),
        level_db=st.sampled_from((*(-6.0,) * 6, *(-20.0,) * 3, -40.0, -60.0, -75.0, 0.0, 12.0)),
        seconds=st.one_of(*(usual_s,) * 9, edge_s),
        content=st.sampled_from((*("playing",) * 12, *CONTENTS)),
        sides=st.sampled_from(SIDES),
    )
