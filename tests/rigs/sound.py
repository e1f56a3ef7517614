"""How a host sounds beside our own render of the same setting."""

from dataclasses import dataclass

import numpy as np

from bridge.analysis.metrics import mrstft
from bridge.arrays import Audio
from bridge.effects import load_effect
from bridge.manifest import Setting
from tests.rigs.jack import RATE

_LONGEST_WAY = 4_096
"""Frames that sound may need through JACK and a host."""


@dataclass(frozen=True)
class Likeness:
    """MRSTFT distances to our own render, mean over the channels."""

    host: float
    """Of what the host played."""
    dry: float
    """Of what went in, as if the host had done nothing."""


def frames_to_record(dry: Audio) -> int:
    """How long to record a host that is played `dry`, shape (frames,)."""
    return len(dry) + _LONGEST_WAY


def likeness(heard: Audio, dry: Audio, setting: Setting) -> Likeness:
    """`heard`: (2, frames_to_record) from a host with `setting` that was played `dry`, (frames,).

    The host's plugin has run on silence before, so ours does too.
    """
    stereo = np.stack([dry, dry])
    before = np.zeros((2, RATE), np.float32)
    effect = load_effect(setting.plugin)
    ours = effect.render(np.concatenate([before, stereo], axis=1), RATE, setting)[:, RATE:]
    start = _delay(heard[0], ours[0])
    theirs = heard[:, start : start + len(dry)]
    return Likeness(
        float(np.mean([mrstft(a, b) for a, b in zip(theirs, ours, strict=True)])),
        float(np.mean([mrstft(dry, b) for b in ours])),
    )


def _delay(heard: Audio, ours: Audio) -> int:
    """How many frames later than our render the host's sound comes: where they agree most."""
    size = 2 * len(heard)
    spectra = np.fft.rfft(heard, size), np.fft.rfft(ours, size)
    agreement = np.fft.irfft(spectra[0] * spectra[1].conj(), size)[:_LONGEST_WAY]
    return int(np.argmax(agreement))
