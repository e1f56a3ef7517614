"""What TensorBoard shows of a run: scalars while it trains, audio and pictures at its end."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bridge.arrays import Audio

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from torch.utils.tensorboard import SummaryWriter

COUNTS = ("epoch", "step")


class Board:
    """The event files in one folder; nothing is imported or written before the first figure."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def _writer(self) -> "SummaryWriter":
        # Importing it takes a second or more, which commands that log nothing need not wait.
        from torch.utils.tensorboard import SummaryWriter

        return SummaryWriter(self._folder)

    def scalars(self, stage: str, figures: Mapping[str, float]) -> None:
        """Figures of a stage at their `epoch` or `step`."""
        count = next((int(figures[name]) for name in COUNTS if name in figures), 0)
        for name, value in figures.items():
            if name not in COUNTS:
                self._writer.add_scalar(f"{stage}/{name}", value, count)
        self._writer.flush()

    def figure(self, name: str, figure: "Figure") -> None:
        """A picture."""
        self._writer.add_figure(name, figure, close=False)
        self._writer.flush()

    def audio(self, name: str, audio: Audio, sample_rate: int) -> None:
        """Mono audio, (frames,)."""
        self._writer.add_audio(name, np.clip(audio, -1, 1)[None], sample_rate=sample_rate)
        self._writer.flush()
