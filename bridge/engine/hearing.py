"""A source as the engine hears it: the newest window, levels, and whether anything sounds."""

import numpy as np

from bridge.analysis.features import FeatureSettings
from bridge.analysis.windows import SILENCE_DB, active_share, level_db, rms_db
from bridge.arrays import Audio
from bridge.audio.recording import CLIPPED, CLIPPED_ADVICE, CLIPPED_SHARE
from bridge.audio.sources import Source
from bridge.engine.window import LiveWindow

LEAST_ACTIVE_SHARE = 0.5
"""Values are held where less of the window sounds: the models know playing, not its absence."""


class Hearing:
    """Reads a source once a hop."""

    def __init__(self, source: Source, features: FeatureSettings) -> None:
        self.source = source
        self.features = features
        self.window = LiveWindow(source.sample_rate, features)
        self.block: Audio = np.zeros((source.channels, 0), np.float32)
        """What arrived in the last hop, (channels, frames)."""
        self.clipped = False
        """Whether the source was at full scale; stays until it is cleared."""
        self.sounding = False
        """Whether there is a window, and most of it sounds."""
        self._last_played: Audio | None = None
        self._peak = 0.0
        self._samples = self._clipped_samples = 0
        self._told: set[str] = set()

    def hear(self) -> None:
        """Take what has arrived since the last hop. Raises DeviceError where the device is gone."""
        self.block = self.source.read()
        self.window.push(self.block)
        self._note_sounding()
        loud = np.abs(self.block)
        self._peak = float(loud.max(initial=0.0))
        self.clipped |= self._peak >= CLIPPED
        self._samples += loud.size
        self._clipped_samples += int(np.count_nonzero(loud >= CLIPPED))

    def take_fault(self) -> str:
        """What became of the source, or could be better about it, told once; empty otherwise."""
        if fault := self.source.take_fault():
            return fault
        new = [sentence for sentence in self._advice if sentence not in self._told]
        self._told.update(new)
        return f"{self.source.name}: {' '.join(new)}" if new else ""

    @property
    def _advice(self) -> list[str]:
        """What could be better about what was heard, once a window was."""
        clipped = self._clipped_samples > CLIPPED_SHARE * self._samples
        told = [CLIPPED_ADVICE] if clipped and self.window.ready else []
        return [*told, *self.window.mix.advice]

    @property
    def level_db(self) -> float:
        """RMS of the last hop, in dBFS."""
        return rms_db(self.block) if self.block.size else SILENCE_DB

    @property
    def peak_db(self) -> float:
        """Peak of the last hop, in dBFS."""
        return level_db(self._peak)

    @property
    def last_played(self) -> Audio | None:
        """The newest window that sounded, (1, frames) at the source's rate; None before any did."""
        return self.window.played() if self.sounding else self._last_played

    def _note_sounding(self) -> None:
        rate, before = self.features.sample_rate_hz, self.sounding
        self.sounding = (
            self.window.ready and active_share(self.window.audio, rate) >= LEAST_ACTIVE_SHARE
        )
        if before and not self.sounding:
            # Who has played reaches for the mouse then.
            self._last_played = self.window.played()
