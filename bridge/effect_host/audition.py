"""Which sound the embedded host plays: matched, dry or the reference, all equally loud.

A thread of its own measures loudness (ITU-R BS.1770, by pyloudnorm) while something else than the
matched sound is chosen. It reads what the audio loop has written without a lock: a torn read is one
block wrong in three seconds. The audio loop reads goals that are replaced whole.
"""

from pathlib import Path
from threading import Event, Thread

import numpy as np
from typing_extensions import override

from bridge.arrays import Audio
from bridge.audio.reading import AudioReader
from bridge.audio.resample import resample, to_mono
from bridge.closing import Closing
from bridge.effect_host.crossfade import FADE_S
from bridge.hosts.embedded import DRY, MATCHED, REFERENCE

HEARD_S = 3.0
"""What loudness is measured of."""
MOST_S = 300.0
"""So much of a long reference is heard, again and again."""
_MEASURE_S = 0.5
_MOST_GAIN_DB = 24.0
_QUIETEST_LUFS = -70.0
"""The absolute gate of BS.1770."""


class Audition(Closing):
    """Mixes the chosen sound out of three."""

    def __init__(self, sample_rate: int, channels: int) -> None:
        self._rate, self._channels = sample_rate, channels
        self._step = 1 / max(round(FADE_S * sample_rate), 1)
        frames = round(HEARD_S * sample_rate)
        self._heard = {name: np.zeros((channels, frames), np.float32) for name in (MATCHED, DRY)}
        self._written = 0
        self._reference = np.zeros((channels, 0), np.float32)
        self._position = 0
        self._weights = np.array([1.0, 0.0, 0.0])
        self._goals = (1.0, 0.0, 0.0)
        self.choice = MATCHED
        self._chosen, self._closed = Event(), False
        self._thread = Thread(target=self._run, name="loudness", daemon=True)
        self._thread.start()

    def choose(self, choice: str) -> None:
        """Play this one of the three, as soon as its loudness is known; from any thread."""
        self.choice = choice
        self._chosen.set()

    def load(self, path: Path) -> None:
        """Blocking: this file is the reference, at most its first `MOST_S`.

        Raises AudioError where it cannot be used.
        """
        with AudioReader(path) as file:
            audio = file.first(MOST_S)
            mono = to_mono(resample(audio, file.sample_rate, self._rate))
        self._reference = np.tile(mono, (self._channels, 1))

    def mix(self, dry: Audio, processed: Audio) -> Audio:
        """The next block, of shape (channels, frames) as both of its parts, which meet in time."""
        frames = dry.shape[1]
        places = (self._written + np.arange(frames)) % self._heard[DRY].shape[1]
        self._heard[DRY][:, places], self._heard[MATCHED][:, places] = dry, processed
        self._written += frames
        goals = np.array(self._goals)
        if not frames or ((self._weights == goals).all() and goals[0] == 1.0):
            return processed
        steps = self._step * np.arange(1, frames + 1)
        away = goals - self._weights
        moved = np.sign(away)[:, None] * np.minimum(np.abs(away)[:, None], steps)
        weights = (self._weights[:, None] + moved).astype(np.float32)
        self._weights = self._weights + moved[:, -1]
        return np.asarray(
            weights[0] * processed + weights[1] * dry + weights[2] * self._next(frames)
        )

    def spectrum_db(self) -> list[float]:
        """Blocking: mean level of every mel band of the matched sound; empty where it is silent."""
        if self._written < self._heard[MATCHED].shape[1]:
            return []
        # They bring scipy with them, which no command needs to start.
        from bridge.analysis.features import FeatureSettings
        from bridge.analysis.spectrum import spectrum_db
        from bridge.analysis.statistics import statistics
        from bridge.analysis.windows import active_share, at_feature_rate

        features = FeatureSettings()
        newest = np.roll(self._heard[MATCHED], -self._written, axis=1)
        mono = at_feature_rate(newest, self._rate, features)
        if active_share(mono, features.sample_rate_hz) == 0:
            return []
        return spectrum_db(statistics(mono, features), features)

    @override
    def close(self) -> None:
        self._closed = True
        self._chosen.set()
        self._thread.join()

    def _next(self, frames: int) -> Audio:
        """The reference, again and again."""
        reference = self._reference
        if not reference.shape[1]:
            return np.zeros((self._channels, frames), np.float32)
        places = (self._position + np.arange(frames)) % reference.shape[1]
        self._position += frames
        return reference[:, places]

    def _run(self) -> None:
        while not self._closed:
            choice = self.choice
            if choice == MATCHED:
                self._goals = (1.0, 0.0, 0.0)
                self._chosen.wait()
            else:
                gain = self._gain(choice)
                self._goals = (0.0, gain, 0.0) if choice == DRY else (0.0, 0.0, gain)
                self._chosen.wait(_MEASURE_S)
            self._chosen.clear()

    def _gain(self, choice: str) -> float:
        """The factor that makes this sound as loud as the matched one, and never clips."""
        sound = self._reference if choice == REFERENCE else self._heard[DRY]
        ours, its = self._lufs(self._heard[MATCHED]), self._lufs(sound)
        if min(ours, its) <= _QUIETEST_LUFS:
            return 1.0
        gain = float(10 ** (np.clip(ours - its, -_MOST_GAIN_DB, _MOST_GAIN_DB) / 20))
        return min(gain, 1 / max(float(np.abs(sound).max()), 1e-6))

    def _lufs(self, audio: Audio) -> float:
        """Integrated loudness; very low where there is too little to say."""
        if audio.shape[1] < self._rate:
            return _QUIETEST_LUFS
        # It brings scipy.signal, which would double the time that every command takes to start.
        import pyloudnorm

        loudness = pyloudnorm.Meter(self._rate).integrated_loudness(audio.T.astype(np.float64))
        return float(max(loudness, _QUIETEST_LUFS))
