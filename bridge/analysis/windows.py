"""Cut a recording into the windows a model listens to."""

import numpy as np

from bridge.analysis.features import FeatureSettings
from bridge.arrays import Audio
from bridge.audio.resample import resample, to_mono
from bridge.errors import AudioError

SILENCE_DB = -120.0
"""The level that is told of silence, in dBFS, and of all that is quieter."""

ACTIVE_DB = -60.0
"""Audio counts as sounding above this RMS, in dBFS."""

MOST_WINDOWS = 64
"""Nearly three minutes; more of a recording says no more about its sound."""

_NOISE_DB = -96.0
"""Below this RMS, in dBFS, not even 16 bits hold anything."""
_SHARE_FRAME_S = 0.05


def level_db(amplitude: float) -> float:
    """An amplitude in dBFS, at least `SILENCE_DB`."""
    return 20 * float(np.log10(max(amplitude, 10 ** (SILENCE_DB / 20))))


def rms_db(audio: Audio) -> float:
    """RMS level in dBFS, at least `SILENCE_DB`."""
    return level_db(float(np.sqrt(np.mean(audio**2))))


def active_share(audio: Audio, sample_rate: float) -> float:
    """How much of mono audio sounds: the share, 0..1, of its 50 ms frames above `ACTIVE_DB`."""
    length = round(_SHARE_FRAME_S * sample_rate)
    frames = audio[: len(audio) // length * length].reshape(-1, length)
    power = np.einsum("ij,ij->i", frames, frames) / length
    return float(np.mean(power > 10 ** (ACTIVE_DB / 10)))


def at_feature_rate(audio: Audio, sample_rate: float, settings: FeatureSettings) -> Audio:
    """Mono audio at the features' rate, shape (frames,), of audio (channels, frames)."""
    return resample(to_mono(audio), sample_rate, settings.sample_rate_hz)


def active_windows(audio: Audio, settings: FeatureSettings, name: str) -> list[Audio]:
    """The windows that sound, half overlapping, from the first frame to the last.

    `audio` is mono at the features' rate; each window has shape (window_frames,), or is all there
    is of a recording shorter than that. Of a long recording at most `MOST_WINDOWS` are taken,
    evenly spread. Raises AudioError, naming the recording, where it is too short or too quiet
    throughout.
    """
    if len(audio) < settings.least_frames:
        raise AudioError(
            f"{name}: lasts {len(audio) / settings.sample_rate_hz:.2f} s but the model needs"
            f" {settings.least_s:.2f} s; give a longer recording"
        )
    frames = min(settings.window_frames, len(audio))
    count = 1 + -(-(len(audio) - frames) // (frames // 2))
    starts = np.linspace(0, len(audio) - frames, min(count, MOST_WINDOWS)).round().astype(int)
    windows = [audio[start : start + frames] for start in starts]
    sounding = [window for window in windows if rms_db(window) > ACTIVE_DB]
    if not sounding:
        loudest_db = max(map(rms_db, windows))
        if loudest_db < _NOISE_DB:
            raise AudioError(f"{name}: is silent; give a recording with sound in it")
        raise AudioError(
            f"{name}: is too quiet, {loudest_db:.0f} dBFS RMS where it is loudest; turn it up by at"
            f" least {ACTIVE_DB - loudest_db:.0f} dB"
        )
    return sounding


def fill_window(audio: Audio, settings: FeatureSettings) -> Audio:
    """Mono audio shorter than the least there must be, repeated until it suffices."""
    missing = settings.least_frames - len(audio)
    return audio if missing <= 0 else np.pad(audio, (0, missing), mode="wrap")
