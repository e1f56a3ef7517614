"""Cut a recording into the windows a model listens to."""

from collections.abc import Iterator

import numpy as np

from bridge.analysis.features import FeatureSettings
from bridge.arrays import Audio
from bridge.audio.resample import resample, to_mono
from bridge.errors import AudioError

ACTIVE_DB = -60.0
"""Audio counts as sounding above this RMS, in dBFS."""

_SHARE_FRAME_S = 0.05


def rms_db(audio: Audio) -> float:
    """RMS level in dBFS; silence is -120."""
    return 20 * float(np.log10(max(float(np.sqrt(np.mean(audio**2))), 1e-6)))


def active_share(audio: Audio, sample_rate: float) -> float:
    """How much of mono audio sounds: the share, 0..1, of its 50 ms frames above `ACTIVE_DB`."""
    length = round(_SHARE_FRAME_S * sample_rate)
    frames = audio[: len(audio) // length * length].reshape(-1, length)
    power = np.mean(frames**2, axis=1)
    return float(np.mean(power > 10 ** (ACTIVE_DB / 10)))


def at_feature_rate(audio: Audio, sample_rate: float, settings: FeatureSettings) -> Audio:
    """Mono audio at the features' rate, shape (frames,), of audio (channels, frames)."""
    return resample(to_mono(audio), sample_rate, settings.sample_rate_hz)


def active_windows(audio: Audio, settings: FeatureSettings, name: str) -> Iterator[Audio]:
    """The windows that sound, half overlapping, from the first frame to the last.

    `audio` is mono at the features' rate; each window has shape (window_frames,). Raises
    AudioError, naming the recording, where it is too short or silent throughout.
    """
    frames = settings.window_frames
    if len(audio) < frames:
        raise AudioError(
            f"{name}: lasts {len(audio) / settings.sample_rate_hz:.2f} s but the model needs"
            f" {settings.window_s:.2f} s; give a longer recording"
        )
    count = 1 + -(-(len(audio) - frames) // (frames // 2))
    silent = True
    for start in np.linspace(0, len(audio) - frames, count).round().astype(int):
        window = audio[start : start + frames]
        if rms_db(window) > ACTIVE_DB:
            silent = False
            yield window
    if silent:
        raise AudioError(f"{name}: is silent; give a recording with sound in it")


def fill_window(audio: Audio, settings: FeatureSettings) -> Audio:
    """Mono audio shorter than the window, repeated until it fills one; longer audio as it is."""
    missing = settings.window_frames - len(audio)
    return audio if missing <= 0 else np.pad(audio, (0, missing), mode="wrap")
